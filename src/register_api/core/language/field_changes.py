"""Changed fields as phrases: ``processing location added: Shenzhen, China (remote access)``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from register_api.core import model
from register_api.core.fields import FIELDS, is_wording
from register_api.core.language.language import MAX_VALUE, capital, contrast, message, shorten
from register_api.core.language.values import Values
from register_api.core.struct_fields import shapes
from register_api.core.timeline import FieldDelta

MAX_ITEMS = 400
"""Maximum length of a list quoted in full, in characters."""

_NOT_STATED = (None, "")
"""Values of a field that is not stated; an empty list states "none"."""


class Phrases:
    """Describes field changes; ``before`` formats old values; values are cut at ``most`` characters."""

    def __init__(self, values: Values, before: Values | None = None, most: int | None = MAX_ITEMS) -> None:
        self.most = most
        self.language, self.text = values.language, values.text
        self._values, self._before = values, before or values

    def of_all(self, changes: Sequence[FieldDelta], *, reworded: bool = False) -> str:
        """Describe field changes, additions to lists first; ``reworded``: only wording changed."""
        phrases: list[tuple[bool, str]] = []
        for change in map(_by_product, changes):
            if None not in (change.before, change.after) and isinstance(change.after, tuple | dict):
                phrases += self._of_list(change, reworded=reworded)
            else:
                phrases.append((False, self._of_value(change)))
        return "; ".join(text for _, text in sorted(phrases, key=lambda phrase: not phrase[0]))

    def _of_value(self, change: FieldDelta) -> str:
        before, after = change.before, change.after
        stated = before if after in _NOT_STATED else after
        label = self.label(change.kind, change.name, len(stated) if isinstance(stated, tuple) else 2)
        if after in _NOT_STATED:
            gone = message("{label} removed (was {before})")
            return self.text(gone, label=label, before=self._value(change, before))
        if before in _NOT_STATED:
            new, day = message("{label} now stated: {after}"), message("{label} set to {after}")
            template, after = day if isinstance(after, dt.date) else new, self._value(change, after)
            return self.text(template, label=label, after=after)
        before = self._before.of_field(change.kind, change.name, before)
        return self._changed_from_to(change, label, before, self._word(change, after))

    def reordered(self, changes: Sequence[FieldDelta]) -> str:
        """Describe lists whose items only changed their order."""
        labels = (self.label(change.kind, change.name) for change in changes)
        return "; ".join(self.text("{label} reordered", label=label) for label in labels)

    def texts(self, change: FieldDelta) -> tuple[str, str | None, str | None]:
        """Return a field's label and its full values before and after; ``None`` if not stated."""
        before, after = (
            None if value in _NOT_STATED else values.of_field(change.kind, change.name, value)
            for values, value in ((self._before, change.before), (self._values, change.after))
        )
        return capital(self.label(change.kind, change.name)), before, after

    def fact(self, kind: type[msgspec.Struct], name: str, value: Any) -> str:
        """Return a field and its value: ``Purpose: hosting``."""
        number = len(value) if isinstance(value, tuple) else 1
        label = capital(self.label(kind, name, number))
        return f"{label}: {shorten(self._values.of_field(kind, name, value), self.most)}"

    def label(self, kind: type[msgspec.Struct], name: str, number: int = 2) -> str:
        """Return a field's label for use in a sentence; for a list, the form for ``number`` items."""
        field = FIELDS[kind].get(name)
        if field is None:
            return name
        if field.member:
            return self.language.plural(field.member, field.label, number)
        return self.text(field.label)

    def _of_list(self, change: FieldDelta, *, reworded: bool) -> Iterator[tuple[bool, str]]:
        """Describe items of a list that were added (marked ``True``), changed and removed."""
        before, after = (
            tuple(value.items()) if isinstance(value, dict) else tuple(value or ())
            for value in (change.before, change.after)
        )
        new_items = [item for item in after if item not in before]
        old_items = [item for item in before if item not in after]
        pairs = _pairs(old_items, new_items, change, reworded=reworded)
        added = [item for item in new_items if item not in (new for _, new in pairs)]
        removed = [item for item in old_items if item not in (old for old, _ in pairs)]
        if added:
            yield True, self._members(change, message("{label} added: {items}"), added)
        one = self.label(change.kind, change.name, 1)
        for pair in pairs:
            yield False, self._changed_from_to(change, one, *(self._word(change, item) for item in pair))
        if removed:
            yield False, self._members(change, message("{label} removed: {items}"), removed)
        if not new_items and not old_items:
            label = self.label(change.kind, change.name)
            yield False, self.text("{label}: duplicates changed", label=label)

    def _members(self, change: FieldDelta, template: str, items: Sequence[Any]) -> str:
        words = [self._quoted(change, self._word(change, item)) for item in items]
        label = self.label(change.kind, change.name, len(items))
        return self.text(template, label=label, items=shorten(self.language.list(words), self.most))

    def _changed_from_to(self, change: FieldDelta, label: str, before: str, after: str) -> str:
        """Describe a change from one text to another, cut around the first difference."""
        cut = contrast(before, after, MAX_VALUE if self.most else None)
        old, new = (self._quoted(change, text) for text in cut)
        return self.text("{label} changed from {before} to {after}", label=label, before=old, after=new)

    def _value(self, change: FieldDelta, value: Any) -> str:
        words = self._values.of_field(change.kind, change.name, value)
        return self._quoted(change, shorten(words, MAX_VALUE if self.most else None))

    def _word(self, change: FieldDelta, item: Any) -> str:
        """Return an item of a list, or a label and its text, as words."""
        if isinstance(change.after or change.before, dict):
            return ": ".join(map(str, item))
        return self._values.of_field(change.kind, change.name, item)

    def _quoted(self, change: FieldDelta, text: str) -> str:
        if change.name in shapes(change.kind) and not is_wording(change.kind, change.name):
            return text
        return self.text("“{text}”", text=text)


