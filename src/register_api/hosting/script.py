"""The script: numbered checks as data (``checks.toml``), and what there is to ask for at an address."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from typing import Annotated, Literal

import msgspec

from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import KINDS, address_of, is_path, kind_of, target_copy
from register_api.core.format.tree import FEED_PAGE_SIZE, SCHEMAS
from register_api.core.headers import CACHE_CONTROL
from register_api.core.log.tiles import TILE_WIDTH, Level, tile_path
from register_api.errors import Unreachable
from register_api.hosting.raw_client import Address, Answer

Peek = Callable[[str], Answer]
"""Answers GET for a path below the base."""
_OK = 200
_FURTHER_LANGUAGES = re.compile(rb'href="\./([a-z]{2})/" hreflang="\1"')
"""Languages in which there are pages beside those in the main one, as the first page says."""
_MAX_ROOTS = 64
_Number = Annotated[int, msgspec.Meta(ge=1, le=10**9)]


class _Named(msgspec.Struct, frozen=True):
    id: str = ""
    kid: str = ""
    path: str = ""
    version: _Number = 0
    hashes: dict[str, str] = {}


class _Signed(msgspec.Struct, frozen=True):
    meta: dict[str, _Named] = {}
    targets: dict[str, _Named] = {}


class _Document(msgspec.Struct, frozen=True):
    """What is read of documents of the tree: the register, its keys and head files, and TUF's metadata."""

    version: _Number = 0
    format_minor: int | None = None
    subprocessors: tuple[_Named, ...] = ()
    categories: tuple[_Named, ...] = ()
    keys: tuple[_Named, ...] = ()
    files: tuple[_Named, ...] = ()
    signed: _Signed = _Signed()


class ServedFile(msgspec.Struct, frozen=True):
    """One file of the tree, and what the format says of such files."""

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
    """What is served at an address: newest version and TUF root, a vendor's id, files of each kind."""

    newest: int
    root: int
    vendor: str
    files: tuple[ServedFile, ...]


def find_places(peek: Peek) -> ServedTree:
    """Look at what is served."""
    register = _document(peek, tree.REGISTER)
    if not register.version:
        raise Unreachable(
            f"no register is served at {tree.REGISTER.path()} of this address",
            hint="give the address of the folder that holds v1 and trust",
        )
    newest = register.version
    full, rest = divmod(newest, TILE_WIDTH)
    levels: tuple[Level, ...] = (0, "entries")
    heads = (file.path for file in _document(peek, tree.HEADS).files)
    paths = (
        *_by_name(peek, register),
        # Scripts are found in the list of head files, since digests stand in their names.
        *(path for path in heads if is_path(path) and kind_of(path) is tree.SCRIPT),
        *(tile_path(level, full, rest) if rest else tile_path(level, full - 1) for level in levels),
        *_of_trust(peek),
    )
    # A host that always answers, also for roots, is found out by a check.
    roots = (number for number in range(1, _MAX_ROOTS) if peek(tree.ROOT.path(number + 1)).status != _OK)
    return ServedTree(
        newest=newest,
        root=next(roots, _MAX_ROOTS),
        vendor=register.subprocessors[0].id if register.subprocessors else "",
        files=tuple(ServedFile(path, kind_of(path)) for path in dict.fromkeys(filter(is_path, paths))),
    )


def _by_name(peek: Peek, register: _Document) -> Iterator[str]:
    """Yield the paths of every kind whose names follow from the newest version and the list of keys."""
    newest = register.version
    values: dict[str, Iterable[object]] = {
        "version": (1, newest),
        "size": (1, newest),
        "page": (1,) if newest >= FEED_PAGE_SIZE else (),
        "name": [form.name for form in SCHEMAS],
        "minor": () if register.format_minor is None else (register.format_minor,),
        "kid": [key.kid for key in _document(peek, tree.KEYS).keys[:1]],
        "subprocessor": [item.id for item in register.subprocessors[:1]],
        "category": [item.id for item in register.categories[:1]],
        "language": [tag.decode() for tag in _FURTHER_LANGUAGES.findall(peek(tree.INDEX.path()).body)],
    }
    for kind in KINDS:
        named = itertools.product(*(values.get(name, ()) for name in kind.parameters))
        paths = (kind.path(*each) for each in named)
        yield from (path for path in paths if not kind.optional or peek(path).status == _OK)


def _of_trust(peek: Peek) -> Iterator[str]:
    """Yield the chain from the timestamp to the targets, as far as it can be read."""
    yield tree.ROOT.path(1)
    signed = _document(peek, tree.TIMESTAMP).signed
    for role, kind in (("snapshot", tree.SNAPSHOT), ("targets", tree.TARGETS)):
        named = signed.meta.get(f"{role}.json", _Named())
        if not named.version:
            return
        yield kind.path(named.version)
        signed = _document(peek, kind, named.version).signed
    for name, target in signed.targets.items():
        yield target_copy(name, target.hashes.get("sha256", ""))


