"""Documents by which software finds the register: discovery and the API catalog (RFC 9727)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from register_api.core.canonical import digest, encode
from register_api.core.documents import Discovery, RegisterReference, RootReference
from register_api.core.format import tree
from register_api.core.format.paths import FILES, address_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from register_api.core.model import Register

LinkContext = dict[str, Any]
"""One member of a linkset: an anchor, and targets by relation (RFC 9264 section 4.2.2)."""

_UP = "../"
"""From ``/.well-known/`` to the base, for hosts whose address the publisher does not fix."""


def discovery_document(register: Register, roots: Sequence[bytes], base_url: str | None) -> bytes:
    """Return ``/.well-known/sub-processors.json`` (docs/format.md, Discovery)."""
    base = base_url or _UP
    reference = RegisterReference(
        register=register.register,
        title=register.publisher.name,
        base=base,
        register_url=base + tree.REGISTER.path(),
        feed_url=base + tree.FEED_ATOM.path(),
        trust_url=base + tree.TRUST_FOLDER,
        targets_url=base + tree.TARGETS_FOLDER,
        root=RootReference(version=len(roots), sha256=digest(roots[-1])),
    )
    return encode(Discovery(registers=(reference,)))


def api_catalog(base_url: str | None) -> bytes:
    """Return ``/.well-known/api-catalog``: a linkset (RFC 9727, RFC 9264) of what can be read.

    The links of ``service-doc`` and ``status`` (RFC 8631) lead to what only the service answers; a
    host of plain files answers 404 there.
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
        "service-desc": [{"href": base + tree.OPENAPI.path(), "type": "application/json"}],
        "service-doc": [{"href": base + "docs", "type": "text/html"}],
        "status": [{"href": base + "readyz", "type": "application/json"}],
        **_named(base, of_service=True),
    }


def _register(base: str) -> LinkContext:
    schema = base + tree.SCHEMA.path("register")
    return {
        "anchor": base + tree.REGISTER.path(),
        "describedby": [{"href": schema, "type": "application/schema+json"}],
        **_named(base, of_service=False),
    }


def _named(base: str, *, of_service: bool) -> LinkContext:
    """Name the files that have a relation in the table; some are of the service (RFC 8631)."""
    found: LinkContext = {}
    for kind in FILES:
        if kind.relation is not None and kind.relation.startswith("service-") is of_service:
            link = {"href": base + address_of(kind.path()), "type": kind.media_type.partition(";")[0]}
            found[kind.relation] = [*found.get(kind.relation, ()), link]
    return found
