"""``Link`` headers of stored documents: signatures, schema and versions (RFC 8288, RFC 5829).

Targets are relative to the document itself, so they hold under any host and prefix.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from register_api.core import tree

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_SIGNATURES = (
    (tree.jws, "application/jose"),
    (tree.raw_signature, "application/octet-stream"),
    (tree.feed_signature, "application/xml"),
)
"""Path of a signature beside a document, and its media type (RFC 6249 section 4 does the same)."""

_DOCUMENT = re.compile(r"v1/(?:versions/\d+/)?(register|diff|entry|versions|keys)\.json")
_REGISTER = re.compile(r"v1/(?:versions/(\d+)/)?register\.json")


def link_header(path: str, newest: int, paths: Container[str]) -> bytes | None:
    """Return the value of a document's ``Link`` header.

    Args:
        path: Path of the document in the tree.
        newest: Number of the newest version.
        paths: Every path of the tree; only what is there is linked.

    Returns:
        The value, or ``None`` when nothing is related to the document.
    """
    rows = [*_signatures(path, paths), *_schema(path, paths), *_versions(path, newest, paths)]
    return ", ".join(rows).encode("ascii") or None


def _signatures(path: str, paths: Container[str]) -> Iterator[str]:
    for beside, media_type in _SIGNATURES:
        if beside(path) in paths:
            yield _link(path, beside(path), "describedby", media_type)


def _schema(path: str, paths: Container[str]) -> Iterator[str]:
    match = _DOCUMENT.fullmatch(path)
    if match is not None and tree.schema(match[1]) in paths:
        yield _link(path, tree.schema(match[1]), "describedby", "application/schema+json")


def _versions(path: str, newest: int, paths: Container[str]) -> Iterator[str]:
    match = _REGISTER.fullmatch(path)
    if match is None:
        return
    version = int(match[1] or newest)
    related = (
        ("latest-version", tree.REGISTER),
        ("predecessor-version", tree.version_register(version - 1)),
        ("successor-version", tree.version_register(version + 1)),
        ("version-history", tree.VERSIONS),
    )
    for relation, target in related:
        if target in paths:
            yield _link(path, target, relation, "application/json")


def _link(path: str, target: str, relation: str, media_type: str) -> str:
    reference = posixpath.relpath(target, posixpath.dirname(path))
    return f'<{reference}>; rel="{relation}"; type="{media_type}"'
