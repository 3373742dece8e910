"""Each change in one plain sentence, with names and dates, for people who decide by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.diff.differences import Column, Difference
from register_api.core.diff.phrases import Phrases
from register_api.core.diff.sequence import staying
from register_api.core.diff.turn_sentences import TURNS, who
from register_api.core.diff.wording import count, english_date, join, sentence, shorten
from register_api.core.fields import FIELDS
from register_api.core.model import Category, Engagement, Notice, Publisher, StatusText

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec

    from register_api.core.diff.differences import Comparison, Reorder
    from register_api.core.notice import NoticeStatus

MAX_SUMMARY = 600
"""Longest summary, in characters."""

_MOST_NAMED = 3

_SUBJECTS: Mapping[type[msgspec.Struct], str] = {Notice: "Notice promise", Publisher: "Publisher"}


def summarise(difference: Difference | Column | Reorder, notice: NoticeStatus, comparison: Comparison) -> str:
    """Say a change in one sentence.

    Args:
        difference: What was found to differ.
        notice: What the notice promise says about it; a promise that was not kept is said openly.
        comparison: The two registers.

    Returns:
        A sentence of at most ``MAX_SUMMARY`` characters.
    """
    if isinstance(difference, Column):
        text = _of_column(difference)
    elif not isinstance(difference, Difference):
        text = _of_reorder(difference, comparison)
    elif difference.class_ in TURNS and difference.vendor is not None:
        text = TURNS[difference.class_](difference, comparison)
    else:
        text = _of_fields(difference, notice, comparison)
    return sentence(shorten(text + _shortfall(difference, notice), MAX_SUMMARY))


def _of_fields(difference: Difference, notice: NoticeStatus, comparison: Comparison) -> str:
    record = difference.record
    if not difference.fields:
        return f"{_subject(difference)} is {'removed' if record.after is None else 'added'}"
    phrases = Phrases(type(record.known), comparison)
    how = {
        "corrected": phrases.corrected,
        "editorial": phrases.reworded,
        "reordered": phrases.reordered,
    }.get(difference.class_, phrases.changed)
    start = notice.starts_on if difference.class_ != "schedule_changed" else None
    when = f", from {english_date(start)}" if notice.required and start and start > comparison.day else ""
    return f"{_subject(difference)}: {phrases.all(how, difference.fields)}{when}"


def _subject(difference: Difference) -> str:
    """Name what a change is about."""
    record = difference.record.known
    if difference.vendor is not None:
        return who(difference)
    if isinstance(record, Category):
        return f"Category “{record.title}”"
    if isinstance(record, StatusText):
        return f"Status “{record.title}”"
    return _SUBJECTS.get(type(record), "Register")


def _of_column(column: Column) -> str:
    field = FIELDS[column.level][column.name]
    thing = "engagement" if column.level is Engagement else "sub-processor"
    label = field.label[:1].upper() + field.label[1:]
    return f"{label} {'are' if field.plural else 'is'} now stated for {count(len(column.rows), thing)}"


def _of_reorder(reorder: Reorder, comparison: Comparison) -> str:
    kept = set(staying(reorder.before, reorder.after))
    moved = [name for name in reorder.after if name not in kept]
    if reorder.vendor is not None:
        return f"{reorder.vendor.known.name}: the engagements are listed in another order"
    thing = {"subprocessors": "sub-processor", "categories": "category"}.get(str(reorder.place[-1]), "entry")
    if thing == "sub-processor" and len(moved) <= _MOST_NAMED:
        named = join([comparison.names.get(name, name) for name in moved])
        return f"The order of reading changes: {named} {'moves' if len(moved) == 1 else 'move'}"
    plural = {"category": "categories", "entry": "statuses"}.get(thing, "sub-processors")
    return f"The order of {plural} changes: {len(moved)} of {len(reorder.after)} move"


def _shortfall(difference: Difference | Column | Reorder, notice: NoticeStatus) -> str:
    """Say openly where the notice promised was not given, and the reason."""
    if not notice.required or notice.met or notice.promised_days is None:
        return ""
    promised = f"{count(notice.promised_days, 'day')} of notice promised"
    if notice.days is None:
        text = f"{promised}, but no start is stated"
    elif notice.days < 0:
        text = f"announced {count(-notice.days, 'day')} after the start, {promised}"
    else:
        text = f"{notice.days} of {_days_of_notice(notice.promised_days)}"
    engagement = difference.engagement if isinstance(difference, Difference) else None
    short = engagement.after.short_notice if engagement and engagement.after else None
    return f"; {text}" + (f": {short.reason}" if short else "")


def _days_of_notice(days: int) -> str:
    return "1 day's notice" if days == 1 else f"{days} days' notice"
