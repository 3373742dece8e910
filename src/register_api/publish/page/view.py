"""What pages show, worked out before any HTML: rows with their state on the day of publication.

Pages are static. They say the day their states were worked out for, and show dates beside them,
so that what they say stays true when it is read later.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from register_api.core import calendar, timeline
from register_api.core.diff.changes import Diff
from register_api.core.diff.wording import english_date
from register_api.core.model import Engagement, Register, Subprocessor
from register_api.core.notice import Promises
from register_api.core.timeline import State
from register_api.core.two_clocks import Standing, standing, standing_of
from register_api.publish.page.labels import days_of_notice


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """All that the pages of the newest version need.

    Attributes:
        register: The newest version.
        diff: What it changed.
        promises: Every notice promise so far, with the publisher's time zone.
        today: Day (in that zone) for which states are worked out.
        size: Size of the log.
        root_hash: Root hash of the log, 32 bytes.
    """

    register: Register
    diff: Diff
    promises: Promises
    today: dt.date
    size: int
    root_hash: bytes


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An engagement as a page shows it.

    Attributes:
        badge: State in words, with its date.
        look: How the badge is coloured: a state, or ``conditional`` or ``ending``.
        short_notice: Days given and promised, where the promise was not kept.
    """

    vendor: Subprocessor
    engagement: Engagement
    state: State
    badge: str
    look: str
    short_notice: str | None


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """A start or an end that lies ahead, with its row and the notice given for a start."""

    event: timeline.Upcoming
    row: Row
    notice: str | None


def rows(view: PageView) -> list[Row]:
    """Return all engagements in the register's order of reading."""
    return [_row(view, found) for found in standing(view.register, view.today)]


def rows_of(view: PageView, vendor: Subprocessor) -> list[Row]:
    """Return one vendor's engagements."""
    return [_row(view, found) for found in standing_of(vendor, view.today)]


def upcoming(view: PageView, all_rows: list[Row]) -> list[Ahead]:
    """Return what will start or end after the day of the page, the nearest first."""
    by_id = {(row.vendor.id, row.engagement.id): row for row in all_rows}
    return [
        _ahead(view, event, by_id[event.subprocessor, event.engagement])
        for event in timeline.upcoming(view.register, view.today)
    ]


def notice_given(view: PageView, engagement: Engagement) -> tuple[int, int] | None:
    """Return days of notice given and promised for an engagement's start, where both are known."""
    announced = engagement.announced
    announced_on = calendar.local_day(announced.at, view.promises.zone)
    promise = next(view.promises.binding(announced.version, announced_on), None)
    if promise is None or engagement.starts_on is None or view.promises.is_baseline(announced.version):
        return None
    return calendar.days_of_notice(announced_on, engagement.starts_on, promise), promise.days


def _row(view: PageView, found: Standing) -> Row:
    vendor, engagement, state = found.vendor, found.engagement, found.state
    badge, look = _badge(view.register, engagement, state)
    given = notice_given(view, engagement) if engagement.short_notice else None
    short = days_of_notice(*given, view.register.notice) if given else None
    return Row(vendor=vendor, engagement=engagement, state=state, badge=badge, look=look, short_notice=short)


def _badge(register: Register, engagement: Engagement, state: State) -> tuple[str, str]:
    """Return a state in words, and its look."""
    starts_on, ends_on = engagement.starts_on, engagement.ends_on
    if state == "announced" and starts_on is not None:
        return f"announced, from {english_date(starts_on)}", state
    if state == "ended" and ends_on is not None:
        return f"ended on {english_date(ends_on)}", state
    if state == "withdrawn":
        return "withdrawn: listed by mistake", state
    title = next(
        (item.title for item in register.statuses if item.id == engagement.status), engagement.status
    )
    if ends_on is not None:
        return f"{title}, ends on {english_date(ends_on)}", "ending"
    return title, engagement.status if state == "in_force" else state


def _ahead(view: PageView, event: timeline.Upcoming, row: Row) -> Ahead:
    given = notice_given(view, row.engagement) if event.what == "starts" else None
    return Ahead(event=event, row=row, notice=days_of_notice(*given, view.register.notice) if given else None)
