"""What lies ahead in words: ``Acme Inc.: start (hosting of the application)``."""

from __future__ import annotations

import datetime as dt

from register_api.core.ahead import Upcoming
from register_api.core.language.change_view import TypedField
from register_api.core.language.language import Language, message
from register_api.core.language.prose import shorten
from register_api.core.language.scene import Scene
from register_api.core.model import Engagement, Register, Subprocessor
from register_api.core.planned_changes import fields_set

_TITLES = {
    "start": message("{name}: start ({what})"),
    "end": message("{name}: end ({what})"),
    "change": message("{name}: change ({what})"),
    "objection_deadline": message("{name}: last day to object ({what})"),
}

_MAX_WHAT = 120


class EventWords:
    """Titles of what one version announces.

    Attributes:
        vendors: Every vendor of the version by id.
    """

    def __init__(self, language: Language, register: Register, day: dt.date) -> None:
        """Keep what the ids of events stand for.

        Args:
            language: The language of the titles.
            register: The version that the events follow from.
            day: The day of its publication, in the publisher's time zone.
        """
        self.vendors = {vendor.id: vendor for vendor in register.subprocessors}
        self._categories = {item.id: item.title for item in register.categories}
        self._language = language
        self._phrases = Scene(language, register, day, None).phrases

    def title(self, event: Upcoming) -> str:
        """Return who, what happens, and to what, in a line."""
        vendor = self.vendors[event.subprocessor]
        use = next((item for item in vendor.engagements if item.id == event.engagement), None)
        what = shorten(self._what(vendor, use, event.planned), _MAX_WHAT)
        return self._language.text(_TITLES[event.what], name=vendor.name, what=what)

    def _what(self, vendor: Subprocessor, use: Engagement | None, planned: str | None) -> str:
        """Return what an event is about: each field that a planned change changes, or the use."""
        owner = vendor if use is None else use
        change = next((item for item in owner.planned if item.id == planned), None)
        if change is not None:
            fields = fields_set(vendor, use.id if use else None, change)
            return self._phrases.of_all([TypedField(type(owner), *field) for field in fields])
        if use is None:
            return vendor.id
        return use.purpose or self._categories.get(use.category, use.category)
