"""Sends alerts, digests and reminders through the outbox: by mail to owners, and to webhooks and chats."""

from __future__ import annotations

import contextlib
import html
import secrets
from collections import Counter

from register_api.core import strict_base64
from register_api.core.instant import format_instant
from register_api.errors import Malformed, SendingError, UsageError
from register_api.sending.database import Database
from register_api.sending.mail import Addressed, MailServer, Message, content_of, envelope, written
from register_api.sending.outbox import RETRY_AFTER, Outbox, SendResult
from register_api.sending.sender import Route, Sender, Surroundings
from register_api.sending.settings import read_text
from register_api.sending.webhook import (
    CHATS,
    CONTENT_TYPES,
    SECRET,
    Event,
    Hook,
    hook_url_problem,
    route_of,
    transport_of,
)
from register_api.watch.messages import MOST_NEWS, DueMessage, Text, make_due, text_of
from register_api.watch.settings import Here, WatchHook, WatchSettings

_TYPE = "sub-processor-watch"
_MOST_LINES = 8
_SHORTEST_SECRET = 24
"""Bytes (Standard Webhooks 1.0.0: 24 to 64)."""

_NOTHING_LEFT = SendResult("opted_out", "all of it is decided, or was told by another process")


class Mailer(contextlib.ExitStack):
    """Tells who is responsible; several may share a database. Without sender and webhooks nothing is sent."""

    def __init__(
        self, database: Database, settings: WatchSettings, password: str, around: Surroundings
    ) -> None:
        """Begin without a connection.

        Raises:
            UsageError: A file of a webhook cannot be read.
        """
        super().__init__()
        self._database, self._settings, self._around = database, settings, around
        self._hooks: dict[tuple[str, str], tuple[str, str]] = {
            (each.name, each.format): (_url(each), _secret(each)) for each in settings.webhooks
        }
        self._last_told = ""
        outbox = Outbox(database, DueMessage, secrets.token_hex(8), settings.lease_seconds)
        # Webhooks first, which a mail server that takes nothing does not hold up.
        self._senders: list[Sender[DueMessage]] = []
        if settings.webhooks:
            route = route_of(transport_of(settings, around.now, "watch"))
            self._senders.append(self.enter_context(Sender(outbox, route, self._hook, around)))
        if settings.sender:
            server = MailServer(settings, password)
            route = Route(("mail",), server, settings.mails_per_second, RETRY_AFTER)
            self._senders.append(self.enter_context(Sender(outbox, route, self._mail, around)))

    def send(self) -> Counter[str]:
        """Put into the outbox what has to be told, and send what is due.

        Returns:
            How many messages ended how.

        Raises:
            SendingError: The mail server takes nothing just now; what is due stays due.
        """
        counts: Counter[str] = Counter()
        if self._senders:
            with self._database.transaction() as run:
                make_due(run, self._here())
        for sender in self._senders:
            sender.send_due(counts=counts)
        return counts

    def try_to_send(self) -> None:
        """Do the same; a mail server that takes nothing is told once, and hinders no look at registers."""
        said = ""
        try:
            self.send()
        except SendingError as error:
            said = error.message
            if said != self._last_told:
                self._around.tell(f"{error.word}: {said}")
        self._last_told = said

    def _mail(self, due: DueMessage, body: bytes | None) -> Message | SendResult:
        """Write the mail of a row, or say why there is none; ``body`` where it was written before."""
        if body is not None:
            return envelope(self._settings, due.id, due.recipient, body)
        text = text_of(self._database.query, due, self._here())
        if text is None:
            return _NOTHING_LEFT
        page = f'<pre style="white-space: pre-wrap; font: inherit">{html.escape(text.mail)}</pre>\n'
        to = Addressed(due.id, due.recipient, "", text.subject, {})
        try:
            return written(self._settings, to, content_of(text.mail, page), self._around.now())
        except ValueError as error:  # a header that the library refuses to write
            return SendResult("refused", f"the mail cannot be written: {type(error).__name__}")

    def _hook(self, due: DueMessage, body: bytes | None) -> Hook | SendResult:
        """Write the message of a row to a webhook, or say why there is none."""
        known = self._hooks.get((due.recipient, due.channel))
        if known is None:
            return SendResult("refused", "the settings have no such webhook any more")
        if body is None:
            text = text_of(self._database.query, due, self._here())
            if text is None:
                return _NOTHING_LEFT
            body = self._body(due, text)
        url, secret = known
        return Hook(due.id, url, CONTENT_TYPES[due.channel], body, secret)

    def _body(self, due: DueMessage, text: Text) -> bytes:
        page = self._settings.page_address
        if due.channel in CHATS:
            return CHATS[due.channel]([text.subject, *text.shortened(_MOST_LINES, "; ")], page)
        names = ("id", "vendor", "title", "deadline", "deadline_of")
        news = [
            {name: row[name] for name in names} | {"critical": bool(row["critical"])}
            for row in text.rows[:MOST_NEWS]
        ]
        return Event(
            id=due.id,
            source=page or f"urn:{_TYPE}",
            type=f"{_TYPE}.{due.kind}",
            subject=text.subject,
            time=format_instant(self._around.now()),
            data={"count": len(text.rows), "news": news},
        ).encoded

    def _here(self) -> Here:
        return Here(self._around.now(), self._settings)


def _url(hook: WatchHook) -> str:
    url = read_text(hook.url_file, f"webhook {hook.name}: url_file")
    if problem := hook_url_problem(url):
        raise UsageError(f"webhook {hook.name}: the address in url_file {problem}")
    return url


def _secret(hook: WatchHook) -> str:
    if not hook.secret_file:
        return ""
    secret = read_text(hook.secret_file, f"webhook {hook.name}: secret_file")
    try:
        good = len(strict_base64.decode(secret.removeprefix(SECRET))) >= _SHORTEST_SECRET
    except Malformed:
        good = False
    if not (good and secret.startswith(SECRET)):
        raise UsageError(
            f"webhook {hook.name}: secret_file holds no secret",
            hint=f"{SECRET} and the base64 of {_SHORTEST_SECRET} or more random bytes",
        )
    return secret