_KEYS: Mapping[type, Callable[[Any], object]] = {
    model.Location: lambda item: (item.country, item.place),
    model.Transfer: lambda item: item.destination,
    model.Certification: lambda item: item.name,
    model.Identifier: lambda item: item.scheme,
    model.Contact: lambda item: item.role,
    model.Condition: lambda item: (item.type, item.key, item.negated),
    model.Exclusion: lambda item: item.title,
    model.RelatedDocument: lambda item: item.title,
    tuple: lambda item: item[0],
}
"""What identifies an item of a list when the rest of it changes."""


def _by_product(change: FieldDelta) -> FieldDelta:
    """Return a change of named products as a change of the list of ids, so that additions stand out."""
    before, after = change.before, change.after
    scopes = isinstance(before, model.ProductScope) and isinstance(after, model.ProductScope)
    if not scopes or before.all or after.all:
        return change
    return FieldDelta(model.ProductScope, "ids", before.ids, after.ids)


def _pairs(
    old_items: Sequence[Any], new_items: Sequence[Any], change: FieldDelta, *, reworded: bool
) -> list[tuple[Any, Any]]:
    """Return pairs of a removed item and the added item that it turned into."""
    left = {_key(item): item for item in reversed(new_items)}
    found = [(item, left.pop(_key(item))) for item in old_items if _key(item) in left]
    if (
        not found
        and len(old_items) == len(new_items) == 1
        and (reworded or _may_correspond(change, old_items[0], new_items[0]))
    ):
        return [(old_items[0], new_items[0])]
    return found


def _may_correspond(change: FieldDelta, old: Any, new: Any) -> bool:
    """Tell whether the only added item can be a new version of the only removed one.

    Another country, destination or category of data is always a new item: customers had not agreed to it.
    """
    if isinstance(old, model.Location) and isinstance(new, model.Location):
        return old.country == new.country
    row = FIELDS[change.kind].get(change.name)
    return row is None or row.change not in {"data_changed", "transfer_changed"}


def _key(item: Any) -> object:
    return _KEYS.get(type(item), repr)(item)
