"""From a path of the tree to what the table says of it.

Beside the rows of ``core.format.tree`` stand the kinds that follow from them: the signatures beside
signed documents, the copies of TUF targets, which are named by their digest, and pages in further languages.
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
"""Name of each TUF target to the kind whose newest bytes it is."""

LISTED: tuple[FileKind, ...] = tuple(kind for kind in FILES if kind.listed)
"""Kinds that the list of head files vouches for."""


def target_copy(name: str, sha256: str) -> str:
    """Return the path of a TUF target's copy, which is named by its digest (TUF consistent snapshots)."""
    return f"{tree.TARGETS_FOLDER}{sha256}.{name}"


def in_language(path: str, tag: str) -> str:
    """Return the path of a page in a language other than the main one."""
    return f"{tag}/{path}"


def _derived(kind: FileKind, **changes: object) -> FileKind:
    """Return a kind as another one, but for what only the original is or has."""
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
"""Every kind of file that there is in a tree."""

PAGE_FILE = tree.INDEX.path()
_ANY = re.compile("|".join(f"({kind.pattern})" for kind in KINDS))


def kind_of(path: str) -> FileKind:
    """Return what kind of file a path of the tree names; a ``KeyError`` where there is none."""
    match = _ANY.fullmatch(path)
    if match is None or match.lastindex is None:
        raise KeyError(path)
    return KINDS[match.lastindex - 1]


def is_path(path: str) -> bool:
    """Tell whether the format knows such a path."""
    return _ANY.fullmatch(path) is not None


def is_signed(path: str) -> bool:
    """Tell whether signatures lie beside a file, also where only later releases know its path."""
    return is_path(path) and bool(kind_of(path).signatures)


def values_in(path: str) -> dict[str, str]:
    """Return the values of the parameters in a path of the tree, by name."""
    match = re.fullmatch(kind_of(path).named_pattern, path)
    return match.groupdict() if match else {}


def address_of(path: str) -> str:
    """Return the address of a file, relative to the tree's root: a page answers for its folder."""
    return path.removesuffix(PAGE_FILE) if path.rpartition("/")[2] == PAGE_FILE else path


def file_at(address: str) -> str:
    """Return the path of the file that an address, relative to the tree's root, is of."""
    return address + PAGE_FILE if not address or address.endswith("/") else address


def max_bytes(path: str) -> int:
    """Return the most bytes that the file at a path may have, also where only later releases know it."""
    return kind_of(path).max_bytes if is_path(path) else 16 * MIB


def in_order(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], ...]:
    """Sort files of one publication into the groups that reach the disk one after the other."""
    groups: dict[Stage, dict[str, bytes]] = {stage: {} for stage in get_args(Stage)}
    for path, data in files.items():
        groups[kind_of(path).stage][path] = data
    return tuple(group for group in groups.values() if group)
