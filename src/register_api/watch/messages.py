"""Messages to vendor owners, each news item once: immediate alerts, a daily digest, reminders."""

from __future__ import annotations

import datetime as dt
import html
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.language.language import ENGLISH, count
from register_api.core.text import escaped
from register_api.errors import Malformed, SendingError, UsageError
from register_api.sending import webhook
from register_api.sending.database import Database, Row, Run, insert
from register_api.sending.mail import Addressed, MailServer, Message, content_of, envelope, written
from register_api.sending.outbox import Leased, Outbox, SendResult
from register_api.sending.sender import Compose, Runtime, Sender, Transport
from register_api.sending.settings import read_text
from register_api.watch.inbox import NEWS, UNDECIDED
from register_api.watch.news import AT_ONCE
from register_api.watch.settings import WatchContext, WatchHook, WatchSettings

_UNREPORTED = f"""
    SELECT news.id, notified FROM
        (SELECT *, coalesce(nullif(?, ''), owner) AS notified FROM news WHERE ? IN ('', owner)) AS news
        JOIN vendors ON vendors.id = news.vendor
    WHERE concerns = 1 AND notified <> '' AND vendors.closed_at IS NULL AND {UNDECIDED} AND NOT EXISTS
        (SELECT 1 FROM told WHERE told.news = news.id AND told.recipient = notified AND told.kind = 'news')
        AND ({{more}}) ORDER BY news.id
"""
_AT_ONCE = f"class IN ({', '.join('?' * len(AT_ONCE))}) OR deadline >= ?"
_NOT_TODAY = (
    "NOT EXISTS (SELECT 1 FROM deliveries WHERE recipient = notified"
    " AND deliveries.kind = 'digest' AND day = ?)"
)
_LIVE = (
    f"{NEWS} JOIN told ON told.news = news.id WHERE told.delivery = ? AND decision IS NULL"
    " ORDER BY deadline IS NULL, deadline, vendors.name, news.id"
)
_MAX_NEWS = 200
"""Maximum news items in one message; of the rest only the number is given."""

_SUBJECTS = {
    "alert": "Your vendors: {count} to review now",
    "digest": "Your vendors: {count} to review",
    "reminder": "Your vendors: {count} to decide soon",
}


class Text(NamedTuple):
    """The content of a message; each news item is a list of sentences."""

    subject: str
    rows: list[Row]
    pieces: list[list[str]]

    def shortened(self, limit: int, join: str) -> list[str]:
        """Return at most ``most`` items, each as one text, and a line with the number of the others."""
        texts = [join.join(sentences) for sentences in self.pieces[:limit]]
        more = len(self.pieces) - limit
        return [*texts, f"And {more} more: register-api watch inbox"] if more > 0 else texts

    @property
    def mail(self) -> str:
        """The plain text of a mail."""
        decide = "To decide: register-api watch decide ID accepted|objected|not_concerned"
        return "\n\n".join([*self.shortened(_MAX_NEWS, "\n"), decide]) + "\n"


def queue_messages(run: Run, context: WatchContext) -> list[Leased]:
    """Queue all messages that are due, within the caller's transaction.

    News with an open objection deadline or about a compromised register is sent immediately, the rest once a
    day after ``digest_hour``. News that has no owner or has been decided is not sent.
    """
    near, today, made = list(reminders(run, context)), context.today.isoformat(), list[Leased]()
    hooks = [(hook.format, hook.name, hook.owner) for hook in context.settings.webhooks]
    mail = [("mail", "", "")] if context.settings.sender or not hooks else []
    for channel, hook, only in [*mail, *hooks]:
        unreported = _unreported(run, _AT_ONCE, hook, only, *sorted(AT_ONCE), today)
        made += _queue(run, channel, "alert", unreported, context)
        reminded = [
            (hook or owner, news, f"reminder-{days}") for news, owner, days in near if only in {"", owner}
        ]
        made += _queue(run, channel, "reminder", reminded, context)
        if context.now.astimezone(zone_of(context.settings.time_zone)).hour >= context.settings.digest_hour:
            made += _queue(run, channel, "digest", _unreported(run, _NOT_TODAY, hook, only, today), context)
    return made


