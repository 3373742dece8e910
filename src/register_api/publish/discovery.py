"""Documents by which software finds the register: discovery and the API catalog (RFC 9727)."""

from __future__ import annotations

from register_api.core.canonical import digest, encode
from register_api.core.documents import Discovery, RegisterReference, RootReference
from register_api.core.format import tree

LinkContext = dict[str, str | list[dict[str, str]]]
"""One member of a linkset: an anchor, and targets by relation (RFC 9264 section 4.2.2)."""

_UP = "../"
"""From ``/.well-known/`` to the base, for hosts whose address the publisher does not fix."""


def discovery_document(
    register: str, title: str, root_version: int, root: bytes, base_url: str | None
) -> bytes:
    """Return ``/.well-known/sub-processors.json`` (docs/format.md, Discovery).

    Args:
        register: The register's name.
        title: The publisher's name, for people.
        root_version: Version of the newest TUF root.
        root: Its bytes.
        base_url: Where the tree is published, ending in ``/``; ``None`` gives references relative to
            this document (RFC 3986 section 5).
    """
    base = base_url or _UP
    reference = RegisterReference(
        register=register,
        title=title,
        base=base,
        register_url=base + tree.REGISTER.path(),
        feed_url=base + tree.FEED_ATOM.path(),
        trust_url=base + tree.TRUST_FOLDER,
        targets_url=base + tree.TARGETS_FOLDER,
        root=RootReference(version=root_version, sha256=digest(root)),
    )
    return encode(Discovery(registers=(reference,)))


def api_catalog(base_url: str | None) -> bytes:
    """Return ``/.well-known/api-catalog``: a linkset (RFC 9727, RFC 9264) of what can be read.

    The links of ``service-desc``, ``service-doc`` and ``status`` (RFC 8631) lead to what only the
    service answers; a host of plain files answers 404 there.

    Args:
        base_url: As for ``discovery_document``.
    """
    base = base_url or _UP
    return encode({"linkset": [_catalog(base), _service(base), _register(base)]})


def _catalog(base: str) -> LinkContext:
    return {
        "anchor": base + tree.API_CATALOG.path(),
        "item": [{"href": base}],
        "profile": [{"href": "https://www.rfc-editor.org/info/rfc9727"}],
    }


def _service(base: str) -> LinkContext:
    return {
        "anchor": base,
        "service-desc": [{"href": base + "openapi.json", "type": "application/json"}],
        "service-doc": [{"href": base + "docs", "type": "text/html"}],
        "service-meta": [{"href": base + tree.DISCOVERY.path(), "type": "application/json"}],
        "status": [{"href": base + "readyz", "type": "application/json"}],
    }


def _register(base: str) -> LinkContext:
    return {
        "anchor": base + tree.REGISTER.path(),
        "describedby": [{"href": base + tree.SCHEMA.path("register"), "type": "application/schema+json"}],
        "version-history": [{"href": base + tree.VERSIONS.path(), "type": "application/json"}],
        "alternate": [
            {"href": base, "type": "text/html"},
            {"href": base + tree.FEED_ATOM.path(), "type": "application/atom+xml"},
            {"href": base + tree.FEED_JSON.path(), "type": "application/feed+json"},
        ],
    }
