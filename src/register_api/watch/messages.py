"""Messages to who is responsible for a vendor: alerts at once, a digest a day, reminders; each thing once."""

from __future__ import annotations

import datetime as dt
import html
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from register_api.clock import zone_of
from register_api.core.calendar import local_day
from register_api.core.language.language import ENGLISH, count
from register_api.core.printable import escaped
from register_api.sending.database import Row
from register_api.sending.mail import Addressed, Message, content_of, envelope, written
from register_api.sending.outbox import Leased, SendResult
from register_api.watch.inbox import UNDECIDED
from register_api.watch.record import AT_ONCE
from register_api.watch.reminders import due as due_reminders
from register_api.watch.settings import WatchSettings

_MOST = 200
"""So many pieces of news stand in one message; of more only the number."""

_UNTOLD = f"""
    SELECT news.id, heard_by FROM
        (SELECT *, coalesce(nullif(?, ''), owner) AS heard_by FROM news WHERE ? IN ('', owner)) AS news
        JOIN vendors ON vendors.id = news.vendor
    WHERE concerns = 1 AND heard_by <> '' AND vendors.closed_at IS NULL AND {UNDECIDED} AND NOT EXISTS
        (SELECT 1 FROM told WHERE told.news = news.id AND told.recipient = heard_by AND told.kind = 'news')
"""
_LIVE = f"""
    SELECT news.id, vendors.name AS vendor, critical, title, deadline, deadline_of, detail FROM told
        JOIN news ON news.id = told.news JOIN vendors ON vendors.id = news.vendor
    WHERE told.delivery = ? AND {UNDECIDED} ORDER BY deadline IS NULL, deadline, vendors.name, news.id
"""


NOTHING_LEFT = SendResult("opted_out", "all of it is decided, or was told by another process")


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


def _audiences(settings: WatchSettings) -> list[Audience]:
    mail = [Audience()] if settings.sender or not settings.webhooks else []
    return mail + [Audience(hook.format, hook.name, hook.owner) for hook in settings.webhooks]


class Moment(NamedTuple):
    """When it is: the instant, and the day and hour in our time zone."""

    now: dt.datetime
    today: dt.date
    hour: int

    @classmethod
    def of(cls, now: dt.datetime, settings: WatchSettings) -> Moment:
        """Return the moment of an instant."""
        zone = zone_of(settings.time_zone)
        return cls(now, local_day(now, zone), now.astimezone(zone).hour)


def make_due(run: Callable[..., list[Row]], settings: WatchSettings, moment: Moment) -> list[DueMessage]:
    """Put into the outbox what has to be told, within a transaction of the caller's.

    At once goes what has a last day to object that lies ahead, and what shakes the trust in a register; the
    rest once a day from ``digest_hour`` on. What nobody is responsible for, or was decided, is not told.

    Args:
        run: Runs a statement.
        settings: Hours, days and time zone.
        moment: When it is.
    """
    zone = zone_of(settings.time_zone)
    near = list(due_reminders(run, moment.now, zone, settings.reminder_days))
    made = []
    for audience in _audiences(settings):
        made += _told(run, audience, "alert", _at_once(run, audience, moment), moment)
        reminders = (
            (audience.recipient or each.owner, each.news, f"reminder-{each.days_before}")
            for each in near
            if audience.owner in {"", each.owner}
        )
        made += _told(run, audience, "reminder", reminders, moment)
        if moment.hour >= settings.digest_hour:
            made += _told(run, audience, "digest", _rest(run, audience, moment), moment)
    return made


_Items = Iterable[tuple[str, str, str]]
"""To whom, which piece of news, and whether it is new or a reminder."""


def _at_once(run: Callable[..., list[Row]], audience: Audience, moment: Moment) -> _Items:
    classes = ", ".join("?" for _ in AT_ONCE)
    rows = run(
        f"{_UNTOLD} AND (class IN ({classes}) OR deadline >= ?) ORDER BY news.id",
        *(audience.recipient, audience.owner, *sorted(AT_ONCE), moment.today.isoformat()),
    )
    return [(row["heard_by"], row["id"], "news") for row in rows]


