"""Files of the tree by name, for hosts that know exact names and placeholders but no patterns."""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from register_api.core.format.kind import PARAMETERS, FileKind
from register_api.core.format.paths import KINDS
from register_api.core.format.tree import SCHEMAS
from register_api.core.links import link_value
from register_api.hosting.rules import lasting_links

_SEGMENT = re.compile(r"[^/]*\{(\w+)\}[^/]*")
"""A part of a path that holds a parameter: a placeholder stands for all of it."""


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


def mutable_files() -> list[NamedFile]:
    """Return what changes with a publication, but for pages."""
    kinds = [kind for kind in KINDS if kind.cache == "mutable" and not kind.is_page]
    return [_named(kind, path) for kind in kinds for path in _paths(kind)]


def immutable_files() -> list[NamedFile]:
    """Return what never changes, as far as a placeholder tells one kind from all others."""
    shapes = Counter(_SEGMENT.sub(":", kind.template) for kind in KINDS)
    return [
        _named(kind, _SEGMENT.sub(r":\1", kind.template))
        for kind in KINDS
        if kind.cache == "immutable" and shapes[_SEGMENT.sub(":", kind.template)] == 1 and not _is_deep(kind)
    ]


def immutable_folders() -> list[str]:
    """Return the folders below which nothing ever changes."""
    folders = sorted({_folder(kind) for kind in KINDS if kind.cache == "immutable"})
    whole = [
        folder
        for folder in folders
        if all(kind.cache == "immutable" for kind in KINDS if kind.template.startswith(folder))
    ]
    return [one for one in whole if not any(one != other and one.startswith(other) for other in whole)]


def pages() -> list[str]:
    """Return the addresses of pages, those of many alike by their folder."""
    kinds = [kind for kind in KINDS if kind.is_page]
    return [address for kind in kinds for address in _addresses(kind)]


def _addresses(kind: FileKind) -> tuple[str, ...]:
    return (f"{_folder(kind)}*",) if kind.parameters else ("", kind.template)


def _paths(kind: FileKind) -> list[str]:
    """Return every path of a kind of which there are a few, known by name."""
    return [kind.path(schema.name) for schema in SCHEMAS] if kind.parameters else [kind.path()]


def _folder(kind: FileKind) -> str:
    """Return the folder that all files of a kind lie below."""
    return kind.template.partition("{")[0].rpartition("/")[0] + "/"


def _is_deep(kind: FileKind) -> bool:
    """Tell whether a parameter may reach over several segments of a path."""
    return any("/" in PARAMETERS[name].pattern for name in kind.parameters)


def _named(kind: FileKind, path: str) -> NamedFile:
    return NamedFile(path, kind.media_type, link_value(lasting_links(kind.example)))
