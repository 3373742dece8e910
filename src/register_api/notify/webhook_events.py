"""How endpoints are told: the message of each row of the outbox, and the test message that proves one.

An event holds nothing to be believed: it says that there is something to look at, and where. Who receives one
verifies the register; so a key that signs events is worth nothing to a thief but polls.
"""

from __future__ import annotations

import asyncio
import secrets

from register_api.clock import Clock
from register_api.core.format import tree
from register_api.core.format.paths import address_of
from register_api.core.instant import format_instant
from register_api.core.language.language import Language
from register_api.errors import NotifyError
from register_api.notify.deliveries import Due
from register_api.notify.endpoints import Endpoint, endpoint_of, note_answer
from register_api.notify.settings import NotifySettings
from register_api.notify.words import Wanted, Words
from register_api.sending.database import Database
from register_api.sending.outbox import SendResult
from register_api.sending.sender import Route
from register_api.sending.webhook import (
    CHATS,
    CONTENT_TYPES,
    Event,
    Hook,
    HookAnswer,
    WebhookTransport,
    route_of,
    transport_of,
)

_TYPE = "sub-processor-register"
"""What the type of each event begins with."""


class HookWriter:
    """Writes the messages to endpoints."""

    def __init__(self, database: Database, settings: NotifySettings, words: Words) -> None:
        """Take what versions say from somewhere else."""
        self._database = database
        self._base = settings.base
        self._words = words

    def compose(self, row: Due, body: bytes | None) -> Hook | SendResult:
        """Write the message of a row, or say why there is none."""
        try:
            endpoint = endpoint_of(self._database, row.recipient)
            if endpoint.ended_at is not None and endpoint.kind == "contact":
                return SendResult("refused", "the endpoint is switched off")
            if endpoint.state != "active":
                return SendResult("opted_out", "the endpoint left")
            return _hook(endpoint, row.id, body or self._body(row, endpoint))
        except NotifyError as error:
            return SendResult("refused", error.message)

    def _body(self, row: Due, endpoint: Endpoint) -> bytes:
        if row.version is None:
            raise NotifyError("a message to an endpoint tells of a version")
        url = self._base + address_of(tree.VERSION_PAGE.path(row.version))
        if endpoint.channel in CHATS:
            return CHATS[endpoint.channel](self._words.chat(row.version, Wanted.by(endpoint)), url)
        found = self._words.publication(row.version)
        return Event(
            id=row.id,
            source=self._base,
            type=f"{_TYPE}.{row.kind}",
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


def _hook(endpoint: Endpoint, identity: str, body: bytes) -> Hook:
    return Hook(identity, endpoint.address, CONTENT_TYPES[endpoint.channel], body, endpoint.secret)


def hook_route(database: Database, settings: NotifySettings, now: Clock) -> Route:
    """Return by what endpoints are told."""

    def note(hook: Hook, answer: HookAnswer) -> None:
        rows = database.query("SELECT recipient FROM deliveries WHERE id = ?", hook.message_id)
        note_answer(database, rows[0]["recipient"], answer, int(now().timestamp()))

    return route_of(transport_of(settings, now, "notify", note))


def try_endpoint(settings: NotifySettings, endpoint: Endpoint, now: Clock) -> str:
    """Send an endpoint a test message, and return what is wrong with its answer, or an empty text."""
    challenge = secrets.token_hex(16)
    if endpoint.channel in CHATS:
        said = Language.of(endpoint.language).text(
            "This is a test. Changes of the sub-processor register {register} will be told here.",
            register=settings.base,
        )
        body = CHATS[endpoint.channel]([said], settings.base)
    else:
        body = Event(
            id=challenge,
            source=settings.base,
            type=f"{_TYPE}.challenge",
            subject="challenge",
            time=format_instant(now()),
            data={"challenge": challenge},
        ).encoded
    answer = asyncio.run(_ask(transport_of(settings, now, "notify"), endpoint, challenge, body))
    if answer.result.what != "sent":
        return f"it did not take the test message: {answer.result.reply}"
    if endpoint.channel not in CHATS and challenge.encode() not in answer.body:
        return "its answer does not repeat the challenge"
    return ""


async def _ask(transport: WebhookTransport, endpoint: Endpoint, identity: str, body: bytes) -> HookAnswer:
    try:
        return await transport.ask(_hook(endpoint, identity, body))
    finally:
        await transport.close()
