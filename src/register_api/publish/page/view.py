"""What pages show, worked out before any HTML: rows with their state on a day.

Pages are static. They say the day their states were worked out for, and show dates beside them, so that
what they say stays true when it is read later; ``daily`` says which have to be made again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from register_api.core import timeline
from register_api.core.countries import OPENLY_UNSTATED, is_in_eea, is_outside_eea, without_mechanism
from register_api.core.language.language import Language, capital, message
from register_api.core.language.notice import shortfall
from register_api.core.language.values import Values
from register_api.core.model import Engagement, Register, Subprocessor
from register_api.core.notice import NoticeStatus, Promises, notice_status
from register_api.core.timeline import EngagementState, State, engagement_states, vendor_states
from register_api.publish.page.version_history import ToldVersion

GONE: dict[State, str] = {
    "withdrawn": message("Removed (listed in error)"),
    "cancelled": message("Cancelled before it took effect"),
}
"""States of what is not used and never will be, in words."""


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """All that the pages of the newest version need.

    Attributes:
        register: The newest version.
        history: Versions with their changes, the newest first.
        promises: Every notice promise so far, with the publisher's time zone.
        language: The language of the page's own words.
        today: Day (in that zone) for which states are worked out.
        size: Size of the log.
        root_hash: Root hash of the log, 32 bytes.
    """

    register: Register
    history: tuple[ToldVersion, ...]
    promises: Promises
    language: Language
    today: dt.date
    size: int
    root_hash: bytes


class PageRow(msgspec.Struct, frozen=True, kw_only=True):
    """An engagement as a page shows it.

    Attributes:
        badge: State in words, with its date.
        look: How the badge is coloured: a state, or ``conditional`` or ``ending``.
        short_notice: How the promise was not kept, in words.
        marks: What it is filtered by, as attributes: values, with spaces between them.
        is_outside: Whether one of its places lies outside the EEA.
    """

    vendor: Subprocessor
    engagement: Engagement
    state: State
    badge: str
    look: str
    short_notice: str | None
    marks: dict[str, str]
    is_outside: bool


def rows(view: PageView) -> list[PageRow]:
    """Return all engagements in the register's order of reading."""
    return [_row(view, found) for found in engagement_states(view.register, view.today)]


def rows_of(view: PageView, vendor: Subprocessor) -> list[PageRow]:
    """Return one vendor's engagements."""
    return [_row(view, found) for found in vendor_states(vendor, view.today)]


def notice_of_start(view: PageView, engagement: Engagement) -> NoticeStatus | None:
    """Return the notice given for an engagement's start, where notice was required."""
    if not engagement.announced.required:
        return None
    return notice_status(engagement.announced, engagement.starts_on, view.promises.zone)


def _row(view: PageView, found: EngagementState) -> PageRow:
    vendor, engagement, state = found.vendor, found.engagement, found.state
    badge, look = _badge(view, engagement, state)
    status = notice_of_start(view, engagement) if engagement.short_notice else None
    short = shortfall(view.language, status) if status else None
    return PageRow(
        vendor=vendor,
        engagement=engagement,
        state=state,
        badge=badge,
        look=look,
        short_notice=short,
        marks={f"data-{name}": " ".join(said) for name, said in _marks(view.register, found).items() if said},
        is_outside=any(is_outside_eea(place.country) for place in engagement.locations or ()),
    )


def _marks(register: Register, found: EngagementState) -> dict[str, Iterable[str]]:
    """Return by which values of each filter an engagement is found."""
    engagement, state, products = found.engagement, found.state, found.engagement.products
    of_all = (item.id for item in register.products) if products and products.all else ()
    return {
        "category": [engagement.category],
        "status": [engagement.status if state == "in_force" else state],
        "country": dict.fromkeys(place.country for place in engagement.locations or ()),
        "product": [*of_all, *(products.ids if products else ())],
    }


def _badge(view: PageView, engagement: Engagement, state: State) -> tuple[str, str]:
    """Return a state in words, and its look."""
    language, starts_on, ends_on = view.language, engagement.starts_on, engagement.ends_on
    if state == "announced" and starts_on is not None:
        return language.text("Upcoming, from {day}", day=language.day(starts_on)), state
    if state == "ended" and ends_on is not None:
        return language.text("Former, since {day}", day=language.day(ends_on)), state
    if state in GONE:
        return language.text(GONE[state]), state
    titles = {item.id: item.title for item in view.register.statuses}
    title = titles.get(engagement.status) or capital(language.code("status", engagement.status))
    if ends_on is not None:
        return language.text("{status}, ends {day}", status=title, day=language.day(ends_on)), "ending"
    return title, engagement.status if state == "in_force" else state


class CountryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A country, or an open place, in which customer personal data is processed.

    Attributes:
        code: As of a location.
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
        if row.state not in timeline.PAST and _gets_data(row):
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


def is_engaged(row: PageRow) -> bool:
    """Tell whether a use is a sub-processor's in the sense of GDPR Article 28(2), in use or announced."""
    engaged = row.state in {"in_force", "announced"}
    return engaged and row.vendor.role != "independent_controller" and _gets_data(row)


def _gets_data(row: PageRow) -> bool:
    return row.engagement.data_scope != ()


_GROUPS: tuple[Callable[[PageRow], bool], ...] = (
    lambda row: row.state == "in_force" and row.engagement.status == "active" and _gets_data(row),
    lambda row: row.state == "in_force" and _gets_data(row),
    lambda row: row.state == "announced" and _gets_data(row),
    lambda row: row.state == "available" and _gets_data(row),
    lambda row: not _gets_data(row),
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
