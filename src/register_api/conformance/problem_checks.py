"""Judgements on errors: their form, and what they must not say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.conformance.exchange_context import ExchangeContext

_MEMBERS = {"type": str, "title": str, "status": int, "detail": str}

_TOLD = (
    (re.compile(rb"(?<![\w.-])(?!HTTP/)[A-Za-z][A-Za-z-]{2,}/\d+\.\d+"), "a program and its version"),
    (re.compile(rb"Traceback|\bat line \d+|\.py\b|File &quot;|File \""), "its stack"),
    (re.compile(rb"(?<![\w.:/-])/(?:srv|usr|home|root|etc|opt|var/(?:lib|www))/"), "its files"),
)
"""What tells an attacker what to try, and what that is."""

_HEADERS = ("server", "x-powered-by", "x-aspnet-version", "x-generator")


def problem(context: ExchangeContext) -> Iterator[str]:
    """The body is a problem document that fits its answer (RFC 9457 section 3)."""
    if context.header("content-type") != "application/problem+json":
        yield "Content-Type is not application/problem+json"
    try:
        members: Any = msgspec.json.decode(context.answer.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        yield "the body is no JSON object"
        return
    for name, kind in _MEMBERS.items():
        if not isinstance(members.get(name), kind) or members[name] == "":
            yield f"the member {name} is missing"
    if members.get("status") != context.answer.status:
        yield f"the member status is {members.get('status')!a}, the answer's is {context.answer.status}"
    yield from _instance(context, members.get("instance", ""))


def _instance(context: ExchangeContext, instance: object) -> Iterator[str]:
    """Yield what is wrong with ``instance``; where there is no request to name it may be missing."""
    if instance == "":
        return
    asked = context.exchange.send.partition(" ")[2].partition("?")[0]
    if not isinstance(instance, str) or ("$" not in asked and not instance.endswith(asked)):
        yield f"the member instance is {str(instance)[:80]!a}, asked was {asked[:80]}"


def silent(context: ExchangeContext) -> Iterator[str]:
    """Neither body nor headers tell of files, stack or versions of software."""
    headers = "\n".join(context.header(name) for name in _HEADERS).encode("latin-1", "replace")
    for pattern, what in _TOLD:
        found = pattern.search(headers) or pattern.search(context.answer.body)
        if found is not None:
            yield f"it tells of {what}: {found[0].decode('latin-1')!a}"
