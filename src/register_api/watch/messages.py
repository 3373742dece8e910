"""Messages to who is responsible for a vendor: alerts at once, a digest a day, reminders; each thing once."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from register_api.core.language.language import ENGLISH, count
from register_api.core.text import escaped
from register_api.sending.database import Row, Run
from register_api.sending.outbox import Leased
from register_api.watch.inbox import UNDECIDED
from register_api.watch.news import AT_ONCE
from register_api.watch.settings import Here

_UNTOLD = f"""
    SELECT news.id, heard_by FROM
        (SELECT *, coalesce(nullif(?, ''), owner) AS heard_by FROM news WHERE ? IN ('', owner)) AS news
        JOIN vendors ON vendors.id = news.vendor
    WHERE concerns = 1 AND heard_by <> '' AND vendors.closed_at IS NULL AND {UNDECIDED} AND NOT EXISTS
        (SELECT 1 FROM told WHERE told.news = news.id AND told.recipient = heard_by AND told.kind = 'news')
        AND ({{more}}) ORDER BY news.id
"""
_AT_ONCE = f"class IN ({', '.join('?' * len(AT_ONCE))}) OR deadline >= ?"
_NOT_TODAY = (
    "NOT EXISTS (SELECT 1 FROM deliveries WHERE recipient = heard_by"
    " AND deliveries.kind = 'digest' AND day = ?)"
)
_LIVE = f"""
    SELECT news.id, vendors.name AS vendor, critical, title, deadline, deadline_of, detail FROM told
        JOIN news ON news.id = told.news JOIN vendors ON vendors.id = news.vendor
    WHERE told.delivery = ? AND {UNDECIDED} ORDER BY deadline IS NULL, deadline, vendors.name, news.id
