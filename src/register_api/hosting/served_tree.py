"""What there is to ask for: one file of each kind, found by reading what is served."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import KINDS, address_of, is_path, kind_of, target_copy
from register_api.core.format.tree import FEED_PAGE_SIZE, SCHEMAS
from register_api.core.log.tiles import TILE_WIDTH, Level, tile_path
from register_api.errors import Unreachable
from register_api.hosting.raw_client import Answer

_OK = 200
_FURTHER_LANGUAGES = re.compile(rb'href="\./([a-z]{2})/" hreflang="\1"')
"""Languages in which there are pages beside those in the main one, as the first page says."""
_MAX_ROOTS = 64


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


def find_places(peek: Callable[[str], Answer]) -> ServedTree:
    """Look at what is served."""
    register = _document(peek, tree.REGISTER.path())
    newest, vendors = register.get("version"), register.get("subprocessors")
    if not isinstance(newest, int) or newest < 1 or not isinstance(vendors, list):
        raise Unreachable(
            f"no register is served at {tree.REGISTER.path()} of this address",
            hint="give the address of the folder that holds v1 and trust",
        )
    vendor = _first_id(vendors)
    category = _first_id(register.get("categories"))
    minor = register.get("format_minor")
    paths = (
        *_by_name(peek, newest, minor, vendor, category),
        *_scripts(peek),
        *_of_the_log(newest),
        *_of_trust(peek),
    )
    known = dict.fromkeys(path for path in paths if is_path(path))
    return ServedTree(
        newest=newest,
        root=_newest_root(peek),
        vendor=vendor,
        files=tuple(ServedFile(path, kind_of(path)) for path in known),
    )


def _by_name(
    peek: Callable[[str], Answer], newest: int, minor: object, vendor: str, category: str
) -> Iterator[str]:
    """Yield the paths of every kind whose names follow from the newest version and the list of keys."""
    values: dict[str, Iterable[object]] = {
        "version": (1, newest),
        "size": (1, newest),
        "page": (1,) if newest >= FEED_PAGE_SIZE else (),
        "name": [form.name for form in SCHEMAS],
        "minor": (minor,) if isinstance(minor, int) else (),
        "kid": _first_key(peek),
        "subprocessor": (vendor,) if vendor else (),
        "category": (category,) if category else (),
        "language": [tag.decode() for tag in _FURTHER_LANGUAGES.findall(peek(tree.INDEX.path()).body)],
    }
    for kind in KINDS:
        named = itertools.product(*(values.get(name, ()) for name in kind.parameters))
        paths = (kind.path(*each) for each in named)
        yield from (path for path in paths if not kind.optional or peek(path).status == _OK)


def _scripts(peek: Callable[[str], Answer]) -> Iterator[str]:
    """Yield the paths of scripts that the list of head files names, since digests stand in them."""
    files = _document(peek, tree.HEADS.path()).get("files")
    paths = [_text(file, "path") for file in files] if isinstance(files, list) else []
    yield from (path for path in paths if is_path(path) and kind_of(path) is tree.SCRIPT)


def _first_id(items: object) -> str:
    """Return the first id in a list of objects, or an empty string."""
    found = (_text(item, "id") for item in items) if isinstance(items, list) else ()
    return next(filter(None, found), "")


def _of_the_log(newest: int) -> Iterator[str]:
    full, rest = divmod(newest, TILE_WIDTH)
    levels: tuple[Level, ...] = (0, "entries")
    for level in levels:
        yield tile_path(level, full, rest) if rest else tile_path(level, full - 1)


def _of_trust(peek: Callable[[str], Answer]) -> Iterator[str]:
    """Yield the chain from the timestamp to the targets, as far as it can be read."""
    yield tree.ROOT.path(1)
    names = _signed(_document(peek, tree.TIMESTAMP.path()))
    for role, kind in (("snapshot", tree.SNAPSHOT), ("targets", tree.TARGETS)):
        version = _member(names, "meta", f"{role}.json", "version")
        if not isinstance(version, int):
            return
        yield kind.path(version)
        names = _signed(_document(peek, kind.path(version)))
    targets = _member(names, "targets")
    for name in targets if isinstance(targets, dict) else ():
        yield target_copy(name, str(_member(targets, name, "hashes", "sha256")))


def _first_key(peek: Callable[[str], Answer]) -> list[str]:
    keys = _document(peek, tree.KEYS.path()).get("keys")
    return [_text(keys[0], "kid")] if isinstance(keys, list) and keys else []


def _newest_root(peek: Callable[[str], Answer]) -> int:
    """Return the version of the newest root; a host that always answers is found out by a check."""
    return next(
        (number for number in range(1, _MAX_ROOTS) if peek(tree.ROOT.path(number + 1)).status != _OK),
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
