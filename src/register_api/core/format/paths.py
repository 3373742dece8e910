"""Finds the kind of file for a path of the tree.

Further kinds are derived from the rows of ``core.format.tree``: signatures of documents, copies of TUF
targets, which are named by their digest, and pages in other languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

import msgspec

from register_api.core.format import tree
from register_api.core.format.kind import MIB, FileKind, MediaType, Stage

FILES: tuple[FileKind, ...] = tuple(kind for kinds in tree.GROUPS.values() for kind in kinds)
"""Every row of the table."""

TARGETS_BY_NAME: dict[str, FileKind] = {kind.target: kind for kind in FILES if kind.target is not None}
"""Kind of file by TUF target name."""

LISTED: tuple[FileKind, ...] = tuple(kind for kind in FILES if kind.listed)
"""Kinds covered by the signed list of head files."""


def target_copy(name: str, sha256: str) -> str:
    """Return the path of a TUF target's copy, named by its digest (TUF consistent snapshots)."""
    return f"{tree.TARGETS_FOLDER}{sha256}.{name}"


def in_language(path: str, tag: str) -> str:
    """Return the path of a page in a language other than the main one."""
    return f"{tag}/{path}"


def _derived(kind: FileKind, **changes: object) -> FileKind:
    """Return a derived kind, without the properties that only the original has."""
    plain = {"signatures": (), "target": None, "relation": None, "in_entry": False, "listed": False}
    return msgspec.structs.replace(kind, **plain, **changes)


COPIES: tuple[FileKind, ...] = tuple(
    _derived(
        kind,
        template=target_copy(name, "{sha256}"),
        operation=kind.operation + "Target",
        summary=f"{kind.summary}, as a TUF target",
        cache="immutable",
        checks=("V25",),
        written="trust",
    )
    for name, kind in TARGETS_BY_NAME.items()
)
SIGNATURES: tuple[FileKind, ...] = tuple(
    _derived(
        kind,
        template=signature.of(kind.template),
        operation=kind.operation + signature.operation,
        summary=f"{signature.summary} over /{kind.template}",
        media=MediaType(signature.media_type, compress=False),
        schema=None,
        max_bytes=signature.max_bytes,
    )
    for kind in FILES
    for signature in kind.signatures
)
TRANSLATIONS: tuple[FileKind, ...] = tuple(
    _derived(
        kind,
        template=in_language(kind.template, "{language}"),
        operation=kind.operation + "Translated",
        summary=f"{kind.summary}, in another language",
    )
    for kind in FILES
    if kind.is_page
)
KINDS: tuple[FileKind, ...] = (*FILES, *COPIES, *SIGNATURES, *TRANSLATIONS)
"""Every kind of file in a tree."""

PAGE_FILE = tree.INDEX.path()
_ANY = re.compile("|".join(f"({kind.pattern})" for kind in KINDS))


def kind_of(path: str) -> FileKind:
    """Return the kind of file for a path of the tree; ``KeyError`` if there is none."""
    match = _ANY.fullmatch(path)
    if match is None or match.lastindex is None:
        raise KeyError(path)
    return KINDS[match.lastindex - 1]


def is_path(path: str) -> bool:
    """Return whether a path is valid in the format."""
    return _ANY.fullmatch(path) is not None


def is_signed(path: str) -> bool:
    """Return whether a file has signatures."""
    return is_path(path) and bool(kind_of(path).signatures)


def values_in(path: str) -> dict[str, str]:
    """Return the parameter values in a path of the tree, by name."""
    match = re.fullmatch(kind_of(path).named_pattern, path)
    return match.groupdict() if match else {}


def address_of(path: str) -> str:
    """Return the URL of a file relative to the root of the tree; pages are addressed by their folder."""
    return path.removesuffix(PAGE_FILE) if path.rpartition("/")[2] == PAGE_FILE else path


def file_at(address: str) -> str:
    """Return the path of the file for a URL relative to the root of the tree."""
    return address + PAGE_FILE if not address or address.endswith("/") else address


def max_bytes(path: str) -> int:
    """Return the maximum size of the file at a path; unknown paths have a default."""
    return kind_of(path).max_bytes if is_path(path) else 16 * MIB


def in_order(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], ...]:
    """Return the files of one publication grouped by stage, in writing order."""
    groups: dict[Stage, dict[str, bytes]] = {stage: {} for stage in get_args(Stage)}
    for path, data in files.items():
        groups[kind_of(path).stage][path] = data
    return tuple(group for group in groups.values() if group)
