"""Sends alerts, digests and reminders through the outbox."""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Self

from register_api.errors import SendingError
from register_api.sending.mail_server import MailServer
from register_api.sending.outbox import RETRY_AFTER, Outbox
from register_api.sending.sender import Route, Sender
from register_api.watch.messages import DueMail, Moment, compose, make_due

if TYPE_CHECKING:
    from register_api.sending.database import Database
    from register_api.sending.mail import Message
    from register_api.sending.outbox import SendResult
    from register_api.sending.sender import Surroundings
    from register_api.watch.settings import WatchSettings


class Mailer:
    """Tells who is responsible; several may share a database. Without a ``sender`` nothing is sent."""

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
        """Make what connections live in."""
        self._stack = contextlib.ExitStack()
        self._sender = self._stack.enter_context(self._made()) if self._settings.sender else None
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._stack.close()

    def _made(self) -> Sender[DueMail]:
        settings = self._settings
        outbox = Outbox(self._database, DueMail, secrets.token_hex(8), settings.lease_seconds)
        server = MailServer(settings, self._password)
        route = Route(("mail",), server, settings.mails_per_second, RETRY_AFTER)
        return Sender(outbox, route, self._mail, self._around)

    def send(self) -> Counter[str]:
        """Put into the outbox what has to be told, and send what is due.

        Returns:
            How many mails ended how.

        Raises:
            SendingError: The mail server takes nothing just now; what is due stays due.
        """
        counts: Counter[str] = Counter()
        if self._sender is not None:
            with self._database.transaction() as run:
                make_due(run, self._settings, self._moment())
            self._sender.send_due(counts=counts)
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

    def _mail(self, due: DueMail, body: bytes | None) -> Message | SendResult:
        return compose(self._database.query, self._settings, due, body, self._moment())

    def _moment(self) -> Moment:
        return Moment.of(self._around.now(), self._settings)
