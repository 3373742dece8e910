"""Endpoints (webhooks and chats): adding, verifying by test message, monitoring, disabling, removing."""

from __future__ import annotations

import asyncio
import re
import secrets

import msgspec

from register_api.clock import Clock
from register_api.core.language.language import Language
from register_api.core.text import quoted
from register_api.errors import NotifyError, UsageError
from register_api.notify.contacts import faults_of
from register_api.notify.deliveries import queue_delivery
from register_api.notify.persons import Recipient, add_recipient, address_of, forget, leave
from register_api.notify.settings import NotifySettings
from register_api.sending import webhook
from register_api.sending.database import Database, Run, insert, update

EVENTS = "sub-processor-register"
"""Prefix of all event types."""

_DAY = 86_400
WARN_AFTER = _DAY
END_AFTER, END_ATTEMPTS = 5 * _DAY, 15
"""An endpoint is switched off after failing for this long and this many times in a row."""


class NewEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint to be added; ``owner`` is the email address notified when it fails."""

    url: str
    owner: str
    format: webhook.HookFormat = "webhook"
    customer: str = ""
    products: str = ""
    language: str = "en"
    hears: str = "all"


class Endpoint(Recipient, frozen=True, kw_only=True):
    """A recipient with its consecutive failures; ``reply`` is the last error. A chat has no secret."""

    address: str
    owner: str
    secret: str
    failures: int
    failing_since: int | None
    warned_at: int | None
    ended_at: int | None
    reply: str

    @property
    def condition(self) -> str:
        """The state in one word, for display."""
        if self.ended_at is not None:
            return "switched_off"
        return "failing" if self.failing_since is not None else self.state


_JOINED = "SELECT r.*, e.* FROM recipients r JOIN endpoints e ON e.recipient = r.id"


def add_endpoint(database: Database, new: NewEndpoint, now: int) -> Endpoint:
    """Add an endpoint; it receives nothing until it has accepted a test message (``prove``)."""
    stated = {name: getattr(new, name) for name in ("customer", "products", "language", "hears")}
    row = stated | {"email": new.owner, "customer": new.customer or "-"}
    problem = webhook.hook_url_problem(new.url)
    others = [re.sub("^email:", "owner:", fault) for fault in faults_of(row)]
    if faults := [*([f"the address {problem}"] if problem else []), *others]:
        raise UsageError("; ".join(faults))
    kind = "contact" if new.customer else "subscriber"
    stated |= {"kind": kind, "channel": new.format, "address": new.url}
    with database.transaction() as run:
        identity = add_recipient(run, now, **stated, state="pending", reminders=0)
        if identity is None:
            raise NotifyError("this address is an endpoint already", hint="register-api notify webhook list")
        secret = webhook.new_secret() if new.format == "webhook" else ""
        owner = address_of(new.owner)
        insert(run, "endpoints", {"recipient": identity, "owner": owner, "secret": secret})
    return endpoint_of(database, identity)


def endpoints(database: Database) -> list[Endpoint]:
    """Return all endpoints by customer and address."""
    rows = database.query(f"{_JOINED} ORDER BY r.customer, r.address")
    return [msgspec.convert(row, Endpoint) for row in rows]


def endpoint_of(database: Database, identity: str) -> Endpoint:
    """Return an endpoint; an unknown id is a ``NotifyError``."""
    rows = database.query(f"{_JOINED} WHERE r.id = ?", identity)
    if not rows:
        raise NotifyError(
            f"unknown endpoint {quoted(identity)}", hint="register-api notify webhook list has their ids"
        )
    return msgspec.convert(rows[0], Endpoint)


def activate(database: Database, identity: str) -> None:
    """Activate an endpoint that has accepted a test message, and reset its failures."""
    with database.transaction() as run:
        run("UPDATE recipients SET state = 'active', left_at = NULL WHERE id = ?", identity)
        _reset_failures(run, identity)


def remove_endpoint(database: Database, identity: str, now: int, *, ended: bool = False) -> None:
    """Erase an endpoint; a customer's only contact can be erased only if the contract has ended."""
    found = endpoint_of(database, identity)
    with database.transaction() as run:
        others = run(
            "SELECT id FROM recipients WHERE kind = 'contact' AND state = 'active' AND customer = ?"
            " AND id <> ? ORDER BY channel, id LIMIT 1",
            *(found.customer, identity),
        )
        if found.kind == "contact" and found.state == "active" and not others and not ended:
            raise NotifyError(
                f"it is the only contact of customer {quoted(found.customer)}, to whom notice is owed",
                hint="add another contact of theirs first, or say --contract-ended",
            )
        successor = others[0]["id"] if others and not ended else None
        leave(run, identity, successor if found.kind == "contact" else None, now)
        forget(run, identity, now)
    database.forget_deleted()


