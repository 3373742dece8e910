"""What there is to ask for: one file of each kind, found by reading what is served."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TypeVar

import msgspec

from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import KINDS, address_of, is_path, kind_of, target_copy
from register_api.core.format.tree import FEED_PAGE_SIZE, SCHEMAS
from register_api.core.log.tiles import TILE_WIDTH, Level, tile_path
from register_api.errors import Unreachable
from register_api.hosting.raw_client import Answer

T = TypeVar("T")

Peek = Callable[[str], Answer]
"""Answers GET for a path below the base."""

_OK = 200
_FURTHER_LANGUAGES = re.compile(rb'href="\./([a-z]{2})/" hreflang="\1"')
"""Languages in which there are pages beside those in the main one, as the first page says."""
_MAX_ROOTS = 64

_Number = Annotated[int, msgspec.Meta(ge=1, le=10**9)]


class _WithId(msgspec.Struct):
    id: str


class _Register(msgspec.Struct):
    version: _Number
    subprocessors: list[_WithId]
    categories: list[_WithId] = []
    format_minor: int | None = None


class _Key(msgspec.Struct):
    kid: str


class _Keys(msgspec.Struct):
    keys: list[_Key]


class _Head(msgspec.Struct):
    path: str


class _Heads(msgspec.Struct):
    files: list[_Head]


class _Meta(msgspec.Struct):
    version: _Number


class _Target(msgspec.Struct):
    hashes: dict[str, str]


class _Signed(msgspec.Struct):
    meta: dict[str, _Meta] = {}
    targets: dict[str, _Target] = {}


class _Metadata(msgspec.Struct):
    signed: _Signed


class ServedFile(msgspec.Struct, frozen=True):
    """One file of the tree.

    Attributes:
        path: Path in the tree.
        kind: What the format says of such files.
    """

    path: str
    kind: FileKind

    @property
    def family(self) -> tuple[str, str]:
        """What it has in common with files that a host treats alike: folder and media type."""
        return self.kind.template.rpartition("/")[0], self.kind.media_type

    @property
    def url(self) -> str:
        """Path below the base, without a leading slash."""
        return address_of(self.path)


class ServedTree(msgspec.Struct, frozen=True, kw_only=True):
    """What is served at an address.

    Attributes:
        newest: Number of the newest version.
        root: Version of the newest TUF root.
        vendor: Id of a vendor.
        files: One file of each kind, or a few.
    """

    newest: int
    root: int
    vendor: str
    files: tuple[ServedFile, ...]


def find_places(peek: Peek) -> ServedTree:
    """Look at what is served."""
    register = _document(peek, tree.REGISTER, _Register)
    if register is None:
        raise Unreachable(
            f"no register is served at {tree.REGISTER.path()} of this address",
            hint="give the address of the folder that holds v1 and trust",
        )
    heads = _document(peek, tree.HEADS, _Heads)
    paths = (
        *_by_name(peek, register),
        # Scripts are found in the list of head files, since digests stand in their names.
        *(file.path for file in (heads.files if heads else ()) if _is_script(file.path)),
        *_of_the_log(register.version),
        *_of_trust(peek),
    )
    return ServedTree(
        newest=register.version,
        root=_newest_root(peek),
        vendor=register.subprocessors[0].id if register.subprocessors else "",
        files=tuple(ServedFile(path, kind_of(path)) for path in dict.fromkeys(filter(is_path, paths))),
    )


def _by_name(peek: Peek, register: _Register) -> Iterator[str]:
    """Yield the paths of every kind whose names follow from the newest version and the list of keys."""
    newest, keys = register.version, _document(peek, tree.KEYS, _Keys)
    values: dict[str, Iterable[object]] = {
        "version": (1, newest),
        "size": (1, newest),
        "page": (1,) if newest >= FEED_PAGE_SIZE else (),
        "name": [form.name for form in SCHEMAS],
        "minor": () if register.format_minor is None else (register.format_minor,),
        "kid": [key.kid for key in keys.keys[:1]] if keys else (),
        "subprocessor": [item.id for item in register.subprocessors[:1]],
        "category": [item.id for item in register.categories[:1]],
        "language": [tag.decode() for tag in _FURTHER_LANGUAGES.findall(peek(tree.INDEX.path()).body)],
    }
    for kind in KINDS:
        named = itertools.product(*(values.get(name, ()) for name in kind.parameters))
        paths = (kind.path(*each) for each in named)
        yield from (path for path in paths if not kind.optional or peek(path).status == _OK)


def _is_script(path: str) -> bool:
    return is_path(path) and kind_of(path) is tree.SCRIPT


def _of_the_log(newest: int) -> Iterator[str]:
    full, rest = divmod(newest, TILE_WIDTH)
    levels: tuple[Level, ...] = (0, "entries")
    for level in levels:
        yield tile_path(level, full, rest) if rest else tile_path(level, full - 1)


def _of_trust(peek: Peek) -> Iterator[str]:
    """Yield the chain from the timestamp to the targets, as far as it can be read."""
    yield tree.ROOT.path(1)
    metadata = _document(peek, tree.TIMESTAMP, _Metadata)
    for role, kind in (("snapshot", tree.SNAPSHOT), ("targets", tree.TARGETS)):
        named = metadata.signed.meta.get(f"{role}.json") if metadata else None
        if named is None:
            return
        yield kind.path(named.version)
        metadata = _document(peek, kind, _Metadata, named.version)
    for name, target in metadata.signed.targets.items() if metadata else ():
        yield target_copy(name, target.hashes.get("sha256", ""))


def _newest_root(peek: Peek) -> int:
    """Return the version of the newest root; a host that always answers is found out by a check."""
    return next(
        (number for number in range(1, _MAX_ROOTS) if peek(tree.ROOT.path(number + 1)).status != _OK),
        _MAX_ROOTS,
    )


def _document(peek: Peek, kind: FileKind, form: type[T], *values: Any) -> T | None:
    """Return a document that is served, as far as it is read here; ``None`` if it cannot be."""
    answer = peek(kind.path(*values))
    try:
        return msgspec.json.decode(answer.body, type=form) if answer.status == _OK else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
