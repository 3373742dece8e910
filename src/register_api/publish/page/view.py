"""What pages show, worked out before any HTML: rows with their state on a day.

Pages are static. They say the day their states were worked out for, and show dates beside them, so that
what they say stays true when it is read later; ``vendors_to_write`` says which have to be made again.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from register_api.core.countries import is_outside_eea
from register_api.core.language.language import Language, capital, message
from register_api.core.language.notice import shortfall
from register_api.core.model import Category, Engagement, Product, Register, StatusText, Subprocessor
from register_api.core.notice_period import NoticeStatus, Promises, notice_status
from register_api.core.timeline import EngagementState, State, engagement_states, vendor_on, vendor_states
from register_api.publish.page.version_history import ToldVersion

GONE: dict[State, str] = {
    "withdrawn": message("Removed (listed in error)"),
    "cancelled": message("Cancelled before it took effect"),
}
"""States of what is not used and never will be, in words."""


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """All that the pages of the newest version need."""

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
        look: How the badge is coloured: a state, or ``conditional`` or ``ending``.
        short_notice: How the promise was not kept, in words.
        marks: What it is filtered by, as attributes: values, with spaces between them.
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


def is_engaged(row: PageRow) -> bool:
    """Tell whether a use is a sub-processor's in the sense of GDPR Article 28(2), in use or announced."""
    engaged = row.state in {"in_force", "announced"}
    return engaged and row.vendor.role != "independent_controller" and gets_data(row)


def gets_data(row: PageRow) -> bool:
    """Tell whether a use processes customer personal data."""
    return row.engagement.data_scope != ()


class Choice(msgspec.Struct, frozen=True):
    """A value of a filter.

    Attributes:
        value: As rows are marked with it.
        uses: How many rows have it.
        own: Whether the label is a text of the publisher's.
    """

    value: str
    label: str
    uses: int
    own: bool


class Filter(msgspec.Struct, frozen=True):
    """A filter of which one value is chosen: its name in the address, and what it offers."""

    name: str
    label: str
    choices: list[Choice]


class Filters(msgspec.Struct, frozen=True):
    """All filters of the page.

    Attributes:
        choices: Those of which a value is chosen, as far as there are two to choose from.
        outside: How many have a place outside the EEA.
    """

    choices: list[Filter]
    in_use: int
    outside: int


def filters(view: PageView, rows: Sequence[PageRow]) -> Filters | None:
    """Return by what rows can be filtered; ``None`` if there are none."""
    if not rows:
        return None
    found = [
        Filter(name, label, list(_choices(name, own, ours, rows)))
        for name, label, own, ours in _kinds(view, rows)
    ]
    return Filters(
        choices=[each for each in found if len(each.choices) > 1],
        in_use=sum(row.state == "in_force" for row in rows),
        outside=sum(row.is_outside for row in rows),
    )


def _kinds(
    view: PageView, rows: Sequence[PageRow]
) -> Iterator[tuple[str, str, Mapping[str, str], Mapping[str, str]]]:
    """Yield name and label of each filter, and its values in words: the publisher's, then the page's.

    They are offered in that order.
    """
    language, register = view.language, view.register
    countries = {code: language.country(code) for code in _counted("country", rows)}
    later = {
        "announced": language.text("Upcoming"),
        "ended": language.text("Former"),
        "cancelled": language.text(GONE["cancelled"]),
    }
    yield "category", language.text("Category"), _titles(register.categories), {}
    yield "status", language.text("Status"), _titles(register.statuses), later
    yield "country", language.text("Country"), {}, dict(sorted(countries.items(), key=lambda item: item[1]))
    yield "product", language.text("Product"), _titles(register.products), {}


def _titles(items: Iterable[Category | Product | StatusText]) -> dict[str, str]:
    return {item.id: item.title for item in items}


def _choices(
    name: str, own: Mapping[str, str], ours: Mapping[str, str], rows: Sequence[PageRow]
) -> Iterator[Choice]:
    """Yield the values that occur; last those without words, which a register may have, by their names."""
    found, words = _counted(name, rows), {**ours, **own}
    for value in dict.fromkeys((*own, *ours, *found)):
        if value in found:
            yield Choice(value, words.get(value) or capital(value), found[value], value in own)


def _counted(name: str, rows: Sequence[PageRow]) -> Counter[str]:
    return Counter(value for row in rows for value in row.marks.get(f"data-{name}", "").split())


_SHOWN_ON_ALL = ("register", "url", "publisher", "notice", "statuses", "categories", "products", "recorded")
"""Fields of the register that every vendor's page shows."""


def vendors_to_write(
    before: Register | None, day_before: dt.date, after: Register, day: dt.date, told: Collection[str]
) -> list[Subprocessor]:
    """Return the vendors whose page would say something else than it does."""
    if before is None or _all_change(before, after):
        return list(after.subprocessors)
    old = {vendor.id: vendor for vendor in before.subprocessors}
    return [
        vendor
        for vendor in after.subprocessors
        if vendor.id in told
        or old.get(vendor.id) != vendor
        or _shown(vendor, day_before) != _shown(vendor, day)
    ]


def _all_change(before: Register, after: Register) -> bool:
    names = {vendor.id: vendor.name for vendor in after.subprocessors}
    renamed = any(names.get(vendor.id) != vendor.name for vendor in before.subprocessors)
    return renamed or any(getattr(before, name) != getattr(after, name) for name in _SHOWN_ON_ALL)


def _shown(vendor: Subprocessor, day: dt.date) -> tuple[Subprocessor, list[str], list[bool]]:
    """Return what a vendor's page shows on a day: itself, the states of its uses, what has expired."""
    shown = vendor_on(vendor, day)
    expired = [item.valid_until is not None and item.valid_until < day for item in shown.certifications or ()]
    return shown, [row.state for row in vendor_states(vendor, day)], expired
