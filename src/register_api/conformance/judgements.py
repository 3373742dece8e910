"""Whether an answer is what the script says: status, headers, body, and what has to hold besides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from register_api.conformance import bodies, document_checks, related
from register_api.conformance.exchange_context import (
    MAX_QUOTE,
    ExchangeContext,
    filled,
    names_known_before,
    names_of_answers,
    pattern,
)
from register_api.core.printable import quoted

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
        yield "the body is not a JSON object"
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
    for told, what in _TOLD:
        found = told.search(headers) or told.search(context.answer.body)
        if found is not None:
            yield f"it tells of {what}: {found[0].decode('latin-1')!a}"


JUDGEMENTS: dict[str, Callable[[ExchangeContext], Iterable[str]]] = {
    "whole": bodies.whole,
    "same": bodies.same,
    "as-get": bodies.as_get,
    "digest": bodies.digest_of_the_body,
    "coding": bodies.coding,
    "range": bodies.ranges,
    "register-digest": bodies.register_digest,
    "links": related.lasting_links,
    "neighbours": related.neighbours,
    "folder": related.leads_to_the_folder,
    "catalog-link": related.catalog_link,
    "policy": document_checks.policy,
    "discovery": document_checks.discovery,
    "linkset": document_checks.linkset,
    "service-links": document_checks.service_links,
    "schema": document_checks.schema,
    "no-catch-all": document_checks.nothing_of_the_store,
    "problem": problem,
    "silent": silent,
}
"""Name in the script: what looks at a scene and yields what is wrong, in words."""


def complaints(context: ExchangeContext) -> list[str]:
    """Return what is wrong with an answer, in words."""
    exchange, answer = context.exchange, context.answer
    if answer.status not in exchange.allowed:
        return [f"expected status {' or '.join(map(str, exchange.allowed))}"]
    known = names_known_before(context.address, context.places, context.place)
    names = {**known, **names_of_answers(context.first, context.first)}
    found = [*_headers(context, names), *_body(context, names)]
    for name in exchange.holds:
        found += JUDGEMENTS[name](context)
    return found


def _headers(context: ExchangeContext, names: Mapping[str, str]) -> Iterator[str]:
    for name, text in context.exchange.headers.items():
        value = context.header(name)
        if not re.fullmatch(pattern(text, names), value):
            if not text:
                yield f"{name}: {quoted(value, MAX_QUOTE)} must not be there"
            elif not value:
                yield f"{name} is missing"
            else:
                yield f"{name}: {quoted(value, MAX_QUOTE)} does not fit {filled(text, names)}"


def _body(context: ExchangeContext, names: Mapping[str, str]) -> Iterator[str]:
    wanted = context.exchange.body
    if wanted is None:
        return
    text = context.answer.body.decode("utf-8", "replace")
    if not wanted and text:
        yield "a body came where there must be none"
    elif wanted and not re.search(pattern(wanted, names), text, re.DOTALL):
        yield f"the body does not fit {filled(wanted, names)}: {quoted(text, MAX_QUOTE)}"
