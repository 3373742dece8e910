"""Reminders of deadlines that come near while nobody has decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from register_api.core.calendar import local_day
from register_api.sending.database import Row
from register_api.watch.inbox import UNDECIDED


class Reminder(NamedTuple):
    """Something to remind somebody of.

    Attributes:
        news: Id of the news.
        owner: Mail address of whoever is responsible, or an empty text.
        deadline: The last day to object.
        days_before: Which of the reminders it is: so many days before the deadline, or less.
    """

    news: str
    vendor: str
    owner: str
    title: str
    deadline: dt.date
    days_before: int


def due(
    run: Callable[..., list[Row]], now: dt.datetime, zone: dt.tzinfo, days_before: Sequence[int]
) -> Iterator[Reminder]:
    """Yield what has to be reminded of, each once; a reminder that was missed is made up for by the next."""
    today = local_day(now, zone)
    last = today + dt.timedelta(days=max(days_before, default=-1))
    rows = run(
        "SELECT news.id, vendor, news.owner, title, deadline, seen_at FROM news"
        " JOIN vendors ON vendors.id = news.vendor WHERE deadline BETWEEN ? AND ? AND concerns = 1"
        f" AND vendors.closed_at IS NULL AND {UNDECIDED} ORDER BY deadline, news.id",
        *(today.isoformat(), last.isoformat()),
    )
    for row in rows:
        deadline = dt.date.fromisoformat(row["deadline"])
        step = min(days for days in days_before if days >= (deadline - today).days)
        seen_on = local_day(dt.datetime.fromtimestamp(row["seen_at"], dt.UTC), zone)
        if seen_on < deadline - dt.timedelta(days=step) and _is_first(run, row["id"], step):
            yield Reminder(row["id"], row["vendor"], row["owner"], row["title"], deadline, step)


def _is_first(run: Callable[..., list[Row]], news: str, step: int) -> bool:
    return bool(run("INSERT INTO reminders VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING news", news, step))
