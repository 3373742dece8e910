"""Judgements on documents: discovery, the API catalog, schemas, and the policy of pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TypeVar

import msgspec

from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.documents import Discovery
from register_api.core.headers import NEIGHBOURS, Link, WholeTree, links_of
from register_api.core.schemas import DIALECT
from register_api.core.text import quoted
from register_api.hosting.script import MAX_QUOTE, ExchangeContext

T = TypeVar("T")
_OK = 200
_MOST = 8192
"""How much of a ``Link`` header is read: a few kilobytes are plenty, and reading takes longer and longer."""
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
    location = context.header("location")
    if context.place is not None and context.path_of(location) != f"/{context.place.url}":
        yield f"Location {location[:120]!r} does not lead to /{context.place.url}"


def answers(context: ExchangeContext, reference: str, media_type: str = "") -> Iterator[str]:
    """Say if a reference within this host does not answer; what leads elsewhere is not asked."""
    path = context.path_of(reference)
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
        (context.path_of(target), relation, media_type)
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


_OWN_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
_STORE = (b"sub-processor-register-manifest", b'"manifest_sha256"', b"PRIVATE KEY", b"root:x:0:")


def policy(context: ExchangeContext) -> Iterator[str]:
    """Nothing may run but a page's own program or the tree's script; styles may apply (CSP Level 3)."""
    rules = _directives(context.header("content-security-policy"))
    if rules.get("default-src") != ["'none'"]:
        yield "Content-Security-Policy does not begin from default-src 'none'"
    for name in rules:
        if name.startswith("script-src") and not _keeps_to(context, rules[name]):
            yield f"{name} lets scripts run"
    if rules.get("frame-ancestors") != ["'none'"]:
        yield "frame-ancestors is not 'none'"
    allowed = rules.get("style-src", [])
    for source in _sources(context.answer.body, b"style"):
        if source not in allowed and "'unsafe-inline'" not in allowed:
            yield "style-src does not let the page's own style apply"


def _keeps_to(context: ExchangeContext, header: list[str]) -> bool:
    """Tell whether nothing runs but the program that a page may have, or the script of the tree.

    Of the policies in the header and in the page both hold, so it is enough if one of them is so narrow.
    """
    page, kind = context.answer.body, context.place.kind if context.place else None
    runs = kind is not None and kind.runs
    loads = ["'self'"] if kind is not None and kind.loads else []
    program = list(_sources(page, b"script")) if runs else loads
    found = _OWN_POLICY.search(page) if runs else None
    own = _directives(found[1].decode("latin-1")).get("script-src") if found else None
    return any(rule is not None and {*rule} <= {"'none'", *program} for rule in (header, own))


def _sources(page: bytes, element: bytes) -> Iterator[str]:
    """Yield the source expression of each element of a kind that ends, by which a policy lets it apply."""
    lower, at = page.lower(), 0
    while (start := lower.find(b"<" + element, at)) >= 0:  # in time linear in the page
        begin = lower.find(b">", start) + 1
        at = lower.find(b"</" + element, begin)
        if begin == 0 or at < 0:
            return
        yield f"'sha256-{strict_base64.encode(hashlib.sha256(page[begin:at]).digest())}'"


class _Link(msgspec.Struct):
    href: str
    type: str = ""


class _Linkset(msgspec.Struct):
    linkset: Annotated[list[dict[str, list[_Link] | str]], msgspec.Meta(min_length=1)]


def discovery(context: ExchangeContext) -> Iterator[str]:
    """The discovery document has its form, leads to what it names, and names the root that is served."""
    document = _parsed(context, Discovery)
    if isinstance(document, str):
        yield f"no discovery document: {document}"
        return
    if not document.registers:
        yield "it names no register"
    for register in document.registers:
        for reference in (register.register_url, register.feed_url):
            yield from answers(context, reference)
        root = f"{register.trust_url.rstrip('/')}/{register.root.version}.root.json"
        path = context.path_of(root)
        if path is not None and digest(context.peek(path.removeprefix("/")).body) != register.root.sha256:
            yield f"the root {path[:120]} has another SHA-256 than it says"


def linkset(context: ExchangeContext) -> Iterator[str]:
    """The catalog is a linkset (RFC 9264 section 4.2), and its links to files answer."""
    document = _parsed(context, _Linkset)
    if isinstance(document, str):
        yield f"it is not a linkset with link contexts: {document}"
        return
    for link_set in document.linkset:
        anchor = link_set.get("anchor", "")
        if isinstance(anchor, str) and anchor:
            yield from answers(context, anchor)
        for relation in link_set.keys() - _OF_THE_SERVICE - {"anchor"}:
            yield from _targets(context, relation, link_set[relation])


def service_links(context: ExchangeContext) -> Iterator[str]:
    """The catalog leads to the API reference and the status (RFC 8631), and these answer."""
    document = _parsed(context, _Linkset)
    for relation in sorted(_OF_THE_SERVICE):
        contexts = [] if isinstance(document, str) else document.linkset
        named = [link_set[relation] for link_set in contexts if relation in link_set]
        if not named:
            yield f"there is no link {relation}"
        for links in named:
            yield from _targets(context, relation, links)


def _targets(context: ExchangeContext, relation: str, links: list[_Link] | str) -> Iterator[str]:
    if isinstance(links, str):
        yield f"{relation[:60]!a} is not a list of objects with href"
        return
    for link in links:
        yield from answers(context, link.href, link.type)


def schema(context: ExchangeContext) -> Iterator[str]:
    """It is a JSON Schema of the draft that the format promises."""
    document = _parsed(context, dict[str, Any])
    if isinstance(document, str) or document.get("$schema") != DIALECT:
        yield f"it does not say $schema {DIALECT}"


def nothing_of_the_store(context: ExchangeContext) -> Iterator[str]:
    """Nothing comes that lies outside the tree."""
    if any(secret in context.answer.body for secret in _STORE):
        yield "a file outside the tree was served"


_OF_THE_SERVICE = frozenset({"service-doc", "status"})
"""Relations (RFC 8631) whose targets a host of plain files cannot have."""


def _directives(text: str) -> dict[str, list[str]]:
    """Return the directives of a policy; of those with one name the first holds (CSP Level 3, 2.2.1)."""
    parts = (part.split() for part in reversed(text.split(";")))
    return {words[0].lower(): words[1:] for words in parts if words}


def _parsed(context: ExchangeContext, form: type[T]) -> T | str:
    """Return the body as a document, or what is wrong with it."""
    try:
        return msgspec.json.decode(context.answer.body, type=form)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return ascii(str(error)[:200])
