"""A change resolved to its vendor, engagement and fields, with values decoded into structs.

Diffs may be written by others: a value that cannot be decoded stays JSON.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from register_api.core.changes import Change, FieldChange
from register_api.core.fields import content, entries
from register_api.core.language.field_changes import MAX_ITEMS, Phrases
from register_api.core.language.language import Language, shorten
from register_api.core.language.values import Values
from register_api.core.model import Engagement, EngagementSource, PlannedChange, Register, Subprocessor
from register_api.core.struct_fields import shapes
from register_api.core.timeline import FieldDelta

T = TypeVar("T")

_MAX_LABEL = 60


class SentenceContext:
    """What sentences about a version need: its language, register, local day of publication and names.

    Dates after that day are in the future. ``older`` is the older end of the diff, if available, for names
    that were removed. Values longer than ``most`` characters are cut; ``None``: none are.
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
        both = [each for each in (older, register) if each]
        self.vendors = {vendor.id: vendor for each in both for vendor in each.subprocessors}
        self.titles = {
            name: {item.id: item.title for each in both for item in getattr(each, name)}
            for name in ("statuses", "categories", "products")
        }
        self.names = {id_: vendor.name for id_, vendor in self.vendors.items()}
        titles, day_count = self.titles, register.notice.day_count
        values = Values(language, self.names, titles["categories"], day_count, titles["products"])
        self.phrases = Phrases(values, most=most)

    def view(self, change: Change) -> ChangeView:
        """Resolve a change; a vendor or engagement that is no longer listed is rebuilt from its fields."""
        fields = tuple(_decoded_field(change, field) for field in change.fields)
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
    """A change with its vendor, engagement and planned change, if known, and its decoded fields."""

    context: SentenceContext
    change: Change
    vendor: Subprocessor | None
    engagement: EngagementSource | None
    plan: PlannedChange | None
    fields: tuple[FieldDelta, ...]

    @property
    def listed(self) -> bool:
        """Whether the change added the vendor itself, not only an engagement."""
        name = self.field("name")
        return self.change.kind == "added" and name is not None and name.kind is Subprocessor

    @property
    def phrases(self) -> Phrases:
        """Phrases in which old values use the old kind of days, if ``day_count`` changed."""
        counted, phrases = self.field("day_count"), self.context.phrases
        if counted is None:
            return phrases
        older, newer = (
            Values(phrases.language, day_count=count) for count in (counted.before, counted.after)
        )
        return Phrases(newer, older, phrases.most)

    @property
    def name(self) -> str:
        """The vendor's name, else its id."""
        return self.vendor.name if self.vendor else self.change.subprocessor or ""

    @property
    def who(self) -> str:
        """The vendor's name, with the purpose of the engagement if it has several."""
        use, vendor = self.engagement, self.vendor
        if use is None or vendor is None or len(vendor.engagements) == 1:
            return self.name
        return f"{self.name} ({shorten(use.purpose, _MAX_LABEL) or use.id})"

    @property
    def use(self) -> str:
        """The engagement's purpose in quotes, else its category."""
        use = self.engagement
        if use is None or not use.purpose:
            return self.context.titles["categories"].get(use.category, use.category) if use else ""
        return self.text("“{text}”", text=shorten(use.purpose, _MAX_LABEL))

    @property
    def planned(self) -> str:
        """A planned change, named by its owner and the fields it sets."""
        kind = Subprocessor if self.change.engagement is None else Engagement
        stated = self.field("set")
        gone = stated.before if stated and isinstance(stated.before, dict) else {}
        fields = self.plan.set if self.plan is not None else gone
        labels = [self.context.phrases.label(kind, name) for name in fields]
        return self.text("{subject}, planned change of {fields}", subject=self.who, fields=labels)

    def text(self, message: str, **values: object) -> str:
        """Return a message with its values filled in."""
        return self.context.text(message, **values)

    def fact(self, kind: type[msgspec.Struct], name: str, value: Any) -> str:
        """Return a field with its value as a sentence of its own."""
        return self.context.phrases.fact(kind, name, value)

    def field(self, name: str) -> FieldDelta | None:
        """Return a changed field by name, or ``None``."""
        return next((field for field in self.fields if field.name == name), None)

    def newly(self, field: str) -> str:
        """Name the vendors that were added to a field such as ``replaces``."""
        changed = self.field(field)
        before, after = (_ids(changed.before), _ids(changed.after)) if changed else ((), ())
        return self._named(id_ for id_ in after if id_ not in before)

    def successors(self, field: str) -> str:
        """Name the vendors whose field refers to this vendor."""
        vendors, ours = self.context.vendors.items(), self.change.subprocessor
        return self._named(id_ for id_, other in vendors if ours in _ids(getattr(other, field)))

    def _named(self, ids: Iterable[str]) -> str:
        return self.context.language.list([self.context.names.get(id_, id_) for id_ in ids])


def _ids(value: object) -> tuple[str, ...]:
    """Return the vendor ids in a reference field."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, tuple) else ()


def with_id(items: Iterable[T], id_: str | None) -> T | None:
    """Return the entry with an id, or ``None``."""
    return next((item for item in items if getattr(item, "id", None) == id_), None)


def _read(kind: type[T], id_: str | None, fields: Iterable[FieldDelta], of: type[msgspec.Struct]) -> T | None:
    """Rebuild an entry from the fields of a change; ``None`` if they do not suffice."""
    own = (field for field in fields if field.kind is of)
    values = {field.name: field.before if field.after is None else field.after for field in own}
    try:
        return msgspec.convert(msgspec.to_builtins({**values, "id": id_}), kind)
    except (msgspec.ValidationError, TypeError):
        return None


def _decoded_field(change: Change, field: FieldChange) -> FieldDelta:
    """Return a field with decoded values, or both as JSON text if one cannot be decoded."""
    kind, name = _owner(change, field.path)
    values = (field.before, field.after)
    try:
        form = _types(kind)[name]
        read = [None if value is None else msgspec.convert(value, form) for value in values]
    except (KeyError, msgspec.ValidationError):
        plain = (str, type(None))
        read = [v if isinstance(v, plain) else msgspec.json.encode(v).decode() for v in values]
    return FieldDelta(kind, name, *read)


def _owner(change: Change, path: str) -> tuple[type[msgspec.Struct], str]:
    """Return the struct that a field path leads to, and the field's name in it."""
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
