"""Whether an answer is what the script says: status, headers, body, and what has to hold besides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from register_api.conformance import bodies, documents, problems, related
from register_api.conformance.scene import (
    MAX_QUOTE,
    filled,
    names_known_before,
    names_of_answers,
    pattern,
)
from register_api.core.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from register_api.conformance.scene import Scene

JUDGEMENTS: dict[str, Callable[[Scene], Iterable[str]]] = {
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
    "policy": documents.policy,
    "discovery": documents.discovery,
    "linkset": documents.linkset,
    "service-links": documents.service_links,
    "schema": documents.schema,
    "no-catch-all": documents.nothing_of_the_store,
    "problem": problems.problem,
    "silent": problems.silent,
}
"""Name in the script: what looks at a scene and yields what is wrong, in words."""


def complaints(scene: Scene) -> list[str]:
    """Return what is wrong with an answer, in words."""
    exchange, answer = scene.exchange, scene.answer
    if answer.status not in exchange.allowed:
        return [f"expected status {' or '.join(map(str, exchange.allowed))}"]
    known = names_known_before(scene.address, scene.places, scene.place)
    names = {**known, **names_of_answers(scene.first, scene.first)}
    found = [*_headers(scene, names), *_body(scene, names)]
    for name in exchange.holds:
        found += JUDGEMENTS[name](scene)
    return found


def _headers(scene: Scene, names: Mapping[str, str]) -> Iterator[str]:
    for name, text in scene.exchange.headers.items():
        value = scene.header(name)
        if not re.fullmatch(pattern(text, names), value):
            if not text:
                yield f"{name}: {quoted(value, MAX_QUOTE)} must not be there"
            elif not value:
                yield f"{name} is missing"
            else:
                yield f"{name}: {quoted(value, MAX_QUOTE)} does not fit {filled(text, names)}"


def _body(scene: Scene, names: Mapping[str, str]) -> Iterator[str]:
    wanted = scene.exchange.body
    if wanted is None:
        return
    text = scene.answer.body.decode("utf-8", "replace")
    if not wanted and text:
        yield "a body came where there must be none"
    elif wanted and not re.search(pattern(wanted, names), text, re.DOTALL):
        yield f"the body does not fit {filled(wanted, names)}: {quoted(text, MAX_QUOTE)}"
