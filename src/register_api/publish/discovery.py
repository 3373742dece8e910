"""Discovery document, API catalog (RFC 9727), security.txt and robots.txt."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Container, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from register_api.core.canonical import digest, encode
from register_api.core.documents import Discovery, RegisterReference, RootReference, VersionList
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.format.kind import Schema
from register_api.core.format.paths import FILES, address_of
from register_api.core.format.tree import SCHEMA_OF_MINOR, SCHEMAS
from register_api.core.instant import format_instant
from register_api.core.model import Publisher, Register
from register_api.core.schemas import DIALECT, definitions
from register_api.errors import StoreDamaged
from register_api.store.reader import Snapshot

ROLE = "security"
"""Role of the contacts listed in ``security.txt``."""

GOOD_FOR = dt.timedelta(days=364)
"""Less than a year, as RFC 9116 section 2.5.5 recommends; renewed by each publication."""

ROBOTS_TXT = b"User-agent: *\nDisallow:\n"
"""Everything may be crawled (RFC 9309 section 2.2.2). Crawlers request it only at the root of a host."""

_EXPIRES = "Expires: "

_ADDRESS = "@!$'*+-._~"
"""Characters of an email address not escaped in a ``mailto`` URI (RFC 6068 section 2)."""

_URL = ":/?#[]@!$&'()*+,;=%-._~"


def security_txt(publisher: Publisher, now: dt.datetime, base_url: str | None) -> bytes | None:
    """Return the file, without OpenPGP signature, or ``None`` if no contact has the role ``security``."""
    contacts = []
    for contact in publisher.contacts:
        if contact.role.casefold() == ROLE:
            # Line breaks are escaped.
            if contact.email is not None:
                contacts.append(f"Contact: mailto:{quote(contact.email, safe=_ADDRESS)}")
            if contact.url is not None:
                contacts.append(f"Contact: {quote(contact.url, safe=_URL)}")
    if not contacts:
        return None
    lines = [
        *contacts,
        f"{_EXPIRES}{format_instant(now + GOOD_FOR)}",
        f"Preferred-Languages: {publisher.language}",
        *([f"Canonical: {base_url}{tree.SECURITY_TXT.path()}"] if base_url else []),
    ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def security_txt_expires(snapshot: Snapshot) -> dt.datetime | None:
    """Return when ``security.txt`` expires, UTC, or ``None`` if there is none."""
    if tree.SECURITY_TXT.path() not in snapshot.manifest.files:
        return None
    data = snapshot.read(tree.SECURITY_TXT.path())
    try:
        (line,) = (line for line in data.decode().splitlines() if line.startswith(_EXPIRES))
        return dt.datetime.fromisoformat(line.removeprefix(_EXPIRES))
    except ValueError as error:
        raise StoreDamaged(f"{tree.SECURITY_TXT.path()} does not say when it expires") from error


LinkContext = dict[str, Any]
"""A link context object: an anchor, and targets by relation (RFC 9264 section 4.2.2)."""

_UP = "../"
"""From ``/.well-known/`` to the base, used when the publisher does not fix the tree's URL."""


def discovery_document(register: Register, roots: Sequence[bytes], base_url: str | None) -> bytes:
    """Return ``/.well-known/sub-processors.json`` (docs/format/discovery.md)."""
    base = base_url or _UP
    reference = RegisterReference(
        register=register.register,
        title=register.publisher.name,
        tree_url=base,
        register_url=base + tree.REGISTER.path(),
        feed_url=base + tree.FEED_ATOM.path(),
        trust_url=base + tree.TRUST_FOLDER,
        targets_url=base + tree.TARGETS_FOLDER,
        root=RootReference(version=len(roots), sha256=digest(roots[-1])),
    )
    return encode(Discovery(registers=(reference,)))


def api_catalog(base_url: str | None) -> bytes:
    """Return ``/.well-known/api-catalog``: a linkset (RFC 9727, RFC 9264) of the published resources.

    Only the service answers at the ``service-doc`` and ``status`` links (RFC 8631).
    """
    base = base_url or _UP
    catalog: LinkContext = {
        "anchor": base + tree.API_CATALOG.path(),
        "item": [{"href": base}],
        "profile": [{"href": "https://www.rfc-editor.org/info/rfc9727"}],
    }
    service: LinkContext = {
        "anchor": base,
        "service-desc": [{"href": base + tree.OPENAPI.path(), "type": "application/json"}],
        "service-doc": [{"href": base + "docs", "type": "text/html"}],
        "status": [{"href": base + "readyz", "type": "application/json"}],
        **_named(base, of_service=True),
    }
    register: LinkContext = {
        "anchor": base + tree.REGISTER.path(),
        "describedby": [{"href": base + tree.SCHEMA.path("register"), "type": "application/schema+json"}],
        **_named(base, of_service=False),
    }
    return encode({"linkset": [catalog, service, register]})


def _named(base: str, *, of_service: bool) -> LinkContext:
    """Return links to the files that have a relation: those of the service (RFC 8631), or all others."""
    found: LinkContext = {}
    for kind in FILES:
        if kind.relation is not None and kind.relation.startswith("service-") is of_service:
            link = {"href": base + address_of(kind.path()), "type": kind.media_type.partition(";")[0]}
            found[kind.relation] = [*found.get(kind.relation, ()), link]
    return found


def newest_schemas(listed: VersionList | None) -> Mapping[str, bytes]:
    """Return the schema of each document type by name; none if a later release has published newer ones."""
    return {} if listed and listed.format_minor > FORMAT_MINOR else _schemas()


def fixed_schemas(stored: Container[str]) -> Mapping[tuple[str, int], bytes]:
    """Return the schemas of this minor version by name and number, without those already published."""
    return {
        (name, FORMAT_MINOR): data
        for name, data in _schemas().items()
        if SCHEMA_OF_MINOR.path(name, FORMAT_MINOR) not in stored
    }


@functools.cache
def _schemas() -> Mapping[str, bytes]:
    return {form.name: encode(schema(form)) for form in SCHEMAS}


def schema(form: Schema) -> dict[str, Any]:
    """Return the JSON Schema of a document type; it allows unknown properties (docs/compatibility.md)."""
    (reference,), found = definitions([form.struct], "#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "$id": f"urn:sub-processor-register:schema:{form.name}:1.{FORMAT_MINOR}",
        "title": form.struct.__name__,
        "description": form.title,
        "$ref": reference["$ref"],
        "$defs": found,
    }
