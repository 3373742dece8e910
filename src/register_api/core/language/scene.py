"""What the sentences about one diff speak of: the two registers, by name, on the day of publication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.language.field_changes import Phrases
from register_api.core.language.prose import shorten
from register_api.core.language.values import Values

if TYPE_CHECKING:
    import datetime as dt

    from register_api.core.language.change_view import ChangeView
    from register_api.core.language.language import Language
    from register_api.core.model import Register, Subprocessor

_MAX_LABEL = 60


class Scene:
    """Names and dates for the sentences about one diff.

    Attributes:
        language: The language of the sentences.
        day: The publisher's local day of publication: what is later lies ahead.
        initial: Whether the register is the first version.
        vendors: Every vendor by id, as the newer register has it if it does.
        phrases: Phrases about fields.
    """

    def __init__(self, language: Language, register: Register, day: dt.date, older: Register | None) -> None:
        self.language = language
        self.text = language.text
        self.day = day
        self.initial = register.previous is None
        self._before = {vendor.id: vendor for vendor in older.subprocessors} if older else {}
        self.vendors = self._before | {vendor.id: vendor for vendor in register.subprocessors}
        self._titles: dict[str, str] = {status.id: status.title for status in register.statuses}
        self._titles |= {category.id: category.title for category in register.categories}
        self.names = {id_: vendor.name for id_, vendor in self.vendors.items()}
        self.phrases = Phrases(Values(language, self.names, self._titles, register.notice.day_count))

    def phrases_about(self, view: ChangeView) -> Phrases:
        """Return phrases that know what kind of days were meant before, if that changed."""
        counted = view.field("day_count")
        if counted is None:
            return self.phrases
        before, after = (Values(self.language, day_count=count) for count in (counted.before, counted.after))
        return Phrases(after, before)

    def name(self, view: ChangeView) -> str:
        """Return what the vendor of a change is called."""
        return view.vendor.name if view.vendor else view.change.subprocessor or ""

    def who(self, view: ChangeView) -> str:
        """Name the vendor, and which of its uses where it has several."""
        use, vendor = view.engagement, self.vendors.get(view.change.subprocessor or "", view.vendor)
        if use is None or vendor is None or len(vendor.engagements) == 1:
            return self.name(view)
        return f"{self.name(view)} ({shorten(use.purpose, _MAX_LABEL) or use.id})"

    def title(self, view: ChangeView, id_: str) -> str:
        """Return what a category or a status is called, one that went included."""
        gone = view.change.before if isinstance(view.change.before, dict) else {}
        return self._titles.get(id_) or str(gone.get("title", id_))

    def newly(self, view: ChangeView, field: str) -> str:
        """Name the vendors that a field of the change's vendor newly points to."""
        before = self._pointed_to(self._before.get(view.change.subprocessor or ""), field)
        after = self._pointed_to(view.vendor, field)
        return self._named([id_ for id_ in after if id_ not in before])

    def heirs(self, view: ChangeView, field: str) -> str:
        """Name the vendors that point to the change's vendor by a field."""
        of = view.change.subprocessor
        found = (id_ for id_, vendor in self.vendors.items() if of in self._pointed_to(vendor, field))
        return self._named(list(found))

    def _named(self, ids: list[str]) -> str:
        return self.language.list([self.names.get(id_, id_) for id_ in ids])

    @staticmethod
    def _pointed_to(vendor: Subprocessor | None, field: str) -> tuple[str, ...]:
        value = getattr(vendor, field, None) or ()
        return (value,) if isinstance(value, str) else tuple(value)
