"""One changed field as a phrase: ``locations change from Dublin, IE to Helsinki, FI``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from register_api.core.diff.meaning import is_empty
from register_api.core.diff.value_words import say
from register_api.core.diff.wording import MAX_VALUE, contrast, join, shorten
from register_api.core.fields import FIELDS, is_wording
from register_api.core.forms import Reference
from register_api.core.shapes import shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import msgspec

    from register_api.core.diff.deltas import FieldDelta
    from register_api.core.diff.differences import Comparison


class Phrases:
    """Phrases about fields of one kind of entry, with ids spoken of by name."""

    def __init__(self, kind: type[msgspec.Struct], comparison: Comparison) -> None:
        self._kind = kind
        self._fields = FIELDS[kind]
        self._titles = {"vendor": comparison.names, "category": comparison.categories}

    def changed(self, change: FieldDelta) -> str:
        """Say from what to what a field changes."""
        return self._moved(change, "changes", "change")

    def corrected(self, change: FieldDelta) -> str:
        """Say from what to what a field was put right."""
        return self._moved(change, "is corrected", "are corrected")

    def reworded(self, change: FieldDelta) -> str:
        """Say that only the wording of a field was touched."""
        return f"wording of {self._fields[change.name].label} edited"

    def reordered(self, change: FieldDelta) -> str:
        """Say that a list has the same members in another order."""
        return f"{self._fields[change.name].label} listed in another order"

    def all(self, how: Callable[[FieldDelta], str], changes: Iterable[FieldDelta]) -> str:
        """Join the phrases of several fields."""
        return "; ".join(how(change) for change in changes)

    def value(self, name: str, value: Any) -> str:
        """Return the value of a field in words, prose in quotes."""
        return self._quoted(name, shorten(self._say(name, value)))

    def _moved(self, change: FieldDelta, one: str, many: str) -> str:
        field = self._fields[change.name]
        verb, be = (many, "are") if field.plural else (one, "is")
        if is_empty(change.before):
            return f"{field.label} {be} now stated: {self.value(change.name, change.after)}"
        if is_empty(change.after):
            return f"{field.label} {be} no longer stated, so far {self.value(change.name, change.before)}"
        before, after = self._say(change.name, change.before), self._say(change.name, change.after)
        if isinstance(change.after, tuple) and len(before) + len(after) > MAX_VALUE:
            return f"{field.label} {verb}: {self._members(change)}"
        ends = (self._quoted(change.name, text) for text in contrast(before, after))
        return f"{field.label} {verb} from {' to '.join(ends)}"

    def _members(self, change: FieldDelta) -> str:
        """Name what came into a list and what went out of it, where both lists are too long."""
        came = [item for item in change.after if item not in change.before]
        went = [item for item in change.before if item not in change.after]
        parts = [
            f"{word} {shorten(self._say(change.name, tuple(items)))}"
            for word, items in (("now also", came), ("no longer", went))
            if items
        ]
        return ", ".join(parts) or "the same more or less often"

    def _say(self, name: str, value: Any) -> str:
        form = shapes(self._kind)[name].form
        titles = self._titles.get(form.to) if isinstance(form, Reference) else None
        if titles is None:
            return say(value)
        ids: Sequence[str] = value if isinstance(value, tuple) else (value,)
        return join([titles.get(item, item) for item in ids])

    def _quoted(self, name: str, text: str) -> str:
        return f"“{text}”" if is_wording(self._kind, name) else text
