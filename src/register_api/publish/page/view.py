"""The data of pages, computed before any HTML: rows with their state on a day, upcoming events, countries.

Pages state that day, and dates beside states, so that they stay true when read later.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from register_api.core.countries import OPENLY_UNSTATED, is_in_eea, is_outside_eea, without_mechanism
from register_api.core.language.changes import EventTitles
from register_api.core.language.language import Language, capital, shorten
from register_api.core.language.notice import notice_given, shortfall
from register_api.core.language.values import Values
from register_api.core.model import (
    Category,
    Engagement,
    Product,
    Register,
    StatusText,
    Subprocessor,
)
from register_api.core.notice_period import Promises, notice_status
from register_api.core.timeline import (
    PAST,
    EngagementState,
    State,
    vendor_on,
    vendor_states,
)
from register_api.core.upcoming_events import Upcoming, upcoming
from register_api.publish.examine import Examined
from register_api.publish.page.version_history import PastVersion, version_history


class PageView(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything that pages of the newest version need; ``sha256`` (hex) is of the register's bytes."""

    register: Register
    sha256: str
    history: tuple[PastVersion, ...]
    promises: Promises
    language: Language
    today: dt.date
    root_hash: bytes

    @functools.cached_property
    def rows(self) -> list[PageRow]:
        """All engagements, in reading order."""
        return rows_of(self, self.register.subprocessors)


def page_view(found: Examined, read: Callable[[str], bytes], today: dt.date) -> PageView:
    """Return the view of a published register, in its main language."""
    register, zone = found.newest.document, found.promises.zone
    return PageView(
        register=register,
        sha256=found.newest.sha256,
        history=version_history(found.versions.document.versions, read, zone),
        promises=found.promises,
        language=Language.of(register.publisher.language),
        today=today,
        root_hash=bytes.fromhex(found.head.root_hash),
    )


class PageRow(msgspec.Struct, frozen=True, kw_only=True):
    """An engagement on a page: ``badge`` colours its badge, ``marks`` are attributes for filters."""

    vendor: Subprocessor
    engagement: Engagement
    state: State
    status: str
    badge: str
    short_notice: str | None
    marks: dict[str, str]
    is_outside: bool


def rows_of(view: PageView, vendors: Iterable[Subprocessor]) -> list[PageRow]:
    """Return the engagements of the vendors."""
    titles: dict[str, str] = {item.id: item.title for item in view.register.statuses}
    return [_row(view, titles, found) for vendor in vendors for found in vendor_states(vendor, view.today)]


def _row(view: PageView, titles: Mapping[str, str], found: EngagementState) -> PageRow:
    vendor, engagement, state = found.vendor, found.engagement, found.state
    badge: str = engagement.status if state == "in_force" else state
    is_coming = state == "announced" and engagement.starts_on is not None
    if engagement.ends_on is not None and state not in PAST and not is_coming:
        badge = "ending"
    short = None
    if engagement.short_notice and engagement.announced.required:
        status = notice_status(engagement.announced, engagement.starts_on, view.promises.zone)
        short = shortfall(view.language, status)
    products = engagement.products
    of_all = (item.id for item in view.register.products) if products and products.all else ()
    marks: dict[str, Iterable[str]] = {
        "category": [engagement.category],
        "status": [engagement.status if state == "in_force" else state],
        "country": dict.fromkeys(place.country for place in engagement.locations or ()),
        "product": [*of_all, *(products.ids if products else ())],
    }
    return PageRow(
        vendor=vendor,
        engagement=engagement,
        state=state,
        status=titles.get(engagement.status) or capital(view.language.code("status", engagement.status)),
        badge=badge,
        short_notice=short,
        marks={f"data-{name}": " ".join(values) for name, values in marks.items() if values},
        is_outside=any(is_outside_eea(place.country) for place in engagement.locations or ()),
    )


def is_engaged(row: PageRow) -> bool:
    """Tell whether a use, current or announced, is a sub-processor's (GDPR Article 28(2))."""
    return row.state in {"in_force", "announced"} and _processes(row)


def _processes(row: PageRow) -> bool:
    """Tell whether a vendor is a sub-processor in a use, and not a controller of its own."""
    return row.vendor.role != "independent_controller" and gets_data(row)


def gets_data(row: PageRow) -> bool:
    """Tell whether a use processes customer personal data."""
    return row.engagement.data_scope != ()


Choice = tuple[str, str, int, bool]
"""A filter value, its label, the number of rows with it, and whether the publisher defined it."""


def filters(view: PageView, rows: Sequence[PageRow]) -> Iterator[tuple[str, str, list[Choice]]]:
    """Yield the filters that have at least two values: parameter name, label, choices.

    The publisher's values come first, then the page's own, then values without a label.
    """
    language, register = view.language, view.register
    text, of_rows = language.text, defaultdict[str, Counter[str]](Counter)
    for row in rows:
        for mark, marked in row.marks.items():
            of_rows[mark.removeprefix("data-")].update(marked.split())
    countries = {code: language.country(code) for code in of_rows["country"]}
    later = {
        "announced": text("Upcoming"),
        "ended": text("Former"),
        "cancelled": text("Cancelled before it took effect"),
    }
    by_name = dict(sorted(countries.items(), key=lambda item: item[1]))
    kinds: tuple[tuple[str, str, Iterable[Category | Product | StatusText], dict[str, str]], ...] = (
        ("category", text("Category"), register.categories, {}),
        ("status", text("Status"), register.statuses, later),
        ("country", text("Country"), (), by_name),
        ("product", text("Product"), register.products, {}),
    )
    for name, label, items, ours in kinds:
        own, counted = {item.id: item.title for item in items}, of_rows[name]
        words = {**ours, **own}
        values = (value for value in dict.fromkeys((*own, *ours, *counted)) if value in counted)
        choices = [
            (value, words.get(value) or capital(value), counted[value], value in own) for value in values
        ]
        if len(choices) > 1:
            yield name, label, choices