_Items = Iterable[tuple[str, str, str]]
"""Recipient, news id, and ``news`` or the kind of reminder."""


def _unreported(run: Run, condition: str, *values: str) -> _Items:
    return [(row["notified"], row["id"], "news") for row in run(_UNREPORTED.format(more=condition), *values)]


def _queue(run: Run, channel: str, kind: str, items: _Items, context: WatchContext) -> list[Leased]:
    """Queue one message per recipient; items already queued by another process are skipped."""
    made: dict[str, Leased] = {}
    for to, news, reason in items:
        if to and to not in made:
            row: Row = {"id": secrets.token_hex(16), "channel": channel, "recipient": to, "kind": kind}
            made[to] = msgspec.convert(row, Leased)
            row |= {
                "state": "due",
                "state_at": context.at,
                "due_at": context.at,
                "day": context.today.isoformat(),
            }
            insert(run, "deliveries", row)
        if to:
            run("INSERT INTO told VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", news, to, reason, made[to].id)
    return list(made.values())


def reminders(run: Run, context: WatchContext) -> Iterator[tuple[str, str, int]]:
    """Yield news id, owner and days before the deadline of due reminders; the next replaces a missed one."""
    days_before = context.settings.reminder_days
    last = context.today + dt.timedelta(days=max(days_before, default=-1))
    rows = run(
        "SELECT news.id, news.owner, deadline, seen_at FROM news JOIN vendors ON vendors.id = news.vendor"
        " WHERE deadline BETWEEN ? AND ? AND concerns = 1 AND vendors.closed_at IS NULL"
        f" AND {UNDECIDED} ORDER BY deadline, news.id",
        *(context.today.isoformat(), last.isoformat()),
    )
    for row in rows:
        deadline = dt.date.fromisoformat(row["deadline"])
        step = min(days for days in days_before if days >= (deadline - context.today).days)
        seen_on = context.day(dt.datetime.fromtimestamp(row["seen_at"], dt.UTC))
        if seen_on < deadline - dt.timedelta(days=step) and run(
            "INSERT INTO reminders VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING news", row["id"], step
        ):
            yield row["id"], row["owner"], step


def text_of(run: Run, due: Leased, context: WatchContext) -> Text | None:
    """Return the text of a queued message without decided news; ``None`` if all of it is decided."""
    rows = run(_LIVE, due.id)
    if not rows:
        return None
    subject = _SUBJECTS[due.kind].format(count=count(len(rows), "item"))
    return Text(subject, rows, [_sentences(row, context.today) for row in rows])


def _sentences(row: Row, today: dt.date) -> list[str]:
    critical = " (critical)" if row["critical"] else ""
    vendor = row["vendor_name"]
    lines = [f"{escaped(vendor)}{critical}: {escaped(row['title'].removeprefix(f'{vendor}: '))}"]
    if row["deadline"]:
        day = dt.date.fromisoformat(row["deadline"])
        days = (day - today).days
        left = f"{count(days, 'day')} left" if days >= 0 else "over"
        lines.append(f"Objection deadline: {ENGLISH.day(day)}, set by the {row['deadline_of']} ({left})")
        if to := msgspec.json.decode(row["detail"]).get("object_to"):
            lines.append(f"Objection contact: {escaped(to)}")
    return [*lines, f"ID: {row['id']}"]


def preview(run: Run, context: WatchContext) -> list[tuple[Leased, Text]]:
    """Return what would be sent now, regardless of ``digest_hour``; for a transaction that is rolled back."""
    anytime = context._replace(settings=msgspec.structs.replace(context.settings, digest_hour=0))
    texts = ((due, text_of(run, due, context)) for due in queue_messages(run, anytime))
    return [(due, text) for due, text in texts if text is not None]


_TYPE = "sub-processor-watch"
_MAX_LINES = 8
_SHORTEST_SECRET = 24
"""Bytes (Standard Webhooks 1.0.0: 24 to 64)."""

_NOTHING_LEFT = SendResult("opted_out", "all of it is decided, or was reported by another process")


