"""Judgements on where an answer leads: links and redirects, followed to what they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from register_api.conformance.exchange_context import MAX_QUOTE, ExchangeContext
from register_api.core.headers import NEIGHBOURS, Link, WholeTree, links_of
from register_api.core.printable import quoted

_OK = 200
_MOST = 8192
"""How much of a ``Link`` header is read: a few kilobytes are plenty, and what reads it takes longer and
longer."""

_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[a-z*]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_PARAMETER = re.compile(r';\s*([a-z*]+)\s*=\s*(?:"([^"]*)"|([^\s",;]+))')


def lasting_links(context: ExchangeContext) -> Iterator[str]:
    """Signatures, schema, newest version and history are named, and answer as what they are said to be."""
    yield from _missing(context, (link for link in _expected(context) if link.relation not in NEIGHBOURS))
    for target, _, media_type in _given(context):
        yield from answers(context, target, media_type)


def neighbours(context: ExchangeContext) -> Iterator[str]:
    """The versions before and after are named where they are known, and only there (RFC 5829)."""
    expected = [link for link in _expected(context) if link.relation in NEIGHBOURS]
    yield from _missing(context, expected)
    known = {link.relation for link in expected}
    for _, relations, _ in _given(context):
        for relation in NEIGHBOURS.intersection(relations.split()) - known:
            yield f'a link rel="{relation}" where there is none'


def catalog_link(context: ExchangeContext) -> Iterator[str]:
    """An answer about the catalog names it by its relation (RFC 9727 section 2)."""
    if not any("api-catalog" in relations.split() for _, relations, _ in _given(context)):
        yield 'there is no link rel="api-catalog"'


def leads_to_the_folder(context: ExchangeContext) -> Iterator[str]:
    """``Location`` is the folder that was asked for, with its slash (RFC 9110 section 10.2.2)."""
    if context.place is None:
        return
    location = context.header("location")
    beside = context.place.url.removesuffix("/")
    if context.address.path_of(location, beside) != f"/{context.place.url}":
        yield f"Location {location[:120]!r} does not lead to /{context.place.url}"


def answers(context: ExchangeContext, reference: str, media_type: str = "") -> Iterator[str]:
    """Say if a reference within this host does not answer; what leads elsewhere is not asked."""
    beside = context.place.url if context.place else context.exchange.send.partition(" /")[2]
    path = context.address.path_of(reference, beside)
    if path is None:
        return
    target = context.peek(path.removeprefix("/"))
    if target.status != _OK:
        yield f"the link to {path[:120]} answers with status {target.status}"
        return
    came = target.headers.get("content-type", "").partition(";")[0].strip().lower()
    suffix = re.sub(r"/.*\+", "/", media_type)
    if media_type and came not in (media_type, suffix):
        found = quoted(came, MAX_QUOTE) if came else "no type"
        yield f"the link to {path[:120]} promises {media_type}, {found} came"


def _expected(context: ExchangeContext) -> list[Link]:
    """Return the links that a document has by the rules of the tree."""
    if context.place is None:
        return []
    return links_of(context.place.path, context.places.newest, WholeTree(context.places.newest))


def _missing(context: ExchangeContext, expected: Iterable[Link]) -> Iterator[str]:
    given = {
        (context.address.path_of(target, context.place.url if context.place else ""), relation, media_type)
        for target, relations, media_type in _given(context)
        for relation in relations.split()
    }
    for link in expected:
        if (f"/{link.target}", link.relation, link.media_type) not in given:
            yield f'the link rel="{link.relation}" to {link.reference} is missing'


def _given(context: ExchangeContext) -> Iterator[tuple[str, str, str]]:
    """Yield target, relations and type of each link of an answer (RFC 8288 section 3)."""
    for match in _LINK.finditer(context.header("link")[:_MOST]):
        parameters = {name: quoted or plain for name, quoted, plain in _PARAMETER.findall(match[2])}
        yield match[1], parameters.get("rel", ""), parameters.get("type", "")
