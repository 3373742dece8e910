"""What belongs to a stored document: signatures, schema and versions (RFC 8288, RFC 5829).

Targets are relative to the document itself, so they hold under any host and prefix.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

import msgspec

from register_api.core.format import tree
from register_api.core.format.paths import is_path

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

_SIGNATURES = (
    (tree.JWS.of, "application/jose"),
    (tree.RAW_SIGNATURE.of, "application/octet-stream"),
    (tree.XML_SIGNATURE.of, "application/xml"),
)
"""Path of a signature beside a document, and its media type (RFC 6249 section 4 does the same)."""

_DOCUMENT = re.compile(r"v1/(?:versions/\d+/)?(register|diff|entry|versions|keys)\.json")
_REGISTER = re.compile(r"v1/(?:versions/(\d+)/)?register\.json")
_VERSION = re.compile(r"v1/versions/(\d+)/")

NEIGHBOURS = frozenset({"predecessor-version", "successor-version"})
"""Relations whose target differs from version to version; of the newest it changes with the next."""


class Link(msgspec.Struct, frozen=True):
    """One link of a document.

    Attributes:
        target: Path in the tree.
        reference: The same, relative to the document.
        relation: Relation type (RFC 8288 section 3.3).
        media_type: Media type of the target.
    """

    target: str
    reference: str
    relation: str
    media_type: str


class WholeTree:
    """Every path that a tree with so many versions may have, by rule: a container to look paths up in."""

    def __init__(self, newest: int) -> None:
        """Take the number of the newest version."""
        self._newest = newest

    def __contains__(self, path: object) -> bool:
        """Tell whether the format knows such a path for these versions."""
        if not isinstance(path, str):
            return False
        version = _VERSION.match(path)
        if version is not None and not 1 <= int(version[1]) <= self._newest:
            return False
        return is_path(path)


def links_of(path: str, newest: int, paths: Container[str]) -> list[Link]:
    """Return the links of a document.

    Args:
        path: Path of the document in the tree.
        newest: Number of the newest version.
        paths: Every path of the tree; only what is there is linked.
    """
    return [
        *_signatures(path, paths),
        *_schema(path, paths),
        *_versions(path, newest, paths),
        *_catalog(path),
    ]


def link_value(links: Iterable[Link]) -> str:
    """Return links as the value of a ``Link`` header (RFC 8288 section 3); empty without any."""
    return ", ".join(f'<{link.reference}>; rel="{link.relation}"; type="{link.media_type}"' for link in links)


def _signatures(path: str, paths: Container[str]) -> Iterator[Link]:
    for beside, media_type in _SIGNATURES:
        if beside(path) in paths:
            yield _link(path, beside(path), "describedby", media_type)


def _schema(path: str, paths: Container[str]) -> Iterator[Link]:
    match = _DOCUMENT.fullmatch(path)
    if match is not None and tree.SCHEMA.path(match[1]) in paths:
        yield _link(path, tree.SCHEMA.path(match[1]), "describedby", "application/schema+json")


def _versions(path: str, newest: int, paths: Container[str]) -> Iterator[Link]:
    match = _REGISTER.fullmatch(path)
    if match is None:
        return
    version = int(match[1] or newest)
    related = (
        ("latest-version", tree.REGISTER.path()),
        ("predecessor-version", tree.VERSION_REGISTER.path(version - 1)),
        ("successor-version", tree.VERSION_REGISTER.path(version + 1)),
        ("version-history", tree.VERSIONS.path()),
    )
    for relation, target in related:
        if target in paths:
            yield _link(path, target, relation, "application/json")


def _catalog(path: str) -> Iterator[Link]:
    """Yield the link that the catalog, and the page people begin from, should have (RFC 9727 section 2)."""
    if path in (tree.API_CATALOG.path(), tree.INDEX.path()):
        yield _link(path, tree.API_CATALOG.path(), "api-catalog", "application/linkset+json")


def _link(path: str, target: str, relation: str, media_type: str) -> Link:
    return Link(target, posixpath.relpath(target, posixpath.dirname(path)), relation, media_type)