class Mailer(Sender):
    """Sends messages to vendor owners; several mailers may share a database."""

    def __init__(self, database: Database, settings: WatchSettings, password: str, runtime: Runtime) -> None:
        self._database, self._settings = database, settings
        self._hooks = {(each.name, str(each.format)): _url_and_secret(each) for each in settings.webhooks}
        outbox = Outbox(database, secrets.token_hex(8), settings.lease_seconds)
        routes: list[tuple[Transport, Compose]] = []
        if settings.webhooks:
            routes.append((webhook.transport_of(settings, runtime.now, "watch"), self._hook))
        if settings.sender:
            routes.append((MailServer(settings, password), self._mail))
        super().__init__(outbox, routes, runtime)

    def send(self) -> Counter[str]:
        """Queue and send all messages that are due; return the number of deliveries by outcome."""
        counts: Counter[str] = Counter()
        if self._routes:
            with self._database.transaction() as run:
                queue_messages(run, self._context())
        self.send_due(counts=counts)
        return counts

    def try_to_send(self) -> None:
        """As `send`, but an unavailable mail server is logged once and does not stop polling."""
        try:
            self.send()
            self.log_once(None)
        except SendingError as error:
            self.log_once(error)

    def _mail(self, due: Leased, body: bytes | None) -> Message | SendResult:
        if body is not None:
            return envelope(self._settings, due.id, due.recipient, body)
        text = text_of(self._database.query, due, self._context())
        if text is None:
            return _NOTHING_LEFT
        page = f'<pre style="white-space: pre-wrap; font: inherit">{html.escape(text.mail)}</pre>\n'
        to = Addressed(due.id, due.recipient, "", text.subject, {})
        try:
            return written(self._settings, to, content_of(text.mail, page), self._runtime.now())
        except ValueError as error:  # the library rejects a header
            return SendResult("refused", f"the email cannot be written: {type(error).__name__}")

    def _hook(self, due: Leased, body: bytes | None) -> webhook.Hook | SendResult:
        known = self._hooks.get((due.recipient, due.channel))
        if known is None:
            return SendResult("refused", "the settings have no such webhook any more")
        if body is None:
            text = text_of(self._database.query, due, self._context())
            if text is None:
                return _NOTHING_LEFT
            body = self._body(due, text)
        url, secret = known
        return webhook.Hook(due.id, url, webhook.CONTENT_TYPES[due.channel], body, secret)

    def _body(self, due: Leased, text: Text) -> bytes:
        page = self._settings.page_address
        if due.channel in webhook.CHATS:
            return webhook.CHATS[due.channel]([text.subject, *text.shortened(_MAX_LINES, "; ")], page)
        names = ("id", "title", "deadline", "deadline_of")
        news = [
            {name: row[name] for name in names}
            | {"vendor": row["vendor_name"], "critical": bool(row["critical"])}
            for row in text.rows[:_MAX_NEWS]
        ]
        source, kind, now = page or f"urn:{_TYPE}", f"{_TYPE}.{due.kind}", self._runtime.now()
        return webhook.event(due.id, source, kind, text.subject, now, {"count": len(text.rows), "news": news})

    def _context(self) -> WatchContext:
        return WatchContext(self._runtime.now(), self._settings)


def _url_and_secret(hook: WatchHook) -> tuple[str, str]:
    """Return the URL and the secret of a webhook; a chat has no secret."""
    url = read_text(hook.url_file, f"webhook {hook.name}: url_file")
    if problem := webhook.hook_url_problem(url):
        raise UsageError(f"webhook {hook.name}: the address in url_file {problem}")
    if not hook.secret_file:
        return url, ""
    secret = read_text(hook.secret_file, f"webhook {hook.name}: secret_file")
    try:
        good = len(strict_base64.decode(secret.removeprefix(webhook.SECRET))) >= _SHORTEST_SECRET
    except Malformed:
        good = False
    if not (good and secret.startswith(webhook.SECRET)):
        raise UsageError(
            f"webhook {hook.name}: secret_file holds no secret",
            hint=f"{webhook.SECRET} and the base64 of {_SHORTEST_SECRET} or more random bytes",
        )
    return url, secret
