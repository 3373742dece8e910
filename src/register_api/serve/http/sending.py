"""Sending a resource: everything between the hot path and the problems."""

from __future__ import annotations

from register_api.errors import StoreDamaged
from register_api.serve.http.asgi import (
    NO_BODY,
    Body,
    Message,
    Scope,
    Send,
    body_message,
    send_body,
    start_message,
)
from register_api.serve.http.problems import Problem
from register_api.serve.http.selection import refusal, select
from register_api.serve.stored.reply import CACHE_CONTROL, CORS, Representation, Resource
from register_api.serve.stored.reply_table import ReplyTable
from register_api.serve.telemetry.faults import logged_problem


async def send_resource(
    resource: Resource, scope: Scope, send: Send, table: ReplyTable | None = None
) -> None:
    """Answer GET or HEAD with a resource, in the form and under the conditions asked for."""
    representation, unchanged = select(resource, scope["headers"])
    if representation is None:
        raise refusal(resource, scope["headers"])
    if unchanged or scope["method"] == "HEAD":
        await send(representation.unchanged if unchanged else representation.start)
        await send(NO_BODY)
        return
    body = await _body(resource, representation, table)
    await send(representation.start)
    await send_body(body, send)


async def send_stored(table: ReplyTable, path: str, scope: Scope, send: Send) -> None:
    """Answer GET or HEAD with an immutable file of the tree."""
    try:
        resource = await table.resource(path)
    except StoreDamaged as error:
        raise _unreadable(error) from error
    await send_resource(resource, scope, send, table)


async def send_redirect(reference: str, send: Send) -> None:
    """Send a client to where a reference leads, permanently (RFC 9110 section 15.4.9)."""
    headers = (
        (b"location", reference.encode("ascii")),
        (b"content-length", b"0"),
        (b"cache-control", CACHE_CONTROL["mutable"]),
        *CORS,
    )
    await send(start_message(308, headers))
    await send(NO_BODY)


def without_body(send: Send) -> Send:
    """Return a ``send`` that leaves the body out, as HEAD wants it (RFC 9110 section 9.3.2)."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        elif not message.get("more_body", False):
            await send(body_message(b""))

    return send_head


async def _body(resource: Resource, representation: Representation, table: ReplyTable | None) -> Body:
    if representation.body is not None or table is None:
        return representation.body or (NO_BODY,)
    try:
        return await table.body(resource, representation)
    except StoreDamaged as error:
        raise _unreadable(error) from error


def _unreadable(error: StoreDamaged) -> Problem:
    return logged_problem("unreadable", "This file cannot be read at the moment.", error)
