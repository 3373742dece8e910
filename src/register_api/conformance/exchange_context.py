"""One exchange as it happened, with all that a judgement may want to look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from register_api.conformance.host_address import Address
from register_api.conformance.raw_client import Answer
from register_api.conformance.script import Exchange
from register_api.conformance.served_tree import ServedFile, ServedTree
from register_api.core.headers import CACHE_CONTROL

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


def names_known_before(address: Address, places: ServedTree, place: ServedFile | None) -> dict[str, str]:
    """Return what stands for a name in the script, as far as it does not depend on an answer."""
    known = {
        "$base": address.base.removesuffix("/"),
        "$newest": str(places.newest),
        "$next-version": str(places.newest + 1),
        "$next-root": str(places.root + 1),
        "$vendor": places.vendor,
        "$long": _LONG,
        "$large": _LARGE,
    }
    if place is not None:
        known |= {
            "$path": place.url,
            "$folder": place.url.removesuffix("/"),
            "$type": place.kind.media_type,
            "$cache": CACHE_CONTROL[place.kind.cache],
        }
    return known


def names_of_answers(first: Answer, before: Answer) -> dict[str, str]:
    """Return what stands for the names that the answers so far have given a meaning."""
    return {
        "$etag": first.headers.get("etag", '"none"'),
        "$last-modified": first.headers.get("last-modified", "never"),
        "$tag-before": before.headers.get("etag", '"none"'),
    }


def filled(text: str, names: Mapping[str, str]) -> str:
    """Return a text of the script with its names replaced."""
    return _replaced(text, names)


def pattern(text: str, names: Mapping[str, str]) -> str:
    """Return a regular expression of the script; what stands for a name means itself."""
    return _replaced(text, {name: re.escape(value) for name, value in names.items()})


def in_words(exchange: Exchange, names: Mapping[str, str]) -> str:
    """Return what was asked, on one line, for a person."""
    shown = {name: _short(value) for name, value in names.items()}
    version = "" if exchange.http == "1.1" else f" (HTTP/{exchange.http})"
    headers = ", ".join(
        f"{name}: {' | '.join(filled(value, shown).splitlines())}" for name, value in exchange.with_.items()
    )
    return f"{filled(exchange.send, shown)}{version}" + (f" with {headers}" if headers else "")


def _short(text: str) -> str:
    return f"{text[:8]}… ({len(text)} characters)" if len(text) > _SHOWN else text


def _replaced(text: str, names: Mapping[str, str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text
