"""How pages and feeds label things for people: instants, notice, and the words behind codes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pycountry

from register_api.core.diff.wording import count, english_date
from register_api.core.notice_event import find_engagement

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from register_api.core.diff.changes import Change
    from register_api.core.model import Condition, Notice, Register
    from register_api.core.notice import NoticeStatus

_WORDS = {
    "customer_content": "customer content",
    "customer_account": "customer accounts",
    "website_visitor": "website visitors",
    "none": "no customer personal data",
    "in_progress": "in progress",
    "aligned": "aligned, not certified",
    "adequacy": "adequacy decision",
    "dpf": "Data Privacy Framework",
    "dpf_uk": "UK Extension to the EU-US Data Privacy Framework",
    "dpf_swiss": "Swiss-US Data Privacy Framework",
    "idta": "UK International Data Transfer Agreement",
    "uk_addendum": "UK Addendum to the standard contractual clauses",
    "scc": "standard contractual clauses",
    "bcr": "binding corporate rules",
    "unstated": "mechanism not stated",
    "third_party": "third party",
    "data_changed": "change of data",
    "lei": "LEI",
    "euid": "EUID",
    "vat": "VAT",
    "duns": "D-U-N-S",
    "national": "national register",
    "EU": "European Union",
    "EEA": "European Economic Area",
    "worldwide": "Worldwide",
    "varies": "Varies",
}
"""Words for the codes that do not read well as they are."""


def words(code: str) -> str:
    """Return words for a code of the model, e.g. ``scc``; most only lose their underscores."""
    return _WORDS.get(code, code.replace("_", " "))


def listed(codes: Iterable[str]) -> str:
    """Return words for some codes of the model, with commas between them."""
    return ", ".join(map(words, codes))


@functools.cache
def country(code: str) -> str:
    """Return a country's name in English for an ISO 3166-1 alpha-2 code or a wide value."""
    found = pycountry.countries.get(alpha_2=code) if len(code) == len("FI") else None
    if found is None:
        return words(code)
    # Asking for a name that is not there warns.
    return str(found.common_name if "common_name" in found._fields else found.name)


def instant(value: dt.datetime) -> str:
    """Return an instant (UTC) as ``10 June 2026, 09:00 UTC``."""
    return f"{english_date(value.date())}, {value:%H:%M} UTC"


def condition(value: Condition) -> str:
    """Return when something comes into play: the publisher's words, or the setting."""
    setting = " = ".join(part for part in (value.key, value.value) if part)
    return value.text or f"{words(value.type)}: {setting}".removesuffix(": ")


def days_of_notice(given: int, promised: int | None, notice: Notice) -> str:
    """Return a length of notice, e.g. ``31 days' notice`` or ``7 of 30 days' notice``.

    Args:
        given: Days given; negative when announced after the start.
        promised: Days promised; ``None`` when nothing was.
        notice: The promise, for what a day is.
    """
    unit = "business day" if notice.day_count == "business" else "day"
    if promised is None or given >= promised:
        return f"{_possessive(given, unit)} notice"
    if given < 0:
        return f"announced {count(-given, unit)} after the start, {count(promised, unit)} of notice promised"
    return f"{given} of {_possessive(promised, unit)} notice"


def given_notice(status: NoticeStatus, notice: Notice) -> str | None:
    """Return what became of the promise for a change, or ``None`` where it covers nothing."""
    if not status.required:
        return None
    if status.days is None:
        return f"{count(status.promised_days or 0, 'day')} of notice promised, but no start is stated"
    return days_of_notice(status.days, status.promised_days, notice)


def is_said(summary: str, phrase: str) -> bool:
    """Tell whether a summary already has what is to be said beside it, so that it is said once."""
    return as_summarised(phrase).rstrip(".") in summary


def as_summarised(notice: str) -> str:
    """Return a length of notice as summaries have it: they do not repeat what kind of day is meant."""
    return notice.replace("business ", "")


def short_notice_reason(change: Change, register: Register) -> str | None:
    """Return why the promise was not kept for a change, if it was not."""
    if change.notice.met is not False or change.engagement is None:
        return None
    vendor = next((item for item in register.subprocessors if item.id == change.subprocessor), None)
    engagement = find_engagement(vendor, change.engagement)
    return engagement.short_notice.reason if engagement and engagement.short_notice else None


def _possessive(number: int, unit: str) -> str:
    return f"{number} {unit}'s" if number == 1 else f"{number} {unit}s'"