def _rest(run: Callable[..., list[Row]], audience: Audience, moment: Moment) -> _Items:
    rows = run(
        f"{_UNTOLD} AND NOT EXISTS (SELECT 1 FROM deliveries WHERE recipient = heard_by"
        " AND deliveries.kind = 'digest' AND day = ?) ORDER BY news.id",
        *(audience.recipient, audience.owner, moment.today.isoformat()),
    )
    return [(row["heard_by"], row["id"], "news") for row in rows]


def _told(
    run: Callable[..., list[Row]], audience: Audience, kind: str, items: _Items, moment: Moment
) -> list[DueMessage]:
    """Make one row for each recipient; what another process has told meanwhile is left to it."""
    made: dict[str, DueMessage] = {}
    at = int(moment.now.timestamp())
    channel = audience.channel
    for to, news, told in items:
        if not to:
            continue
        if to not in made:
            made[to] = DueMessage(
                id=secrets.token_hex(16), channel=channel, attempts=0, unknowns=0, recipient=to, kind=kind
            )
            run(
                "INSERT INTO deliveries (id, channel, state, state_at, due_at, recipient, kind, day)"
                " VALUES (?, ?, 'due', ?, ?, ?, ?, ?)",
                *(made[to].id, channel, at, at, to, kind, moment.today.isoformat()),
            )
        run("INSERT INTO told VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", news, to, told, made[to].id)
    return list(made.values())


_SUBJECTS = {
    "alert": "Your vendors: {count} to look at now",
    "digest": "Your vendors: {count} of news",
    "reminder": "Your vendors: {count} to decide on soon",
}


class Text(NamedTuple):
    """What a mail says."""

    subject: str
    body: str


def news_of(run: Callable[..., list[Row]], due: DueMessage) -> list[Row]:
    """Return the news that a row of the outbox tells of, without what is decided."""
    return run(_LIVE, due.id)


def subject_of(due: DueMessage, rows: Sequence[Row]) -> str:
    """Return what a message is about."""
    return _SUBJECTS[due.kind].format(count=count(len(rows), "piece"))


def text_of(run: Callable[..., list[Row]], due: DueMessage, today: dt.date) -> Text | None:
    """Return what a row of the outbox says; ``None`` once all of it is decided."""
    rows = news_of(run, due)
    if not rows:
        return None
    parts = ["\n".join(sentences(row, today)) for row in rows[:_MOST]]
    if len(rows) > _MOST:
        parts.append(f"And {len(rows) - _MOST} more: register-api watch inbox")
    parts.append("To decide: register-api watch decide ID accepted|objected|not_concerned")
    return Text(subject_of(due, rows), "\n\n".join(parts) + "\n")


def sentences(row: Row, today: dt.date) -> list[str]:
    """Return what is said of a piece of news."""
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


def compose(
    run: Callable[..., list[Row]],
    settings: WatchSettings,
    due: DueMessage,
    body: bytes | None,
    moment: Moment,
) -> Message | SendResult:
    """Write the mail of a row, or say why there is none."""
    if body is not None:
        return envelope(settings, due.id, due.recipient, body)
    text = text_of(run, due, moment.today)
    if text is None:
        return NOTHING_LEFT
    page = f'<pre style="white-space: pre-wrap; font: inherit">{html.escape(text.body)}</pre>\n'
    to = Addressed(due.id, due.recipient, "", text.subject, {})
    try:
        return written(settings, to, content_of(text.body, page), moment.now)
    except ValueError as error:  # a header that the library refuses to write
        return SendResult("refused", f"the mail cannot be written: {type(error).__name__}")


def preview(
    run: Callable[..., list[Row]], settings: WatchSettings, moment: Moment
) -> Sequence[tuple[DueMessage, Text]]:
    """Return what would be sent now, of the digest's hour whatever it is; for a transaction to be undone."""
    made = make_due(run, settings, moment._replace(hour=24))
    texts = ((due, text_of(run, due, moment.today)) for due in made)
    return [(due, text) for due, text in texts if text is not None]
