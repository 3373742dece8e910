"""Sends alerts, digests and reminders through the outbox."""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter
from typing import Self

from register_api.errors import SendingError
from register_api.sending.database import Database
from register_api.sending.mail import Message
from register_api.sending.mail_server import MailServer
from register_api.sending.outbox import RETRY_AFTER, Outbox, SendResult
from register_api.sending.sender import Route, Sender, Surroundings
from register_api.sending.webhook import Hook, route_of, transport_of
from register_api.watch.hooks import MessageHooks
from register_api.watch.messages import DueMessage, Moment, compose, make_due
from register_api.watch.settings import WatchSettings


class Mailer:
    """Tells who is responsible; several may share a database. Without sender and webhooks nothing is sent."""

    def __init__(
        self, database: Database, settings: WatchSettings, password: str, around: Surroundings
    ) -> None:
        """Begin without a connection."""
        self._database = database
        self._settings = settings
        self._around = around
        self._password = password
        self._last_told = ""

    def __enter__(self) -> Self:
        """Make what connections live in.

        Raises:
            UsageError: A file of a webhook cannot be read.
        """
        with contextlib.ExitStack() as stack:
            self._senders = [stack.enter_context(each) for each in self._made()]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._stack.close()

    def _made(self) -> list[Sender[DueMessage]]:
        """Make what sends: webhooks first, which a mail server that takes nothing does not hold up."""
        settings = self._settings
        outbox = Outbox(self._database, DueMessage, secrets.token_hex(8), settings.lease_seconds)
        made: list[Sender[DueMessage]] = []
        if settings.webhooks:
            self._hooks = MessageHooks(settings)
            route = route_of(transport_of(settings, self._around.now, "watch"))
            made.append(Sender(outbox, route, self._hook, self._around))
        if settings.sender:
            server = MailServer(settings, self._password)
            route = Route(("mail",), server, settings.mails_per_second, RETRY_AFTER)
            made.append(Sender(outbox, route, self._mail, self._around))
        return made

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
                make_due(run, self._settings, self._moment())
        for sender in self._senders:
            sender.send_due(counts=counts)
        return counts

    def try_to_send(self) -> None:
        """Do the same; a mail server that takes nothing is told once, and hinders no look at registers."""
        try:
            self.send()
            self._last_told = ""
        except SendingError as error:
            if error.message != self._last_told:
                self._around.tell(f"{error.word}: {error.message}")
            self._last_told = error.message

    def _mail(self, due: DueMessage, body: bytes | None) -> Message | SendResult:
        return compose(self._database.query, self._settings, due, body, self._moment())

    def _hook(self, due: DueMessage, body: bytes | None) -> Hook | SendResult:
        return self._hooks.compose(self._database.query, due, body, self._moment())

    def _moment(self) -> Moment:
        return Moment.of(self._around.now(), self._settings)