def note_answer(database: Database, identity: str, answer: webhook.HookAnswer, now: int) -> None:
    """Record an endpoint's response; its owner is warned after a day of failures and when it is switched off.

    It is switched off after status 410 (Gone) or days of failures.
    """
    with database.transaction() as run:
        if answer.result.what == "sent":
            _reset_failures(run, identity)
            return
        rows = run(
            "UPDATE endpoints SET failures = failures + 1, failing_since = coalesce(failing_since, ?),"
            " reply = ? WHERE recipient = ? AND ended_at IS NULL RETURNING *",
            *(now, answer.result.reply, identity),
        )
        for row in rows:
            failing = now - row["failing_since"]
            if answer.is_gone or (failing >= END_AFTER and row["failures"] >= END_ATTEMPTS):
                run("UPDATE endpoints SET ended_at = ? WHERE recipient = ?", now, identity)
                # A customer's endpoint stays a contact, so that missed notices raise an alarm.
                left = {"state": "left", "left_at": now}
                update(run, "recipients", {"id": identity, "kind": "subscriber"}, left)
            elif failing >= WARN_AFTER and row["warned_at"] is None:
                run("UPDATE endpoints SET warned_at = ? WHERE recipient = ?", now, identity)
            else:
                continue
            # The text depends on the endpoint's state when the email is composed.
            queue_delivery(run, None, identity, now, "warning")


def _reset_failures(run: Run, identity: str) -> None:
    working = {"failures": 0, "failing_since": None, "warned_at": None, "ended_at": None, "reply": ""}
    update(run, "endpoints", {"recipient": identity}, working)


def owner_of(database: Database, identity: str) -> Recipient | None:
    """Return the owner of an endpoint as an email recipient; ``None`` once the endpoint is removed."""
    rows = database.query(f"{_JOINED} WHERE r.id = ?", identity)
    if not rows:
        return None
    row = rows[0] | {"address": rows[0]["owner"], "channel": "mail", "state": "active", "name": ""}
    return msgspec.convert(row, Recipient)


def hook_to(endpoint: Endpoint, identity: str, body: bytes) -> webhook.Hook:
    """Return a webhook message to an endpoint."""
    return webhook.Hook(
        identity, endpoint.address, webhook.CONTENT_TYPES[endpoint.channel], body, endpoint.secret
    )


def send_test_message(settings: NotifySettings, endpoint: Endpoint, now: Clock) -> str:
    """Send an endpoint a test message; return what is wrong with its response, or an empty text."""
    challenge = secrets.token_hex(16)
    if endpoint.channel in webhook.CHATS:
        sentence = Language.of(endpoint.language).text(
            "This is a test. Changes of the sub-processor register {register} will be posted here.",
            register=settings.base,
        )
        body = webhook.CHATS[endpoint.channel]([sentence], settings.base)
    else:
        data = {"challenge": challenge}
        body = webhook.event(challenge, settings.base, f"{EVENTS}.challenge", "challenge", now(), data)

    async def ask() -> webhook.HookAnswer:
        transport = webhook.transport_of(settings, now, "notify")
        try:
            return await transport.ask(hook_to(endpoint, challenge, body))
        finally:
            await transport.close()

    answer = asyncio.run(ask())
    if answer.result.what != "sent":
        return f"it did not take the test message: {answer.result.reply}"
    if endpoint.channel not in webhook.CHATS and challenge.encode() not in answer.body:
        return "its answer does not repeat the challenge"
    return ""
