"""Describes the notice promise, the notice given for a change, and the objection deadline."""

from __future__ import annotations

from collections.abc import Iterator

from register_api.core.language.language import Language, message
from register_api.core.model import DayCount, Lifecycle, Notice, NoticeSource
from register_api.core.notice_period import NoticeStatus


def notice_given(language: Language, status: NoticeStatus) -> str | None:
    """Return a phrase comparing notice given and promised; ``None`` if no notice is required."""
    if not status.required or status.promised_days is None:
        return None
    promised, given, unit = status.promised_days, status.days, status.day_count
    required = _days_of(language, promised, unit)
    if given is None:
        return language.text("No effective date stated: {promised} notice required", promised=required)
    if given < 0:
        template = message("Late notice: announced {late} after it took effect, {promised} notice required")
        return language.text(template, late=days(language, -given, unit), promised=required)
    if status.met:
        enough = message("{days} notice given ({promised} required)")
        return language.text(enough, days=_days_of(language, given, unit), promised=promised)
    short = message("Short notice: {given} instead of {promised}")
    return language.text(short, given=days(language, given, unit), promised=promised)


def shortfall(language: Language, status: NoticeStatus) -> str | None:
    """Return a phrase if less notice was given than promised, else ``None``."""
    return None if status.met else notice_given(language, status)


def notice_dates(language: Language, status: NoticeStatus) -> Iterator[str]:
    """Yield a sentence for each date of a change: notice given, effective, objection deadline."""
    announced, effective = status.announced_on, status.effective_on
    if announced and effective:
        template = message("Notice given {announced}, effective {effective}.")
        yield language.text(template, announced=announced, effective=effective)
    elif effective:
        yield language.text("Effective {effective}.", effective=effective)
    if status.objection_until is not None:
        yield language.text("Objection deadline: {day}.", day=status.objection_until)


def promise(language: Language, notice: NoticeSource) -> str:
    """Return the promise: days of notice and the changes covered."""
    covered = "; ".join(language.code("notice_event", event) for event in notice.applies_to)
    template = message("We give at least {days} prior notice of: {changes}.")
    return language.text(template, days=_days_of(language, notice.days, notice.day_count), changes=covered)


def older_promises(language: Language, notice: Notice) -> Iterator[str]:
    """Yield a sentence for each older promise that still binds, with its last day and content."""
    for older in notice.also_binding:
        text = language.text(
            "What is announced until {day} is still bound by the earlier promise: {days} notice of {changes}",
            day=older.until,
            days=_days_of(language, older.days, older.day_count),
            changes=[language.code("notice_event", event) for event in older.applies_to],
        )
        period = older.objection and days(language, older.objection.days, older.day_count)
        if period:
            text = language.text("{promise}; objection within {days}", promise=text, days=period)
        yield f"{text}."


def lifecycle_notice(language: Language, lifecycle: Lifecycle) -> str:
    """Return a sentence saying that the register moves or closes, for days before and after alike."""
    moved = message("From {day} on, this register is published elsewhere.")
    closed = message("From {day} on, this register is no longer maintained.")
    text = language.text(moved if lifecycle.state == "moved" else closed, day=lifecycle.on)
    return f"{text} {lifecycle.text}" if lifecycle.text else text


def objection_period(language: Language, notice: NoticeSource) -> str | None:
    """Return how long customers may object; ``None`` if no period is promised."""
    if notice.objection is None:
        return None
    period = days(language, notice.objection.days, notice.day_count)
    return language.text("You may object within {days} of the notice.", days=period)


def days(language: Language, number: int, day_count: DayCount | None) -> str:
    """Return a number of days, or of business days."""
    if day_count == "business":
        return language.plural("{n} business day", "{n} business days", number)
    return language.plural("{n} day", "{n} days", number)


def _days_of(language: Language, number: int, day_count: DayCount | None) -> str:
    """Return a number of days in the genitive used before "notice"."""
    if day_count == "business":
        return language.plural("{n} business day's", "{n} business days'", number)
    return language.plural("{n} day's", "{n} days'", number)
