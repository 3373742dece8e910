"""What belongs to a stored document: signatures, schema and versions (RFC 8288, RFC 5829).

Targets are relative to the document itself, so they hold under any host and prefix.
"""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable, Iterator

import msgspec

from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import COPIES, is_path, kind_of, values_in

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
        if not isinstance(path, str) or not is_path(path):
            return False
        return int(values_in(path).get("version", 1)) <= self._newest


def links_of(path: str, newest: int, paths: Container[str]) -> list[Link]:
    """Return the links of a document.

    Args:
        path: Path of the document in the tree.
        newest: Number of the newest version.
        paths: Every path of the tree; only what is there is linked.
    """
    if not is_path(path) or (kind := kind_of(path)) in COPIES:
        return []
    return [
        *_signatures(kind, path, paths),
        *_schema(kind, path, paths),
        *_versions(kind, path, newest, paths),
        *_catalog(kind, path),
    ]


def link_value(links: Iterable[Link]) -> str:
    """Return links as the value of a ``Link`` header (RFC 8288 section 3); empty without any."""
    return ", ".join(f'<{link.reference}>; rel="{link.relation}"; type="{link.media_type}"' for link in links)


def _signatures(kind: FileKind, path: str, paths: Container[str]) -> Iterator[Link]:
    for signature in kind.signatures:
        if signature.of(path) in paths:  # RFC 6249 section 4 does the same
            yield _link(path, signature.of(path), "describedby", signature.media_type)


def _schema(kind: FileKind, path: str, paths: Container[str]) -> Iterator[Link]:
    if kind.schema is not None and (schema := tree.SCHEMA.path(kind.schema.name)) in paths:
        yield _link(path, schema, "describedby", "application/schema+json")


def _versions(kind: FileKind, path: str, newest: int, paths: Container[str]) -> Iterator[Link]:
    if kind not in (tree.REGISTER, tree.VERSION_REGISTER):
        return
    version = int(values_in(path).get("version", newest))
    related = (
        ("latest-version", tree.REGISTER.path()),
        ("predecessor-version", tree.VERSION_REGISTER.path(version - 1)),
        ("successor-version", tree.VERSION_REGISTER.path(version + 1)),
        ("version-history", tree.VERSIONS.path()),
    )
    for relation, target in related:
        if target in paths:
            yield _link(path, target, relation, "application/json")


def _catalog(kind: FileKind, path: str) -> Iterator[Link]:
    """Yield the link that the catalog, and the page people begin from, should have (RFC 9727 section 2)."""
    if kind in (tree.API_CATALOG, tree.INDEX):
        yield _link(path, tree.API_CATALOG.path(), "api-catalog", tree.API_CATALOG.media_type)


def _link(path: str, target: str, relation: str, media_type: str) -> Link:
    return Link(target, posixpath.relpath(target, posixpath.dirname(path)), relation, media_type)
