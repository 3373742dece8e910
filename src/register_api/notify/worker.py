"""The worker: looks at the public tree, records what is new, and sends what is due."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections import Counter
from typing import Self

import msgspec

from register_api.errors import NotifyError, NotStamped, RegisterError, SendingError
from register_api.notify.contacts import Recipient
from register_api.notify.deliveries import Due
from register_api.notify.endpoints import owner_of
from register_api.notify.message import Writer
from register_api.notify.publication import Look, note_look, record_new
from register_api.notify.sealing import seal_facts, stamp_seals
from register_api.notify.settings import NotifySettings
from register_api.notify.webhook_events import HookWriter, hook_route
from register_api.notify.words import Words
from register_api.publish.time_authority import TimeAuthority
from register_api.sending.database import Database
from register_api.sending.mail import MailServer, Message
from register_api.sending.outbox import RETRY_AFTER, Outbox, SendResult
from register_api.sending.sender import Route, Sender, Surroundings

_SEAL_PAUSE = 3600.0
"""Seconds between two seals of what happened."""

_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
"""Seconds between two looks for what is due; while nothing is taken, more each time."""


class Worker:
    """Sends what is due; any number of workers share an outbox."""

    def __init__(
        self,
        database: Database,
        settings: NotifySettings,
        password: str,
        around: Surroundings,
        authority: TimeAuthority | None = None,
    ) -> None:
        """Begin without a connection."""
        self._database, self._settings, self._around = database, settings, around
        self._authority = authority
        self._last_told = ""
        words = Words(database, settings)
        self._writer, hooks = Writer(database, settings, words), HookWriter(database, settings, words)
        outbox = Outbox(database, Due, secrets.token_hex(8), settings.lease_seconds)
        mail = Route(("mail",), MailServer(settings, password), settings.mails_per_second, RETRY_AFTER)
        self._senders = [
            Sender(outbox, mail, self._mail, around),
            Sender(outbox, hook_route(database, settings, around.now), hooks.compose, around),
        ]

    def __enter__(self) -> Self:
        """Make what connections live in."""
        with contextlib.ExitStack() as stack:
            for sender in self._senders:
                stack.enter_context(sender)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._stack.close()

    def run(self, look: Look) -> None:
        """Look, record and send until the worker has to end."""
        pause, next_look, next_seal = _PAUSE, 0.0, 0.0
        while not self._around.stop.is_set():
            if time.monotonic() >= next_look:
                self.look(look)
                next_look = time.monotonic() + self._settings.look_seconds
            if time.monotonic() >= next_seal:
                self.seal()
                next_seal = time.monotonic() + _SEAL_PAUSE
            try:
                self.send_due(next_look)
                pause = _PAUSE
            except SendingError as error:
                self._tell_once(error)
                pause = min(2 * pause, _LONGEST_PAUSE)
            self._around.stop.wait(min(pause, max(0.0, next_look - time.monotonic())))

    def look(self, look: Look) -> None:
        """Record what is new; a tree that does not verify is told, and hinders nothing that is due."""
        now = self._around.now()
        problem: RegisterError | None = None
        try:
            with look.fetcher() as fetcher:
                for version in record_new(self._database, look, fetcher, now):
                    self._around.tell(f"version {version} recorded")
        except RegisterError as error:
            problem = error
            self._tell_once(error)
        note_look(self._database, now, problem)

    def seal(self) -> None:
        """Seal what happened since the last seal; an authority that does not answer is asked next time."""
        now = self._around.now()
        if number := seal_facts(self._database, now):
            self._around.tell(f"{number} facts sealed")
        try:
            stamps = stamp_seals(self._database, self._authority, now) if self._authority else []
        except NotStamped as error:
            self._tell_once(error)
        else:
            for stamp in stamps:
                self._around.tell(f"seal stamped by {stamp.authority}")

    def send_due(self, until: float = float("inf"), counts: Counter[str] | None = None) -> None:
        """Send all that is due by every channel, or what can be sent until an instant of the monotonic clock.

        Raises:
            SendingError: A channel takes nothing; the others were tried, too.
        """
        unavailable: SendingError | None = None
        for sender in self._senders:
            try:
                sender.send_due(until, counts)
            except SendingError as error:
                unavailable = error
        if unavailable is not None:
            raise unavailable

    def _mail(self, row: Due, body: bytes | None) -> Message | SendResult:
        """Write the mail of a row, or say why there is none."""
        if row.kind == "warning":
            recipient = owner_of(self._database, row.recipient)
        else:
            found = self._database.query("SELECT * FROM recipients WHERE id = ?", row.recipient)
            recipient = msgspec.convert(found[0], Recipient)
        awaited = ("active", "pending") if row.kind == "confirmation" else ("active",)
        if recipient is None or recipient.state not in awaited:
            return SendResult("opted_out", "the recipient left")
        try:
            return self._writer.message(row, recipient, self._around.now(), body)
        except (NotifyError, ValueError) as error:  # ValueError: a header that the library refuses to write
            return SendResult("refused", f"the mail cannot be written: {type(error).__name__}")

    def _tell_once(self, error: RegisterError) -> None:
        """Tell a problem when it comes, not each time it is met."""
        said = f"{error.word}: {error.message}"
        if said != self._last_told:
            self._around.tell(said)
        self._last_told = said
