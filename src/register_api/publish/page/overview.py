"""What the page of the register says of it as a whole: how many, where, and what lies ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from register_api.core import timeline
from register_api.core.countries import OPENLY_UNSTATED, is_in_eea, without_mechanism
from register_api.core.language.change_view import Scene
from register_api.core.language.field_changes import Phrases, TypedField
from register_api.core.language.language import Language, capital, message, shorten
from register_api.core.language.notice import notice_given
from register_api.core.language.values import Values
from register_api.core.model import Engagement, PlannedChange, Subprocessor
from register_api.core.timeline import fields_set
from register_api.core.upcoming_events import Upcoming, upcoming
from register_api.publish.page.view import PageRow, PageView, gets_data

_LABELS = {
    "start": message("Start: {what}"),
    "end": message("End: {what}"),
    "change": message("Change: {what}"),
    "objection_deadline": message("Already in effect, objection still possible: {what}"),
}

_MOST_WORDS = 120


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """Something that lies ahead.

    Attributes:
        over: Whether the last day to object has passed.
        notice: What became of the notice promise for it; ``None`` where none covers it.
        reason: Why the notice was short, if it was.
    """

    event: Upcoming
    vendor: Subprocessor
    words: str
    over: bool
    notice: str | None
    reason: str | None


def ahead(view: PageView) -> list[Ahead]:
    """Return what lies ahead of the day of the page, the nearest first.

    The last day to object stands beside what it is about; where that has begun before, in a row of its own.
    """
    events = upcoming(view.register, view.today, view.promises.zone)
    told = {_about(event) for event in events if event.what not in {"objection_deadline", "end"}}
    vendors = {vendor.id: vendor for vendor in view.register.subprocessors}
    phrases = Scene(view.language, view.register, view.today, None).phrases
    return [
        _ahead(view, event, vendors[event.subprocessor], phrases)
        for event in events
        if event.what != "objection_deadline" or _about(event) not in told
    ]


def _about(event: Upcoming) -> tuple[str, str | None, str | None]:
    return event.subprocessor, event.engagement, event.planned


def _ahead(view: PageView, event: Upcoming, vendor: Subprocessor, phrases: Phrases) -> Ahead:
    use = next((item for item in vendor.engagements if item.id == event.engagement), None)
    owner = vendor if use is None else use
    planned = next((item for item in owner.planned if item.id == event.planned), None)
    notice = notice_given(view.language, event.notice)
    late = planned or use
    return Ahead(
        event=event,
        vendor=vendor,
        words=view.language.text(_LABELS[event.what], what=_what(vendor, use, planned, phrases)),
        over=event.notice.objection_until is not None and event.notice.objection_until < view.today,
        notice=notice,
        reason=late.short_notice.reason if notice and late and late.short_notice else None,
    )


def _what(
    vendor: Subprocessor, use: Engagement | None, planned: PlannedChange | None, phrases: Phrases
) -> str:
    """Say what an event is about: the use, or each field that a planned change changes."""
    if planned is None:
        return shorten(use.purpose, _MOST_WORDS) if use is not None else ""
    kind = type(vendor if use is None else use)
    fields = fields_set(vendor, use.id if use is not None else None, planned)
    return capital(phrases.of_all([TypedField(kind, *field) for field in fields]))


class CountryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A country, or an open place, in which customer personal data is processed.

    Attributes:
        in_use: Names of the vendors in use there, each once.
        others: Names of those that are upcoming there, or not enabled.
        mechanisms: Transfer mechanisms stated for it, in words; ``None`` within the EEA.
        unstated: Whether a use there states none.
    """

    code: str
    in_use: tuple[str, ...]
    others: tuple[str, ...]
    mechanisms: tuple[str, ...] | None
    unstated: bool


def countries(view: PageView, all_rows: Iterable[PageRow]) -> list[CountryRow]:
    """Return where customer personal data is processed or will be: outside the EEA first, then by name."""
    rows_by_country: dict[str, list[PageRow]] = {}
    for row in all_rows:
        if row.state not in timeline.PAST and gets_data(row):
            for code in dict.fromkeys(place.country for place in row.engagement.locations or ()):
                rows_by_country.setdefault(code, []).append(row)
    found = [_country(view, code, rows) for code, rows in rows_by_country.items()]
    return sorted(found, key=lambda row: (row.mechanisms is None, view.language.country(row.code)))


def _country(view: PageView, code: str, rows: Sequence[PageRow]) -> CountryRow:
    in_use = dict.fromkeys(row.vendor.name for row in rows if row.state == "in_force")
    others = dict.fromkeys(row.vendor.name for row in rows if row.vendor.name not in in_use)
    say = Values(view.language)
    transfers = (item for row in rows for item in row.engagement.transfers or ())
    stated = (
        say.mechanism(item)
        for item in transfers
        if item.destination in (code, "worldwide") and item.mechanism != OPENLY_UNSTATED
    )
    return CountryRow(
        code=code,
        in_use=tuple(in_use),
        others=tuple(others),
        mechanisms=None if is_in_eea(code) else tuple(dict.fromkeys(stated)),
        unstated=any(code in without_mechanism(row.engagement) for row in rows),
    )


def lead(view: PageView, all_rows: list[PageRow]) -> list[str]:
    """Say how many sub-processors are used, and how many more could be."""
    language, publisher = view.language, view.register.publisher
    left = {row.vendor.id for row in all_rows if row.state not in timeline.PAST}
    counts = []
    for fits in _GROUPS:
        found = {row.vendor.id for row in all_rows if fits(row)} & left
        counts.append(len(found))
        left -= found
    used, *more = counts
    name = publisher.legal_name or publisher.name
    if not used:
        none = language.text("{name} uses no sub-processor to process customer personal data.", name=name)
        return [none, *_more(language, more)]
    return [
        language.plural(
            "{name} uses {n} sub-processor to process customer personal data.",
            "{name} uses {n} sub-processors to process customer personal data.",
            used,
            name=name,
        ),
        *_more(language, more),
    ]


_GROUPS: tuple[Callable[[PageRow], bool], ...] = (
    lambda row: row.state == "in_force" and row.engagement.status == "active" and gets_data(row),
    lambda row: row.state == "in_force" and gets_data(row),
    lambda row: row.state == "announced" and gets_data(row),
    lambda row: row.state == "available" and gets_data(row),
    lambda row: not gets_data(row),
)
"""In which of these a vendor is counted: in the first that one of its engagements fits."""


def _more(language: Language, counts: Sequence[int]) -> Iterator[str]:
    conditional, announced, available, idle = counts
    if conditional:
        yield language.plural("{n} more is conditional.", "{n} more are conditional.", conditional)
    if announced:
        yield language.plural("{n} more is upcoming.", "{n} more are upcoming.", announced)
    if available:
        yield language.plural(
            "{n} more is available but not in use.", "{n} more are available but not in use.", available
        )
    if idle:
        yield language.plural(
            "{n} more is listed and processes no customer personal data.",
            "{n} more are listed and process no customer personal data.",
            idle,
        )
