"""The worker: polls the public tree, records new versions, and composes and sends the notices due.

Contract contacts get no unsubscribe link, because notice is owed to them until they are replaced. An event to
an endpoint only says that there is something new and where, so a stolen signing key can only cause polls.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from markupsafe import escape

from register_api.core.format import tree
from register_api.core.format.paths import address_of
from register_api.core.language.language import Language, message
from register_api.errors import NotifyError, NotStamped, RegisterError, SendingError
from register_api.notify.answers import newest_answer
from register_api.notify.deliveries import versions_in, was_notified
from register_api.notify.endpoints import EVENTS, Endpoint, endpoint_of, hook_to, note_answer, owner_of
from register_api.notify.message import Audience, MessageTexts, confirmation, warning
from register_api.notify.persons import Recipient
from register_api.notify.publication import PublicTree, note_check, record_new
from register_api.notify.sealing import seal_facts, stamp_seals
from register_api.notify.settings import NotifySettings
from register_api.notify.subscriptions import Purpose, keep_link
from register_api.publish.feed.notice_mail import Mail, wrapped
from register_api.publish.time_authority import TimeAuthority
from register_api.sending.database import Database
from register_api.sending.mail import Addressed, MailServer, Message, content_of, envelope, written
from register_api.sending.outbox import Leased, Outbox, SendResult
from register_api.sending.sender import Runtime, Sender
from register_api.sending.webhook import CHATS, Hook, HookAnswer, event, transport_of

_SEAL_PAUSE = 3600.0
"""Seconds between two runs of sealing."""

_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
"""Seconds between two checks of the outbox, doubled while sending fails."""


_LABELS: dict[Purpose, str] = {
    "confirm": message("Confirm the subscription"),
    "manage": message("Change or end the subscription"),
    "answer": message("Accept, object, or say that it does not concern you"),
}


class Worker(Sender):
    """Sends the deliveries that are due; any number of workers can share an outbox."""

    def __init__(
        self,
        database: Database,
        settings: NotifySettings,
        password: str,
        runtime: Runtime,
        authority: TimeAuthority | None = None,
    ) -> None:
        self._database, self._settings, self._authority = database, settings, authority
        self._texts = MessageTexts(database, settings)
        outbox = Outbox(database, secrets.token_hex(8), settings.lease_seconds)
        hooks = transport_of(settings, runtime.now, "notify", self._note)
        mails = MailServer(settings, password)
        super().__init__(outbox, ((mails, self._mail), (hooks, self._hook)), runtime)

    def run(self, public: PublicTree) -> None:
        """Poll, record, seal and send until stopped."""
        pause, next_poll, next_seal = _PAUSE, 0.0, 0.0
        while not self._runtime.stop.is_set():
            if time.monotonic() >= next_poll:
                self.poll(public)
                next_poll = time.monotonic() + self._settings.look_seconds
            if time.monotonic() >= next_seal:
                self.seal()
                next_seal = time.monotonic() + _SEAL_PAUSE
            try:
                self.send_due(next_poll)
                pause = _PAUSE
            except SendingError as error:
                self.log_once(error)
                pause = min(2 * pause, _LONGEST_PAUSE)
            self._runtime.stop.wait(min(pause, max(0.0, next_poll - time.monotonic())))

    def poll(self, public: PublicTree) -> None:
        """Record new versions; a tree that does not verify is logged and does not stop deliveries."""
        now = self._runtime.now()
        problem: RegisterError | None = None
        try:
            with public.fetcher() as fetcher:
                for version in record_new(self._database, public, fetcher, now):
                    self._runtime.log(f"version {version} recorded")
        except RegisterError as error:
            problem = error
            self.log_once(error)
        note_check(self._database, now, problem)

    def seal(self) -> None:
        """Seal new facts; if the time-stamping authority fails, its seal is stamped in the next run."""
        now = self._runtime.now()
        if number := seal_facts(self._database, now):
            self._runtime.log(f"{number} facts sealed")
        try:
            for stamp in stamp_seals(self._database, self._authority, now) if self._authority else ():
                self._runtime.log(f"seal stamped by {stamp.authority}")
        except NotStamped as error:
            self.log_once(error)

    def _mail(self, row: Leased, body: bytes | None) -> Message | SendResult:
        if row.kind == "warning":
            recipient = owner_of(self._database, row.recipient)
        else:
            found = self._database.query("SELECT * FROM recipients WHERE id = ?", row.recipient)
            recipient = msgspec.convert(found[0], Recipient)
        awaited = ("active", "pending") if row.kind == "confirmation" else ("active",)
        if recipient is None or recipient.state not in awaited:
            return SendResult("opted_out", "the recipient left")
        address, now = recipient.address or "", self._runtime.now()
        try:
            if body is not None:
                return envelope(self._settings, row.id, address, body)
            mail = self._content(row, recipient, now)
            if isinstance(mail, str):
                return SendResult("opted_out", mail)
            text, html, headers = self._with_link(mail, row, recipient, now)
            to = Addressed(row.id, address, recipient.name, mail.subject, headers)
            return written(self._settings, to, content_of(text, html), now)
        except (NotifyError, ValueError) as error:  # ValueError: the library rejects a header
            return SendResult("refused", f"the email cannot be written: {type(error).__name__}")

    def _content(self, due: Leased, recipient: Recipient, now: dt.datetime) -> Mail | str:
        version: Any = due.version
        audience = Audience.of(recipient)
        if due.kind == "notice":
            return self._texts.notice(version, audience)
        if due.kind == "digest":
            digest = self._texts.digest(versions_in(self._database, due.id), audience)
            return digest or "nothing of it concerns the recipient any more"
        if due.kind == "warning":
            endpoint = endpoint_of(self._database, due.recipient)
            works = endpoint.failing_since is None
            return "the endpoint works again" if works else warning(endpoint, self._settings.base)
        if due.kind == "confirmation":
            if not self._settings.subscriptions:
                return "the subscription service no longer exists"
            return confirmation(recipient, self._texts.newest().publisher.name)
        needless = ""
        if not was_notified(self._database, version, recipient.id):
            needless = "the notice has not reached the recipient"
        elif newest_answer(self._database.query, version, recipient.id) is not None:
            needless = "the recipient has answered"
        cancelled = "cancelled or announced again in the meantime, or the deadline has passed"
        return needless or self._texts.reminder(version, audience, now) or cancelled

    def _with_link(
        self, mail: Mail, due: Leased, recipient: Recipient, now: dt.datetime
    ) -> tuple[str, str, Mapping[str, str]]:
        """Return text, HTML and headers with the recipient's link, if there is a subscription service."""
        service, purpose = self._settings.subscriptions, self._purpose(due, recipient)
        if not service or purpose is None:
            return mail.text, mail.html, {}
        version = due.version if purpose == "answer" else None
        with self._database.transaction() as run:
            token = keep_link(run, purpose, recipient.id, version, int(now.timestamp()))
        label = Language.of(recipient.language).template(_LABELS[purpose])
        address = f"{service}{purpose}/{token}"
        headers = {}
        if recipient.kind == "subscriber" and purpose == "manage":  # RFC 8058
            headers["List-Unsubscribe"] = f"<{service}leave/{token}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        page, end, after = mail.html.rpartition("</body>")
        text = f"{mail.text}\n{wrapped(f'{label}:')}  {address}\n\n"
        link = f'<p><a href="{escape(address)}">{escape(label)}</a></p>\n'
        return text, page + link + end + after, headers

    def _purpose(self, due: Leased, recipient: Recipient) -> Purpose | None:
        if due.kind == "confirmation":
            return "confirm" if recipient.state == "pending" else "manage"
        if due.kind == "warning" or recipient.channel != "mail":
            return None
        if recipient.kind == "subscriber":
            return "manage"
        if due.version is None or due.kind == "digest":
            return None
        return "answer" if self._texts.can_object(due.version, Audience.of(recipient)) else None

    def _hook(self, row: Leased, body: bytes | None) -> Hook | SendResult:
        try:
            endpoint = endpoint_of(self._database, row.recipient)
            if endpoint.ended_at is not None and endpoint.kind == "contact":
                return SendResult("refused", "the endpoint is switched off")
            if endpoint.state != "active":
                return SendResult("opted_out", "the endpoint left")
            return hook_to(endpoint, row.id, body or self._event(row, endpoint))
        except NotifyError as error:
            return SendResult("refused", error.message)

    def _event(self, row: Leased, endpoint: Endpoint) -> bytes:
        if row.version is None:
            raise NotifyError("a message to an endpoint tells of a version")
        base = self._settings.base
        url = base + address_of(tree.VERSION_PAGE.path(row.version))
        if endpoint.channel in CHATS:
            return CHATS[endpoint.channel](self._texts.chat(row.version, Audience.of(endpoint)), url)
        found = self._texts.publication(row.version)
        data = {"register": found.register.register, "version": row.version, "log_size": found.log_size}
        data |= {"log_root": found.log_root, "url": url}
        kind, subject = f"{EVENTS}.{row.kind}", f"versions/{row.version}"
        return event(row.id, base, kind, subject, found.register.published_at, data)

    def _note(self, hook: Hook, answer: HookAnswer) -> None:
        rows = self._database.query("SELECT recipient FROM deliveries WHERE id = ?", hook.message_id)
        note_answer(self._database, rows[0]["recipient"], answer, int(self._runtime.now().timestamp()))
