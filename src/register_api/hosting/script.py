"""The script: numbered checks as data, read from ``checks.toml`` beside this module."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Literal

import msgspec

from register_api.core.headers import CACHE_CONTROL
from register_api.hosting.raw_client import Address, Answer
from register_api.hosting.served_tree import ServedFile, ServedTree

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
        host: Who has to keep it.
        exchange: What is asked, in order.
        each: For what it is carried out.
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
    document: dict[str, Any] = tomllib.loads(text)
    return msgspec.convert(tuple(document["check"]), tuple[ConformanceCheck, ...])


_LONG = "a" * 20_000
_LARGE = "a" * 70_000
_SHOWN = 400
MAX_QUOTE = 160
"""Characters of a server's own words that a report quotes."""


class ExchangeContext(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange of a check.

    Attributes:
        address: Where the tree is.
        places: What is served there.
        place: The file that the check is carried out for, if it is for each.
        exchange: What was to be asked.
        answer: What came.
        first: Answer to the first exchange of the check; the same as ``answer`` in the first.
        peek: Answers GET for a path below the base, without a leading slash.
    """

    address: Address
    places: ServedTree
    place: ServedFile | None
    exchange: Exchange
    answer: Answer
    first: Answer
    peek: Callable[[str], Answer]

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
        "$long": _LONG,
        "$large": _LARGE,
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
