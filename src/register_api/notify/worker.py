"""The worker: looks at the public tree, records what is new, and sends what is due."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from register_api.errors import NotifyError, RegisterError
from register_api.notify.contacts import Recipient
from register_api.notify.mail_server import MailServer, MailServerUnavailable
from register_api.notify.message import Writer
from register_api.notify.outbox import Outbox, SendResult
from register_api.notify.publication import note_look, record_new

if TYPE_CHECKING:
    import threading
    from collections import Counter
    from collections.abc import Callable, Iterator

    from register_api.clock import Clock
    from register_api.notify.database import Database
    from register_api.notify.outbox import Leased
    from register_api.notify.publication import Look
    from register_api.notify.settings import NotifySettings

_BATCH = 10
"""Rows that are leased at once: so many wait for the end of the lease when a worker is killed."""

_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
"""Seconds between two looks for what is due; while the mail server takes nothing, more each time."""


class Surroundings(NamedTuple):
    """What a worker gets from outside.

    Attributes:
        now: Tells the time.
        stop: Set when the worker has to end; the mail under way is finished.
        tell: Takes a line for the log; it holds no address.
    """

    now: Clock
    stop: threading.Event
    tell: Callable[[str], None]


class Worker:
    """Sends what is due over one connection; any number of workers share an outbox."""

    def __init__(
        self, database: Database, settings: NotifySettings, password: str, around: Surroundings
    ) -> None:
        """Begin without a connection."""
        self._database = database
        self._settings = settings
        self._around = around
        self._outbox = Outbox(database, secrets.token_hex(8), settings.lease_seconds)
        self._writer = Writer(database, settings)
        self._server = MailServer(settings, password)
        self._next_mail = 0.0
        self._last_told = ""

    def __enter__(self) -> Self:
        """Make the event loop that the connection lives in."""
        self._runner = asyncio.Runner()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._runner.run(self._server.close())
        self._runner.close()

    def run(self, look: Look) -> None:
        """Look, record and send until the worker has to end."""
        pause, next_look = _PAUSE, 0.0
        while not self._around.stop.is_set():
            if time.monotonic() >= next_look:
                self.look(look)
                next_look = time.monotonic() + self._settings.look_seconds
            try:
                self.send_due(next_look)
                pause = _PAUSE
            except MailServerUnavailable as error:
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

    def send_due(self, until: float = float("inf"), counts: Counter[str] | None = None) -> None:
        """Send all that is due, or what can be sent until an instant of the monotonic clock.

        Raises:
            MailServerUnavailable: The server takes nothing; what was leased is given back.
        """
        while not self._around.stop.is_set() and time.monotonic() < until:
            with self._leased() as rows:
                if not rows:
                    return
                while rows and not self._around.stop.is_set():
                    outcome = self._send(rows[0])
                    rows.pop(0)
                    if counts is not None and outcome is not None:
                        counts[outcome.what] += 1

    @contextlib.contextmanager
    def _leased(self) -> Iterator[list[Leased]]:
        """Lease rows; what is left of them at the end is given back."""
        rows = self._outbox.lease(self._at(), _BATCH)
        try:
            yield rows
        finally:
            if rows:
                self._outbox.give_back(rows, self._at())

    def _send(self, leased: Leased) -> SendResult | None:
        """Send a mail and say what became of it; ``None`` where its lease has ended meanwhile."""
        found = self._database.query("SELECT * FROM recipients WHERE id = ?", leased.recipient)
        recipient = msgspec.convert(found[0], Recipient)
        if recipient.state != "active":
            outcome: SendResult | None = SendResult("opted_out", "the recipient left")
        else:
            self._keep_pace()
            outcome = self._send_to(leased, recipient)
        if outcome is not None:
            self._outbox.finish(leased, outcome, self._at())
            if outcome.what not in {"sent", "opted_out"}:
                self._around.tell(f"delivery {leased.id} of version {leased.version}: {outcome.what}")
        return outcome

    def _send_to(self, leased: Leased, recipient: Recipient) -> SendResult | None:
        written = self._outbox.body(leased.id)
        try:
            message = self._writer.message(leased.id, leased.version, recipient, self._around.now(), written)
        except (NotifyError, ValueError) as error:  # ValueError: a header that the library refuses to write
            return SendResult("refused", f"the mail cannot be written: {type(error).__name__}")

        def begin() -> bool:
            return self._outbox.begin(leased.id, message.body, message.message_id, self._at())

        return self._runner.run(self._server.send(message, begin))

    def _keep_pace(self) -> None:
        """Wait until the next mail may be sent."""
        wait = self._next_mail - time.monotonic()
        if wait > 0:
            self._around.stop.wait(wait)
        self._next_mail = max(self._next_mail, time.monotonic() - 1) + 1 / self._settings.mails_per_second

    def _at(self) -> int:
        return int(self._around.now().timestamp())

    def _tell_once(self, error: RegisterError) -> None:
        """Tell a problem when it comes, not each time it is met."""
        said = f"{error.word}: {error.message}"
        if said != self._last_told:
            self._around.tell(said)
        self._last_told = said