_SHOWN_ON_ALL = ("register", "url", "publisher", "notice", "statuses", "categories", "products", "recorded")
"""Fields of the register that every vendor's page displays."""


def vendors_to_write(
    before: Register | None, day_before: dt.date, after: Register, day: dt.date, changed: Collection[str]
) -> list[Subprocessor]:
    """Return the vendors whose page would change."""
    names = {vendor.id: vendor.name for vendor in after.subprocessors}
    if (
        before is None
        or any(names.get(vendor.id) != vendor.name for vendor in before.subprocessors)
        or any(getattr(before, name) != getattr(after, name) for name in _SHOWN_ON_ALL)
    ):
        return list(after.subprocessors)
    old = {vendor.id: vendor for vendor in before.subprocessors}
    return [
        vendor
        for vendor in after.subprocessors
        if vendor.id in changed
        or old.get(vendor.id) != vendor
        or _shown(vendor, day_before) != _shown(vendor, day)
    ]


def _shown(vendor: Subprocessor, day: dt.date) -> tuple[Subprocessor, list[str], list[bool]]:
    """Return what a vendor's page displays on a day: vendor, states of its uses, expired certifications."""
    current = vendor_on(vendor, day)
    expired = [
        item.valid_until is not None and item.valid_until < day for item in current.certifications or ()
    ]
    return current, [row.state for row in vendor_states(vendor, day)], expired


_MAX_WORDS = 120


def ahead(view: PageView) -> Iterator[tuple[Upcoming, Subprocessor, str, str | None, str | None]]:
    """Yield upcoming events, nearest first: event, vendor, subject, notice given, reason for short notice.

    An objection deadline has a row of its own only if the change that it belongs to has already begun.
    """
    events = upcoming(view.register, view.today, view.promises.zone)
    about = operator.attrgetter("subprocessor", "engagement", "planned")
    covered = {about(event) for event in events if event.what not in {"objection_deadline", "end"}}
    titles = EventTitles(view.language, view.register, view.today)
    for event in events:
        if event.what == "objection_deadline" and about(event) in covered:
            continue
        vendor, use, planned = titles.entries(event)
        what = shorten(use.purpose, _MAX_WORDS) if use else ""
        if planned is not None:
            what = capital(titles.fields(event, planned))
        notice, late = notice_given(view.language, event.notice), planned or use
        reason = late.short_notice.reason if notice and late and late.short_notice else None
        yield event, vendor, what, notice, reason


def countries(view: PageView, all_rows: Iterable[PageRow]) -> list[dict[str, Any]]:
    """Return the countries where customer personal data is or will be processed, non-EEA ones first."""
    rows_by_country: dict[str, list[PageRow]] = {}
    for row in all_rows:
        if row.state not in PAST and gets_data(row):
            for code in dict.fromkeys(place.country for place in row.engagement.locations or ()):
                rows_by_country.setdefault(code, []).append(row)
    say, found = Values(view.language), []
    for code, rows in rows_by_country.items():
        in_use = dict.fromkeys(row.vendor.name for row in rows if row.state == "in_force")
        stated = (
            say.mechanism(item)
            for row in rows
            for item in row.engagement.transfers or ()
            if item.destination in (code, "worldwide") and item.mechanism != OPENLY_UNSTATED
        )
        country = {
            "code": code,
            "in_use": list(in_use),
            "others": list(dict.fromkeys(row.vendor.name for row in rows if row.vendor.name not in in_use)),
            "mechanisms": None if is_in_eea(code) else tuple(dict.fromkeys(stated)),
            "unstated": any(code in without_mechanism(row.engagement) for row in rows),
        }
        found.append(country)
    return sorted(found, key=lambda row: (row["mechanisms"] is None, view.language.country(str(row["code"]))))


def vendor_counts(all_rows: list[PageRow]) -> list[int]:
    """Count vendors: used, conditional, upcoming, available, controllers, without customer personal data."""
    left = {row.vendor.id for row in all_rows if row.state not in PAST}
    found = []
    for fits in _GROUPS:
        vendors = {row.vendor.id for row in all_rows if fits(row)} & left
        found.append(len(vendors))
        left -= vendors
    return found


_GROUPS: tuple[Callable[[PageRow], bool], ...] = (
    lambda row: row.state == "in_force" and row.engagement.status == "active" and _processes(row),
    lambda row: row.state == "in_force" and _processes(row),
    lambda row: row.state == "announced" and _processes(row),
    lambda row: row.state == "available" and _processes(row),
    lambda row: row.vendor.role == "independent_controller",
    lambda row: not gets_data(row),
)
"""A vendor is counted in the first of these that one of its engagements matches."""
