"""The section Open deadlines: until when one may object, from the newest register alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from register_api.clock import zone_of
from register_api.core.ahead import Upcoming, upcoming
from register_api.core.calendar import local_day
from register_api.core.language.events import EventWords
from register_api.core.language.language import ENGLISH
from register_api.core.model import Register
from register_api.verify.report.report import DeadlineTold
from register_api.verify.report.text import plain


def deadlines_told(register: Register, now: dt.datetime) -> Iterator[DeadlineTold]:
    """Yield the open deadlines of a register, the nearest first."""
    zone = zone_of(register.publisher.time_zone)
    today = local_day(now, zone)
    words = EventWords(ENGLISH, register, today)
    for item in upcoming(register, today, zone):
        if item.what == "objection_deadline":
            days_left = (item.day - today).days
            sentence = _sentence(item, plain(words.title(item)), days_left)
            yield DeadlineTold(**msgspec.structs.asdict(item), days_left=days_left, sentence=sentence)


def _sentence(item: Upcoming, title: str, days_left: int) -> str:
    left = "today" if days_left == 0 else f"{days_left} day{'s' * (days_left > 1)} left"
    to = f"; object at {plain(item.contact)}" if item.contact else ""
    return f"{item.day.isoformat()} ({left}): {title}{to}."
