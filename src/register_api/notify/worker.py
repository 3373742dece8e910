"""The worker: looks at the public tree, records what is new, and sends what is due.

An event to an endpoint holds nothing to be believed: it says that there is something to look at, and where.
Who receives one verifies the register; so a key that signs events is worth nothing to a thief but polls.
"""

from __future__ import annotations

import secrets
import time

import msgspec

from register_api.core.format import tree
from register_api.core.format.paths import address_of
from register_api.core.instant import format_instant
from register_api.errors import NotifyError, NotStamped, RegisterError, SendingError
from register_api.notify.deliveries import Due
from register_api.notify.endpoints import EVENTS, Endpoint, endpoint_of, hook_to, note_answer, owner_of
from register_api.notify.message import Wanted, Words, Writer
from register_api.notify.persons import Recipient
from register_api.notify.publication import Look, note_look, record_new
from register_api.notify.sealing import seal_facts, stamp_seals
from register_api.notify.settings import NotifySettings
from register_api.publish.time_authority import TimeAuthority
from register_api.sending.database import Database
from register_api.sending.mail import MailServer, Message
from register_api.sending.outbox import Outbox, SendResult
from register_api.sending.sender import Sender, Senders, Surroundings
from register_api.sending.webhook import CHATS, Event, Hook, HookAnswer, transport_of

_SEAL_PAUSE = 3600.0
"""Seconds between two seals of what happened."""

_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
"""Seconds between two looks for what is due; while nothing is taken, more each time."""


class Worker(Senders):
    """Sends what is due; any number of workers share an outbox."""

    def __init__(
        self,
        database: Database,
        settings: NotifySettings,
        password: str,
        around: Surroundings,
        authority: TimeAuthority | None = None,
    ) -> None:
        self._database, self._settings, self._authority = database, settings, authority
        self._words = Words(database, settings)
        self._writer = Writer(database, settings, self._words)
        outbox = Outbox(database, Due, secrets.token_hex(8), settings.lease_seconds)
        hooks = transport_of(settings, around.now, "notify", self._note)
        senders = (
            Sender(outbox, MailServer(settings, password), self._mail, around),
            Sender(outbox, hooks, self._hook, around),
        )
        super().__init__(senders, around)

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
                self.tell_once(error)
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
            self.tell_once(error)
        note_look(self._database, now, problem)

    def seal(self) -> None:
        """Seal what happened since the last seal; an authority that does not answer is asked next time."""
        now = self._around.now()
        if number := seal_facts(self._database, now):
            self._around.tell(f"{number} facts sealed")
        try:
            for stamp in stamp_seals(self._database, self._authority, now) if self._authority else ():
                self._around.tell(f"seal stamped by {stamp.authority}")
        except NotStamped as error:
            self.tell_once(error)

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

    def _hook(self, row: Due, body: bytes | None) -> Hook | SendResult:
        """Write the message of a row to an endpoint, or say why there is none."""
        try:
            endpoint = endpoint_of(self._database, row.recipient)
            if endpoint.ended_at is not None and endpoint.kind == "contact":
                return SendResult("refused", "the endpoint is switched off")
            if endpoint.state != "active":
                return SendResult("opted_out", "the endpoint left")
            return hook_to(endpoint, row.id, body or self._event(row, endpoint))
        except NotifyError as error:
            return SendResult("refused", error.message)

    def _event(self, row: Due, endpoint: Endpoint) -> bytes:
        if row.version is None:
            raise NotifyError("a message to an endpoint tells of a version")
        base = self._settings.base
        url = base + address_of(tree.VERSION_PAGE.path(row.version))
        if endpoint.channel in CHATS:
            return CHATS[endpoint.channel](self._words.chat(row.version, Wanted.by(endpoint)), url)
        found = self._words.publication(row.version)
        return Event(
            id=row.id,
            source=base,
            type=f"{EVENTS}.{row.kind}",
            subject=f"versions/{row.version}",
            time=format_instant(found.register.published_at),
            data={
                "register": found.register.register,
                "version": row.version,
                "log_size": found.log_size,
                "log_root": found.log_root,
                "url": url,
            },
        ).encoded

    def _note(self, hook: Hook, answer: HookAnswer) -> None:
        rows = self._database.query("SELECT recipient FROM deliveries WHERE id = ?", hook.message_id)
        note_answer(self._database, rows[0]["recipient"], answer, int(self._around.now().timestamp()))
