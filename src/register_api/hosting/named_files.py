"""Files of the tree by name, for hosts that know exact names and placeholders but no patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core.format import tree
from register_api.core.format.paths import is_path, kind_of
from register_api.core.links import link_value
from register_api.hosting.rules import lasting_links

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEMAS = ("register", "diff", "entry", "versions", "keys", "discovery")
_SAMPLE = 7


class NamedFile(msgspec.Struct, frozen=True):
    """A file, or with a placeholder many alike.

    Attributes:
        path: Path without leading slash, e.g. ``v1/versions/:version/diff.json``.
        media_type: Its media type.
        links: Value of its ``Link`` header, or empty.
    """

    path: str
    media_type: str
    links: str


def head_files() -> list[NamedFile]:
    """Return what changes with a publication, but for pages."""
    documents = (
        tree.REGISTER.path(),
        tree.VERSIONS.path(),
        tree.KEYS.path(),
        tree.FEED_ATOM.path(),
        tree.FEED_JSON.path(),
    )
    schemas = (tree.SCHEMA.path(name) for name in _SCHEMAS)
    paths = (
        *documents,
        *schemas,
        tree.CHECKPOINT.path(),
        tree.DISCOVERY.path(),
        tree.API_CATALOG.path(),
        tree.SECURITY_TXT.path(),
    )
    return [_named(each) for path in paths for each in _with_signatures(path)]


def files_of_versions() -> list[NamedFile]:
    """Return what there is for each version, with a placeholder for its number; keys and time stamps."""
    documents = (tree.VERSION_REGISTER.path(_SAMPLE), tree.VERSION_DIFF.path(_SAMPLE))
    paths = (*documents, tree.VERSION_ENTRY.path(_SAMPLE), tree.VERSION_PROOF.path(_SAMPLE))
    files = [_named(each) for path in paths for each in _with_signatures(path)]
    key = NamedFile("v1/keys/:kid", kind_of(tree.PUBLIC_KEY.path("k" * 43)).media_type, "")
    stamp = NamedFile("log/checkpoints/:size", kind_of(tree.TIME_STAMP.path(1)).media_type, "")
    return [*files, key, stamp]


def _with_signatures(path: str) -> Iterator[str]:
    yield path
    beside = (tree.RAW_SIGNATURE.of(path), tree.JWS.of(path), tree.XML_SIGNATURE.of(path))
    yield from (name for name in beside if is_path(name))


def _named(path: str) -> NamedFile:
    shown = path.replace(f"/{_SAMPLE}/", "/:version/")
    return NamedFile(shown, kind_of(path).media_type, link_value(lasting_links(path)))