def _document(peek: Peek, kind: FileKind, *values: int) -> _Document:
    """Return a document that is served, as far as it is read here; an empty one if it cannot be."""
    answer = peek(kind.path(*values))
    try:
        return msgspec.json.decode(answer.body, type=_Document) if answer.status == _OK else _Document()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _Document()


Host = Literal["any", "told", "service"]
"""Who has to keep a rule: any host of the tree; a host of files if it is told how (``export`` writes
that down), and it may be left out; the service alone."""
Each = Literal["once", "files", "kinds", "pages", "folders"]
"""Whether a check is carried out once, or for every file that was found, one of every kind of file, every
page, or every page in a folder."""


class Exchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A request and what has to come back.

    Attributes:
        send: Method and path, e.g. ``GET /v1/register.json``.
        status: Every status that is right; 0 stands for a connection closed without an answer.
        with_: Headers to send; a line feed in a value sends the header once for each line.
        http: Version of HTTP of the request.
        headers: Regular expression for the whole value of each header; empty: it must not be there.
        body: Regular expression found in the body; empty: there must be none.
        holds: What else has to hold, by the names in ``judgements.JUDGEMENTS``.
    """

    send: str
    status: int | tuple[int, ...]
    with_: dict[str, str] = {}
    http: Literal["1.1", "1.0"] = "1.1"
    headers: dict[str, str] = {}
    body: str | None = None
    holds: tuple[str, ...] = ()

    @property
    def allowed(self) -> tuple[int, ...]:
        """Every status that is right."""
        return (self.status,) if isinstance(self.status, int) else self.status


class ConformanceCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One numbered check.

    Attributes:
        id: ``C01`` and so on; a number stays with its check for ever.
        title: What holds when it passes.
        standard: What it rests on.
    """

    id: str
    title: str
    standard: str
    host: Host
    exchange: tuple[Exchange, ...]
    each: Each = "once"


def load_checks() -> tuple[ConformanceCheck, ...]:
    """Return all checks, in order."""
    text = resources.files("register_api.hosting").joinpath("checks.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["check"], tuple[ConformanceCheck, ...])


_SHOWN = 400
MAX_QUOTE = 160
"""Characters of a server's own words that a report quotes."""


class ExchangeContext(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange of a check.

    Attributes:
        place: The file that the check is carried out for, if it is for each.
        first: Answer to the first exchange of the check; the same as ``answer`` in the first.
        names: What stands for each name in the script.
    """

    address: Address
    places: ServedTree
    place: ServedFile | None
    exchange: Exchange
    answer: Answer
    first: Answer
    peek: Peek
    names: Mapping[str, str] = {}

    def path_of(self, reference: str) -> str | None:
        """Return the path below the base that a reference leads to from what was asked, if it leads there."""
        return self.address.path_of(reference, self.exchange.send.partition(" /")[2])

    def header(self, name: str) -> str:
        """Return a header of the answer; empty when it is missing."""
        return self.answer.headers.get(name, "")


def names_known(
    address: Address, places: ServedTree, place: ServedFile | None, first: Answer, before: Answer
) -> dict[str, str]:
    """Return what stands for each name in the script, as far as the answers so far give it a meaning."""
    known = {
        "$base": address.base.removesuffix("/"),
        "$newest": str(places.newest),
        "$next-version": str(places.newest + 1),
        "$next-root": str(places.root + 1),
        "$vendor": places.vendor,
        "$long": "a" * 20_000,
        "$large": "a" * 70_000,
        "$etag": first.headers.get("etag", '"none"'),
        "$last-modified": first.headers.get("last-modified", "never"),
        "$tag-before": before.headers.get("etag", '"none"'),
    }
    if place is not None:
        known |= {
            "$path": place.url,
            "$folder": place.url.removesuffix("/"),
            "$type": place.kind.media_type,
            "$cache": CACHE_CONTROL[place.kind.cache],
        }
    return known


def filled(text: str, names: Mapping[str, str]) -> str:
    """Return a text of the script with its names replaced."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text


def pattern(text: str, names: Mapping[str, str]) -> str:
    """Return a regular expression of the script; what stands for a name means itself."""
    return filled(text, {name: re.escape(value) for name, value in names.items()})


def in_words(exchange: Exchange, names: Mapping[str, str]) -> str:
    """Return what was asked, on one line, for a person."""
    shown = {
        name: f"{value[:8]}… ({len(value)} characters)" if len(value) > _SHOWN else value
        for name, value in names.items()
    }
    version = "" if exchange.http == "1.1" else f" (HTTP/{exchange.http})"
    headers = ", ".join(
        f"{name}: {' | '.join(filled(value, shown).splitlines())}" for name, value in exchange.with_.items()
    )
    return f"{filled(exchange.send, shown)}{version}" + (f" with {headers}" if headers else "")
