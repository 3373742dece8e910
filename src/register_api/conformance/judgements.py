"""Whether an answer is what the script says: status, headers, body, and what has to hold besides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from register_api.conformance import bodies, document_checks, problem_checks, related
from register_api.conformance.exchange_context import (
    MAX_QUOTE,
    filled,
    names_known_before,
    names_of_answers,
    pattern,
)
from register_api.core.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from register_api.conformance.exchange_context import ExchangeContext

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
    "problem": problem_checks.problem,
    "silent": problem_checks.silent,
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
