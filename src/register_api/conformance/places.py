"""What there is to ask for: one file of each kind, found by reading what is served."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import is_path, kind_of
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.log.tiles import TILE_WIDTH, tile_path
from register_api.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from register_api.conformance.client import Answer
    from register_api.core.log.tiles import Level

_OK = 200
_MAX_ROOTS = 64
_SCHEMAS = ("register", "diff", "entry", "versions", "keys", "discovery")


class Place(msgspec.Struct, frozen=True):
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
    def is_page(self) -> bool:
        """Whether it is a page for people, which is asked for by its folder."""
        return self.path.endswith(tree.INDEX.path())

    @property
    def url(self) -> str:
        """Path below the base, without a leading slash."""
        return self.path.removesuffix(tree.INDEX.path()) if self.is_page else self.path


class Places(msgspec.Struct, frozen=True, kw_only=True):
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
    files: tuple[Place, ...]


def find_places(peek: Callable[[str], Answer]) -> Places:
    """Look at what is served.

    Args:
        peek: Answers GET for a path below the base, without a leading slash.

    Raises:
        Unreachable: There is no register at this address.
    """
    register = _document(peek, tree.REGISTER.path())
    newest, vendors = register.get("version"), register.get("subprocessors")
    if not isinstance(newest, int) or newest < 1 or not isinstance(vendors, list):
        raise Unreachable(
            f"no register is served at {tree.REGISTER.path()} of this address",
            hint="give the address of the folder that holds v1 and trust",
        )
    vendor = next((found for item in vendors if (found := _text(item, "id"))), "")
    known_by_name = (*_fixed_names(vendor), *_of_versions(newest), *_of_the_log(newest))
    paths = (*known_by_name, *_of_trust(peek), *_keys(peek), *_time_stamps(peek, newest))
    known = dict.fromkeys(path for path in paths if is_path(path))
    return Places(
        newest=newest,
        root=_newest_root(peek),
        vendor=vendor,
        files=tuple(Place(path, kind_of(path)) for path in known),
    )


def _fixed_names(vendor: str) -> Iterator[str]:
    yield from (
        tree.INDEX.path(),
        tree.REGISTER.path(),
        tree.VERSIONS.path(),
        tree.KEYS.path(),
        tree.FEED_ATOM.path(),
        tree.FEED_JSON.path(),
    )
    for path in (tree.REGISTER.path(), tree.VERSIONS.path(), tree.FEED_ATOM.path(), tree.FEED_JSON.path()):
        yield from (tree.RAW_SIGNATURE.of(path), tree.JWS.of(path))
    yield tree.XML_SIGNATURE.of(tree.FEED_ATOM.path())
    yield from (tree.SCHEMA.path(name) for name in _SCHEMAS)
    yield from (tree.CHECKPOINT.path(), tree.TIMESTAMP.path(), tree.DISCOVERY.path(), tree.API_CATALOG.path())
    yield tree.OPENAPI.path()
    if vendor:
        yield tree.SUBPROCESSOR_PAGE.path(vendor)


def _of_versions(newest: int) -> Iterator[str]:
    for number in {1, newest}:
        documents = (tree.VERSION_REGISTER.path(number), tree.VERSION_DIFF.path(number))
        yield from documents
        yield from (beside(path) for path in documents for beside in (tree.RAW_SIGNATURE.of, tree.JWS.of))
        yield from (
            tree.VERSION_ENTRY.path(number),
            tree.VERSION_PROOF.path(number),
            tree.VERSION_PAGE.path(number),
        )
    if newest >= FEED_PAGE_SIZE:
        page = tree.FEED_ARCHIVE.path(1)
        yield from (page, tree.RAW_SIGNATURE.of(page), tree.JWS.of(page), tree.XML_SIGNATURE.of(page))


def _of_the_log(newest: int) -> Iterator[str]:
    full, rest = divmod(newest, TILE_WIDTH)
    levels: tuple[Level, ...] = (0, "entries")
    for level in levels:
        yield tile_path(level, full, rest) if rest else tile_path(level, full - 1)


def _of_trust(peek: Callable[[str], Answer]) -> Iterator[str]:
    """Yield the chain from the timestamp to the targets, as far as it can be read."""
    yield "trust/1.root.json"
    names = _signed(_document(peek, tree.TIMESTAMP.path()))
    for role in ("snapshot", "targets"):
        version = _member(names, "meta", f"{role}.json", "version")
        if not isinstance(version, int):
            return
        yield f"trust/{version}.{role}.json"
        names = _signed(_document(peek, f"trust/{version}.{role}.json"))
    targets = _member(names, "targets")
    for name in targets if isinstance(targets, dict) else ():
        yield f"trust/targets/{_member(targets, name, 'hashes', 'sha256')}.{name}"


def _keys(peek: Callable[[str], Answer]) -> Iterator[str]:
    keys = _document(peek, tree.KEYS.path()).get("keys")
    for key in itertools.islice(keys if isinstance(keys, list) else (), 1):
        yield tree.PUBLIC_KEY.path(_text(key, "kid"))


def _time_stamps(peek: Callable[[str], Answer], newest: int) -> Iterator[str]:
    """Yield the time stamp of the newest or the first checkpoint; there need not be any."""
    paths = (tree.TIME_STAMP.path(number) for number in (newest, 1))
    yield from itertools.islice((path for path in paths if peek(path).status == _OK), 1)


def _newest_root(peek: Callable[[str], Answer]) -> int:
    """Return the version of the newest root; a host that always answers is found out by a check."""
    return next(
        (number for number in range(1, _MAX_ROOTS) if peek(f"trust/{number + 1}.root.json").status != _OK),
        _MAX_ROOTS,
    )


def _document(peek: Callable[[str], Answer], path: str) -> dict[str, Any]:
    """Return a JSON object that is served; an empty one when there is none."""
    answer = peek(path)
    try:
        document = msgspec.json.decode(answer.body) if answer.status == _OK else {}
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _signed(document: dict[str, Any]) -> dict[str, Any]:
    signed = document.get("signed")
    return signed if isinstance(signed, dict) else {}


def _member(document: Any, *names: str) -> Any:
    """Return a member of a member, or ``None``."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _text(document: Any, name: str) -> str:
    found = _member(document, name)
    return found if isinstance(found, str) else ""
