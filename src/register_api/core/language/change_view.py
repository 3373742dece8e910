"""A change read back into what it is about: the vendor, the use, and the fields with their values as structs.

A change comes from a file that somebody else wrote, so nothing is taken for granted: a value of
another form than the field has is left as the JSON that it is.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from register_api.core.diff.changes import Change, FieldChange
from register_api.core.fields import content, entries
from register_api.core.language.field_changes import MAX_ITEMS, Phrases, TypedField
from register_api.core.language.language import Language, shorten
from register_api.core.language.values import Values
from register_api.core.model import Engagement, EngagementSource, PlannedChange, Register, Subprocessor
from register_api.core.shapes import shapes

T = TypeVar("T")


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """A change with what it is about.

    Attributes:
        vendor: The vendor, if it is about one that is known.
        engagement: Its use, if it is about one that is known.
        plan: The planned change that brings it, if that is known.
        fields: The fields that changed, or what an entry says that came or went.
    """

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
    def is_column(self) -> bool:
        """Whether a field was filled that had been empty in every entry."""
        kinds = {field.kind for field in self.fields}
        return self.change.subprocessor is None and not kinds.isdisjoint({Subprocessor, Engagement})

    @property
    def of_plan(self) -> bool:
        """Whether it is about a planned change as such, not about what that sets."""
        return any(field.kind is PlannedChange for field in self.fields)

    def field(self, name: str) -> TypedField | None:
        """Return what became of a field, if it changed."""
        return next((field for field in self.fields if field.name == name), None)


def view_change(change: Change, vendors: Mapping[str, Subprocessor]) -> ChangeView:
    """Return a change with what it is about; a vendor or a use that is not listed is read from the change."""
    fields = tuple(_typed_field(change, field) for field in change.fields)
    vendor = vendors.get(change.subprocessor or "")
    use = _with_id(vendor.engagements if vendor else (), change.engagement)
    engagement = use or _read(EngagementSource, change.engagement, fields, Engagement)
    owner = vendor if change.engagement is None else use
    return ChangeView(
        change=change,
        vendor=vendor or _read(Subprocessor, change.subprocessor, fields, Subprocessor),
        engagement=engagement,
        plan=_with_id(owner.planned if owner else (), change.planned),
        fields=fields,
    )


def _with_id(items: Iterable[T], id_: str | None) -> T | None:
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
        read = [None if value is None else _as_text(value) for value in values]
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


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


@functools.cache
def _types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind) if field.name in content(kind)}


_MAX_LABEL = 60


class Scene:
    """Names and dates for the sentences about one diff.

    Attributes:
        language: The language of the sentences.
        day: The publisher's local day of publication: what is later lies ahead.
        initial: Whether the register is the first version.
        notice: The promise of the newer register.
        vendors: Every vendor by id, as the newer register has it if it does.
        has_products: Whether the register names products, so that a use can say which.
        phrases: Phrases about fields.
    """

    def __init__(
        self,
        language: Language,
        register: Register,
        day: dt.date,
        older: Register | None,
        most: int | None = MAX_ITEMS,
    ) -> None:
        self.language = language
        self.text = language.text
        self.day = day
        self.initial = register.previous is None
        self.notice = register.notice
        before = {vendor.id: vendor for vendor in older.subprocessors} if older else {}
        self.vendors = before | {vendor.id: vendor for vendor in register.subprocessors}
        self._titles = {
            name: {item.id: item.title for said in (older, register) if said for item in getattr(said, name)}
            for name in ("statuses", "categories", "products")
        }
        self.names = {id_: vendor.name for id_, vendor in self.vendors.items()}
        titles, products = self._titles["categories"], self._titles["products"]
        day_count = register.notice.day_count
        self.has_products = bool(register.products)
        self.phrases = Phrases(Values(language, self.names, titles, day_count, products), most=most)

    def phrases_about(self, view: ChangeView) -> Phrases:
        """Return phrases that know what kind of days were meant before, if that changed."""
        counted = view.field("day_count")
        if counted is None:
            return self.phrases
        before, after = (Values(self.language, day_count=count) for count in (counted.before, counted.after))
        return Phrases(after, before, self.phrases.most)

    def name(self, view: ChangeView) -> str:
        """Return what the vendor of a change is called."""
        return view.vendor.name if view.vendor else view.change.subprocessor or ""

    def who(self, view: ChangeView) -> str:
        """Name the vendor, and which of its uses where it has several."""
        use, vendor = view.engagement, self.vendors.get(view.change.subprocessor or "", view.vendor)
        if use is None or vendor is None or len(vendor.engagements) == 1:
            return self.name(view)
        return f"{self.name(view)} ({shorten(use.purpose, _MAX_LABEL) or use.id})"

    def use(self, view: ChangeView) -> str:
        """Name the use of a change by its purpose, in quotes, else by its category."""
        use = view.engagement
        if use is None or not use.purpose:
            return self._titles["categories"].get(use.category, use.category) if use else ""
        return self.text("“{text}”", text=shorten(use.purpose, _MAX_LABEL))

    def plan(self, view: ChangeView) -> str:
        """Name a planned change by whose it is and what it sets."""
        kind = Subprocessor if view.change.engagement is None else Engagement
        stated = view.field("set")
        gone = stated.before if stated and isinstance(stated.before, dict) else {}
        fields = view.plan.set if view.plan is not None else gone
        labels = self.language.list([self.phrases.label(kind, name) for name in fields])
        return self.text("{subject}, planned change of {fields}", subject=self.who(view), fields=labels)

    def title(self, view: ChangeView, listed: str, id_: str) -> str:
        """Return what an entry of ``statuses``, ``categories`` or ``products`` is called."""
        gone = view.field("title")
        return self._titles[listed].get(id_) or str(gone.before if gone else id_)

    @staticmethod
    def _added_to(view: ChangeView, field: str) -> list[str]:
        changed = view.field(field)
        before, after = (_ids(changed.before), _ids(changed.after)) if changed else ((), ())
        return [id_ for id_ in after if id_ not in before]

    def newly(self, view: ChangeView, field: str) -> str:
        """Name the vendors that a field of the change's vendor newly points to."""
        return self._named(self._added_to(view, field))

    def heirs(self, view: ChangeView, field: str) -> str:
        """Name the vendors that point to the change's vendor by a field."""
        of = view.change.subprocessor
        found = (id_ for id_, vendor in self.vendors.items() if of in _ids(getattr(vendor, field)))
        return self._named(list(found))

    def _named(self, ids: list[str]) -> str:
        return self.language.list([self.names.get(id_, id_) for id_ in ids])


def _ids(value: object) -> tuple[str, ...]:
    """Return the ids that a field holds that points to vendors."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, tuple) else ()
