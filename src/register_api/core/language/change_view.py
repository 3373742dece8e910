"""A change read back into what it is about: the vendor, the use, and the fields with their values as structs.

It comes from a file that somebody else wrote: a value of another form is left as the JSON that it is.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from register_api.core.changes import Change, FieldChange
from register_api.core.fields import content, entries
from register_api.core.language.field_changes import MAX_ITEMS, Phrases, TypedField
from register_api.core.language.language import Language, shorten
from register_api.core.language.values import Values
from register_api.core.model import Engagement, EngagementSource, PlannedChange, Register, Subprocessor
from register_api.core.struct_fields import shapes

T = TypeVar("T")

_MAX_LABEL = 60


class SentenceContext:
    """Names and dates for the sentences about one diff, to a register published on a local day.

    What is later than that day lies ahead; ``older`` is where the diff begins, if at hand, for names that are
    gone. A value is told in full up to ``most`` characters; ``None``: every one is.
    """

    def __init__(
        self,
        language: Language,
        register: Register,
        day: dt.date,
        older: Register | None = None,
        most: int | None = MAX_ITEMS,
    ) -> None:
        self.language, self.text = language, language.text
        self.day, self.register, self.older = day, register, older
        both = [said for said in (older, register) if said]
        self.vendors = {vendor.id: vendor for said in both for vendor in said.subprocessors}
        self.titles = {
            name: {item.id: item.title for said in both for item in getattr(said, name)}
            for name in ("statuses", "categories", "products")
        }
        self.names = {id_: vendor.name for id_, vendor in self.vendors.items()}
        titles, day_count = self.titles, register.notice.day_count
        values = Values(language, self.names, titles["categories"], day_count, titles["products"])
        self.phrases = Phrases(values, most=most)

    def view(self, change: Change) -> ChangeView:
        """Return a change with what it is about; a vendor or a use that is not listed is read from it."""
        fields = tuple(_typed_field(change, field) for field in change.fields)
        vendor = self.vendors.get(change.subprocessor or "")
        use = with_id(vendor.engagements if vendor else (), change.engagement)
        owner = vendor if change.engagement is None else use
        return ChangeView(
            context=self,
            change=change,
            vendor=vendor or _read(Subprocessor, change.subprocessor, fields, Subprocessor),
            engagement=use or _read(EngagementSource, change.engagement, fields, Engagement),
            plan=with_id(owner.planned if owner else (), change.planned),
            fields=fields,
        )


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """A change with the vendor, use and planned change that it is about, if known, and its fields."""

    context: SentenceContext
    change: Change
    vendor: Subprocessor | None
    engagement: EngagementSource | None
    plan: PlannedChange | None
    fields: tuple[TypedField, ...]

    @property
    def listed(self) -> bool:
        """Whether the vendor itself came with the change, not only a use of it."""
        name = self.field("name")
        return self.change.kind == "added" and name is not None and name.kind is Subprocessor

    @property
    def phrases(self) -> Phrases:
        """Phrases that know what kind of days were meant before, if that changed."""
        counted, said = self.field("day_count"), self.context.phrases
        if counted is None:
            return said
        older, newer = (Values(said.language, day_count=count) for count in (counted.before, counted.after))
        return Phrases(newer, older, said.most)

    @property
    def name(self) -> str:
        """What the vendor is called."""
        return self.vendor.name if self.vendor else self.change.subprocessor or ""

    @property
    def who(self) -> str:
        """The vendor by name, and which of its uses where it has several."""
        use, vendor = self.engagement, self.vendor
        if use is None or vendor is None or len(vendor.engagements) == 1:
            return self.name
        return f"{self.name} ({shorten(use.purpose, _MAX_LABEL) or use.id})"

    @property
    def use(self) -> str:
        """The use by its purpose, in quotes, else by its category."""
        use = self.engagement
        if use is None or not use.purpose:
            return self.context.titles["categories"].get(use.category, use.category) if use else ""
        return self.text("“{text}”", text=shorten(use.purpose, _MAX_LABEL))

    @property
    def planned(self) -> str:
        """A planned change by whose it is and what it sets."""
        kind = Subprocessor if self.change.engagement is None else Engagement
        stated = self.field("set")
        gone = stated.before if stated and isinstance(stated.before, dict) else {}
        fields = self.plan.set if self.plan is not None else gone
        labels = [self.context.phrases.label(kind, name) for name in fields]
        return self.text("{subject}, planned change of {fields}", subject=self.who, fields=labels)

    def text(self, said: str, **values: object) -> str:
        """Return a message with its values filled in."""
        return self.context.text(said, **values)

    def fact(self, kind: type[msgspec.Struct], name: str, value: Any) -> str:
        """Return a field with its value as a sentence of its own."""
        return self.context.phrases.fact(kind, name, value)

    def field(self, name: str) -> TypedField | None:
        """Return what became of a field, if it changed."""
        return next((field for field in self.fields if field.name == name), None)

    def newly(self, field: str) -> str:
        """Name the vendors that a field of the vendor newly points to."""
        changed = self.field(field)
        before, after = (_ids(changed.before), _ids(changed.after)) if changed else ((), ())
        return self._named(id_ for id_ in after if id_ not in before)

    def heirs(self, field: str) -> str:
        """Name the vendors that point to this one by a field."""
        vendors, ours = self.context.vendors.items(), self.change.subprocessor
        return self._named(id_ for id_, other in vendors if ours in _ids(getattr(other, field)))

    def _named(self, ids: Iterable[str]) -> str:
        return self.context.language.list([self.context.names.get(id_, id_) for id_ in ids])


def _ids(value: object) -> tuple[str, ...]:
    """Return the ids that a field holds that points to vendors."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, tuple) else ()


def with_id(items: Iterable[T], id_: str | None) -> T | None:
    """Return the entry with an id."""
    return next((item for item in items if getattr(item, "id", None) == id_), None)


def _read(kind: type[T], id_: str | None, fields: Iterable[TypedField], of: type[msgspec.Struct]) -> T | None:
    """Return an entry from the fields that a change tells of it, or ``None`` if they do not suffice."""
    told = (field for field in fields if field.kind is of)
    values = {field.name: field.before if field.after is None else field.after for field in told}
    try:
        return msgspec.convert(msgspec.to_builtins({**values, "id": id_}), kind)
    except (msgspec.ValidationError, TypeError):
        return None


def _typed_field(change: Change, field: FieldChange) -> TypedField:
    """Return a field with values as the model has them, or both as text if one is of another form."""
    kind, name = _owner(change, field.path)
    values = (field.before, field.after)
    try:
        form = _types(kind)[name]
        read = [None if value is None else msgspec.convert(value, form) for value in values]
    except (KeyError, msgspec.ValidationError):
        plain = (str, type(None))
        read = [v if isinstance(v, plain) else msgspec.json.encode(v).decode() for v in values]
    return TypedField(kind, name, *read)


def _owner(change: Change, path: str) -> tuple[type[msgspec.Struct], str]:
    """Return whose field a path names, and the field's own name."""
    kind: type[msgspec.Struct] = Register
    parts = path.split(".")
    if change.subprocessor is not None:
        kind = Subprocessor if change.engagement is None else Engagement
        if kind is Engagement and len(parts) > 1 and parts[0] == "subprocessor":
            kind, parts = Subprocessor, parts[1:]
    while len(parts) > 1 and parts[0] in entries(kind):
        shape = shapes(kind)[parts[0]]
        kind, parts = shape.struct or kind, parts[2 if shape.is_list else 1 :]
    return kind, ".".join(parts)


@functools.cache
def _types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind) if field.name in content(kind)}
