"""The conformance checks as data (``checks.toml``), and the discovery of the files served at a URL."""

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
"""Returns the response to GET for a path below the base."""
_OK = 200
_FURTHER_LANGUAGES = re.compile(rb'href="\./([a-z]{2})/" hreflang="\1"')
"""Links on the main page to its translations."""
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
    """The fields used from the register, its keys and head files, and TUF metadata."""

    version: _Number = 0
    format_minor: int | None = None
    subprocessors: tuple[_Named, ...] = ()
    categories: tuple[_Named, ...] = ()
    keys: tuple[_Named, ...] = ()
    files: tuple[_Named, ...] = ()
    signed: _Signed = _Signed()


class ServedFile(msgspec.Struct, frozen=True):
    """One file of the tree, with its kind."""

    path: str
    kind: FileKind

    @property
    def family(self) -> tuple[str, str]:
        """Folder and media type, which files that a host treats alike have in common."""
        return self.kind.template.rpartition("/")[0], self.kind.media_type

    @property
    def url(self) -> str:
        """URL path below the base, without a leading slash."""
        return address_of(self.path)


class ServedTree(msgspec.Struct, frozen=True, kw_only=True):
    """The tree served at a URL: newest version and TUF root, one vendor's id, files of each kind."""

    newest: int
    root: int
    vendor: str
    files: tuple[ServedFile, ...]


def find_served_tree(peek: Peek) -> ServedTree:
    """Find the files served at a URL."""
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
        # Scripts have digests in their names, so they are found in the list of head files.
        *(path for path in heads if is_path(path) and kind_of(path) is tree.SCRIPT),
        *(tile_path(level, full, rest) if rest else tile_path(level, full - 1) for level in levels),
        *_of_trust(peek),
    )
    # A host that answers for any root is detected by one of the checks.
    roots = (number for number in range(1, _MAX_ROOTS) if peek(tree.ROOT.path(number + 1)).status != _OK)
    return ServedTree(
        newest=newest,
        root=next(roots, _MAX_ROOTS),
        vendor=register.subprocessors[0].id if register.subprocessors else "",
        files=tuple(ServedFile(path, kind_of(path)) for path in dict.fromkeys(filter(is_path, paths))),
    )


def _by_name(peek: Peek, register: _Document) -> Iterator[str]:
    """Yield the paths of each kind that follow from the register and its list of keys."""
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
    """Yield the paths of TUF metadata and targets, as far as the chain can be read."""
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
    """Return a document, or an empty one if it cannot be read."""
    answer = peek(kind.path(*values))
    try:
        return msgspec.json.decode(answer.body, type=_Document) if answer.status == _OK else _Document()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _Document()


Host = Literal["any", "configured", "service"]
"""Which hosts a check applies to: any; static hosts if configured (with ``export``), where it is
optional; only the service."""
Each = Literal["once", "files", "kinds", "pages", "folders"]
"""What a check is run for: once; every file found; one file of every family; every page; or every page
that is served as a folder."""


class Exchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A request and its expected response.

    Attributes:
        send: Method and path, e.g. ``GET /v1/register.json``.
        status: All allowed statuses; 0 means a connection closed without a response.
        with_: Headers to send; a line feed in a value sends the header once for each line.
        http: HTTP version of the request.
        headers: Regular expression for the whole value of each header; empty if it must be absent.
        body: Regular expression to find in the body; empty if there must be no body.
        holds: Further conditions, by their names in ``judgements.JUDGEMENTS``.
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
        """All allowed statuses."""
        return (self.status,) if isinstance(self.status, int) else self.status


class ConformanceCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One numbered check.

    Attributes:
        id: ``C01`` and so on; numbers are never reused.
        title: The condition that it tests.
        standard: The standard that it is based on.
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


_LONG_VALUE = 400
MAX_QUOTE = 160
"""Maximum characters of a server's response quoted in a report."""


class ExchangeContext(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange of a check.

    Attributes:
        place: The file that the check is run for, unless it is run once.
        first: Response to the first exchange of the check; in the first exchange, same as ``answer``.
        names: Values of the variables in the script.
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
        """Resolve a reference relative to the request; ``None`` if it is outside the base."""
        return self.address.path_of(reference, self.exchange.send.partition(" /")[2])

    def header(self, name: str) -> str:
        """Return a header of the response; empty if missing."""
        return self.answer.headers.get(name, "")


def script_variables(
    address: Address, places: ServedTree, place: ServedFile | None, first: Answer, before: Answer
) -> dict[str, str]:
    """Return the variables of the script, with values from the responses so far."""
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
    """Return a text of the script with its variables replaced."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text


def pattern(text: str, names: Mapping[str, str]) -> str:
    """Return a regular expression of the script, with the values of variables escaped."""
    return filled(text, {name: re.escape(value) for name, value in names.items()})


def request_line(exchange: Exchange, names: Mapping[str, str]) -> str:
    """Return a request as one readable line."""
    shortened = {
        name: f"{value[:8]}… ({len(value)} characters)" if len(value) > _LONG_VALUE else value
        for name, value in names.items()
    }
    version = "" if exchange.http == "1.1" else f" (HTTP/{exchange.http})"
    headers = ", ".join(
        f"{name}: {' | '.join(filled(value, shortened).splitlines())}"
        for name, value in exchange.with_.items()
    )
    return f"{filled(exchange.send, shortened)}{version}" + (f" with {headers}" if headers else "")