"""
MOST_NEWS = 200
"""So many pieces of news stand in one message; of more only the number."""

_SUBJECTS = {
    "alert": "Your vendors: {count} to look at now",
    "digest": "Your vendors: {count} of news",
    "reminder": "Your vendors: {count} to decide on soon",
}


class DueMessage(Leased, frozen=True, kw_only=True):
    """A row of the outbox: an alert, a digest or a reminder to somebody."""

    recipient: str
    kind: str


class Audience(NamedTuple):
    """Who is told by a channel: each owner by mail, or a webhook.

    Attributes:
        recipient: Name of the webhook; empty: the owner of each piece of news.
        owner: Whose news are told; empty: everybody's.
    """

    channel: str = "mail"
    recipient: str = ""
    owner: str = ""


class Reminder(NamedTuple):
    """Something to remind somebody of, who has so many days to object, or less."""

    news: str
    owner: str
    days_before: int


class Text(NamedTuple):
    """What a message says: each piece of news is some sentences."""

    subject: str
    rows: list[Row]
    pieces: list[list[str]]

    def shortened(self, most: int, join: str) -> list[str]:
        """Return at most so many pieces, each in one text, and how many more there are."""
        texts = [join.join(sentences) for sentences in self.pieces[:most]]
        more = len(self.pieces) - most
        return [*texts, f"And {more} more: register-api watch inbox"] if more > 0 else texts

    @property
    def mail(self) -> str:
        """The text of a mail."""
        decide = "To decide: register-api watch decide ID accepted|objected|not_concerned"
        return "\n\n".join([*self.shortened(MOST_NEWS, "\n"), decide]) + "\n"


def make_due(run: Run, here: Here) -> list[DueMessage]:
    """Put into the outbox what has to be told, within a transaction of the caller's.

    At once goes what has a last day to object that lies ahead, and what shakes the trust in a register; the
    rest once a day from ``digest_hour`` on. What nobody is responsible for, or was decided, is not told.
    """
    near, today, made = list(reminders(run, here)), here.today.isoformat(), list[DueMessage]()
    hooks = [Audience(hook.format, hook.name, hook.owner) for hook in here.settings.webhooks]
    for audience in hooks if hooks and not here.settings.sender else [Audience(), *hooks]:
        untold = _untold(run, audience, _AT_ONCE, *sorted(AT_ONCE), today)
        made += _told(run, audience, "alert", untold, here)
        reminded = (
            (audience.recipient or each.owner, each.news, f"reminder-{each.days_before}")
            for each in near
            if audience.owner in {"", each.owner}
        )
        made += _told(run, audience, "reminder", reminded, here)
        if here.hour >= here.settings.digest_hour:
            made += _told(run, audience, "digest", _untold(run, audience, _NOT_TODAY, today), here)
    return made


_Items = Iterable[tuple[str, str, str]]
"""To whom, which piece of news, and whether it is new or a reminder."""


def _untold(run: Run, audience: Audience, more: str, *values: str) -> _Items:
    rows = run(_UNTOLD.format(more=more), audience.recipient, audience.owner, *values)
    return [(row["heard_by"], row["id"], "news") for row in rows]


def _told(run: Run, audience: Audience, kind: str, items: _Items, here: Here) -> list[DueMessage]:
    """Make one row for each recipient; what another process has told meanwhile is left to it."""
    made: dict[str, DueMessage] = {}
    for to, news, told in items:
        if to and to not in made:
            id_, channel = secrets.token_hex(16), audience.channel
            made[to] = DueMessage(id=id_, channel=channel, attempts=0, unknowns=0, recipient=to, kind=kind)
            run(
                "INSERT INTO deliveries (id, channel, state, state_at, due_at, recipient, kind, day)"
                " VALUES (?, ?, 'due', ?, ?, ?, ?, ?)",
                *(id_, channel, here.at, here.at, to, kind, here.today.isoformat()),
            )
        if to:
            run("INSERT INTO told VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", news, to, told, made[to].id)
    return list(made.values())


def reminders(run: Run, here: Here) -> Iterator[Reminder]:
    """Yield what has to be reminded of, each once; a reminder that was missed is made up for by the next."""
    days_before = here.settings.reminder_days
    last = here.today + dt.timedelta(days=max(days_before, default=-1))
    rows = run(
        "SELECT news.id, news.owner, deadline, seen_at FROM news JOIN vendors ON vendors.id = news.vendor"
        " WHERE deadline BETWEEN ? AND ? AND concerns = 1 AND vendors.closed_at IS NULL"
        f" AND {UNDECIDED} ORDER BY deadline, news.id",
        *(here.today.isoformat(), last.isoformat()),
    )
    for row in rows:
        deadline = dt.date.fromisoformat(row["deadline"])
        step = min(days for days in days_before if days >= (deadline - here.today).days)
        seen_on = here.day(dt.datetime.fromtimestamp(row["seen_at"], dt.UTC))
        if seen_on < deadline - dt.timedelta(days=step) and run(
            "INSERT INTO reminders VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING news", row["id"], step
        ):
            yield Reminder(row["id"], row["owner"], step)


def text_of(run: Run, due: DueMessage, here: Here) -> Text | None:
    """Return what a row of the outbox says, without what is decided; ``None`` once all of it is."""
    rows = run(_LIVE, due.id)
    if not rows:
        return None
    subject = _SUBJECTS[due.kind].format(count=count(len(rows), "piece"))
    return Text(subject, rows, [_sentences(row, here.today) for row in rows])


def _sentences(row: Row, today: dt.date) -> list[str]:
    critical = " (critical)" if row["critical"] else ""
    lines = [f"{escaped(row['vendor'])}{critical}: {escaped(row['title'])}"]
    if row["deadline"]:
        day = dt.date.fromisoformat(row["deadline"])
        days = (day - today).days
        left = f"{count(days, 'day')} left" if days >= 0 else "over"
        lines.append(f"Last day to object: {ENGLISH.day(day)}, by the {row['deadline_of']} ({left})")
        if to := msgspec.json.decode(row["detail"]).get("object_to"):
            lines.append(f"Object at: {escaped(to)}")
    return [*lines, f"ID: {row['id']}"]


def preview(run: Run, here: Here) -> list[tuple[DueMessage, Text]]:
    """Return what would be sent now, of the digest's hour whatever it is; for a transaction to be undone."""
    anytime = here._replace(settings=msgspec.structs.replace(here.settings, digest_hour=0))
    texts = ((due, text_of(run, due, here)) for due in make_due(run, anytime))
    return [(due, text) for due, text in texts if text is not None]
