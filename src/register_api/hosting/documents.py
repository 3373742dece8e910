"""Conformance checks on documents: discovery, API catalog, schemas, and the security policy of pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TypeVar

import msgspec

from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.documents import Discovery
from register_api.core.headers import NEIGHBOURS, Link, links_of
from register_api.core.schemas import DIALECT
from register_api.core.text import quoted
from register_api.hosting.script import MAX_QUOTE, ExchangeContext

T = TypeVar("T")
_OK = 200
_MOST = 8192
"""Maximum characters read of a ``Link`` header, because parsing takes more than linear time."""
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[a-z*]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_PARAMETER = re.compile(r';\s*([a-z*]+)\s*=\s*(?:"([^"]*)"|([^\s",;]+))')


def lasting_links(context: ExchangeContext) -> Iterator[str]:
    """Check the links to signatures, schema, newest version and history, and the types of their targets."""
    yield from _missing(context, (link for link in _expected(context) if link.relation not in NEIGHBOURS))
    for target, _, media_type in _given(context):
        yield from answers(context, target, media_type)


def neighbours(context: ExchangeContext) -> Iterator[str]:
    """Check that links to the previous and next version are present exactly if these exist (RFC 5829)."""
    expected = [link for link in _expected(context) if link.relation in NEIGHBOURS]
    yield from _missing(context, expected)
    known = {link.relation for link in expected}
    for _, relations, _ in _given(context):
        for relation in NEIGHBOURS.intersection(relations.split()) - known:
            yield f'a link rel="{relation}" where there is none'


def catalog_link(context: ExchangeContext) -> Iterator[str]:
    """Check that the response links to the API catalog (RFC 9727 section 2)."""
    if not any("api-catalog" in relations.split() for _, relations, _ in _given(context)):
        yield 'missing link rel="api-catalog"'


def redirects_to_the_folder(context: ExchangeContext) -> Iterator[str]:
    """Check that ``Location`` is the requested folder with a final slash (RFC 9110 section 10.2.2)."""
    location = context.header("location")
    if context.place is not None and context.path_of(location) != f"/{context.place.url}":
        yield f"Location {location[:120]!r} does not lead to /{context.place.url}"


def answers(context: ExchangeContext, reference: str, media_type: str = "") -> Iterator[str]:
    """Check that a link within the tree answers 200 with the media type; external links are ignored."""
    path = context.path_of(reference)
    if path is None:
        return
    target = context.peek(path.removeprefix("/"))
    if target.status != _OK:
        yield f"the link to {path[:120]} answers with status {target.status}"
        return
    given = target.headers.get("content-type", "").partition(";")[0].strip().lower()
    suffix = re.sub(r"/.*\+", "/", media_type)
    if media_type and given not in (media_type, suffix):
        found = quoted(given, MAX_QUOTE) if given else "no type"
        yield f"the link to {path[:120]} promises {media_type}, {found} came"


def _expected(context: ExchangeContext) -> list[Link]:
    """Return the links that the format requires for a document."""
    if context.place is None:
        return []
    return links_of(context.place.path, context.places.newest)


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
    """Yield target, relations and type of each link in a response (RFC 8288 section 3)."""
    for match in _LINK.finditer(context.header("link")[:_MOST]):
        parameters = {name: quoted or plain for name, quoted, plain in _PARAMETER.findall(match[2])}
        yield match[1], parameters.get("rel", ""), parameters.get("type", "")


_OWN_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
_STORE = (b"sub-processor-register-manifest", b'"manifest_sha256"', b"PRIVATE KEY", b"root:x:0:")


def policy(context: ExchangeContext) -> Iterator[str]:
    """Check that only a page's own inline script or the tree's script can run (CSP Level 3)."""
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
    """Return whether the policies only let the page's own inline script, or the tree's script, run.

    The policies in the header and in the page both apply, so one that is strict enough suffices.
    """
    page, kind = context.answer.body, context.place.kind if context.place else None
    runs = kind is not None and kind.runs
    loads = ["'self'"] if kind is not None and kind.loads else []
    program = list(_sources(page, b"script")) if runs else loads
    found = _OWN_POLICY.search(page) if runs else None
    own = _directives(found[1].decode("latin-1")).get("script-src") if found else None
    return any(rule is not None and {*rule} <= {"'none'", *program} for rule in (header, own))


def _sources(page: bytes, element: bytes) -> Iterator[str]:
    """Yield the CSP hash source of the content of each closed ``element`` in a page."""
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
    """Check that the discovery document is valid, its links answer, and its root digest is right."""
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
    """Check that the catalog is a linkset (RFC 9264 section 4.2), and that its links to files answer."""
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
    """Check that the catalog links to the API reference and the status (RFC 8631), and that they answer."""
    document = _parsed(context, _Linkset)
    for relation in sorted(_OF_THE_SERVICE):
        contexts = [] if isinstance(document, str) else document.linkset
        named = [link_set[relation] for link_set in contexts if relation in link_set]
        if not named:
            yield f"missing link {relation}"
        for links in named:
            yield from _targets(context, relation, links)


def _targets(context: ExchangeContext, relation: str, links: list[_Link] | str) -> Iterator[str]:
    if isinstance(links, str):
        yield f"{relation[:60]!a} is not a list of objects with href"
        return
    for link in links:
        yield from answers(context, link.href, link.type)


def schema(context: ExchangeContext) -> Iterator[str]:
    """Check that the document is a JSON Schema of the draft that the format uses."""
    document = _parsed(context, dict[str, Any])
    if isinstance(document, str) or document.get("$schema") != DIALECT:
        yield f"it does not say $schema {DIALECT}"


def nothing_outside_the_tree(context: ExchangeContext) -> Iterator[str]:
    """Check that no file outside the tree is served."""
    if any(secret in context.answer.body for secret in _STORE):
        yield "a file outside the tree was served"


_OF_THE_SERVICE = frozenset({"service-doc", "status"})
"""Relations (RFC 8631) whose targets a static host does not have."""


def _directives(text: str) -> dict[str, list[str]]:
    """Return the directives of a policy; the first of several with one name applies (CSP Level 3, 2.2.1)."""
    parts = (part.split() for part in reversed(text.split(";")))
    return {words[0].lower(): words[1:] for words in parts if words}


def _parsed(context: ExchangeContext, form: type[T]) -> T | str:
    """Return the decoded body, or an error message."""
    try:
        return msgspec.json.decode(context.answer.body, type=form)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return ascii(str(error)[:200])
