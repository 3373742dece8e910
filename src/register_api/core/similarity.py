"""How much alike two vendors are, by name, identity and use: hints for people, never proof.

The thresholds were set so that what differs in one word of two is not alike, and a slip of the
keyboard is.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from register_api.core.model import EngagementSource, Subprocessor, SubprocessorSource

Vendor = Subprocessor | SubprocessorSource


NEAR = 0.85
"""Ratio of ``difflib.SequenceMatcher`` from which two names count as misspelt forms of one."""

SAME_PURPOSE = 0.6
"""Share of the words of two purposes that both have (Jaccard index) from which they are one purpose."""

_LEGAL_FORMS = frozenset(
    {
        "ab", "ag", "as", "bv", "co", "corp", "corporation", "gmbh", "inc",
        "incorporated", "kg", "limited", "llc", "llp", "ltd", "nv", "oy", "pbc",
        "plc", "pte", "pty", "sa", "sarl", "sas", "se", "spa", "srl",
    }
)  # fmt: skip
_WORD = re.compile(r"\w+")
_HOST = re.compile(r"https://(?:www\.)?([^/?#:]+)")
_LONGEST_NAME = 100
_SHORTEST_NAME = 5
_SHORTEST_WORD = 4


@lru_cache(maxsize=4096)
def normalise_name(name: str) -> tuple[str, ...]:
    """Return a name without punctuation, legal form, case and order of words."""
    words = sorted(_words(name))
    return tuple(word for word in words if word not in _LEGAL_FORMS) or tuple(words) or (name.casefold(),)


def is_similar(one: str, other: str) -> bool:
    """Tell whether two names look like one with a slip of the keyboard; numbers in them must be equal."""
    left, right = normalise_name(one), normalise_name(other)
    if _numbers(left) != _numbers(right):
        return False
    first, second = " ".join(left), " ".join(right)
    if min(len(first), len(second)) < _SHORTEST_NAME or max(len(first), len(second)) > _LONGEST_NAME:
        return False
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return matcher.quick_ratio() >= NEAR and matcher.ratio() >= NEAR


def same_purpose(one: EngagementSource, other: EngagementSource) -> bool:
    """Tell whether two engagements are in one category for a purpose in much the same words."""
    if one.category != other.category:
        return False
    left, right = _telling_words(one.purpose), _telling_words(other.purpose)
    together = left | right
    return bool(together) and len(left & right) / len(together) >= SAME_PURPOSE


def same_use(one: Vendor, other: Vendor) -> bool:
    """Tell whether some use of one vendor is a use of the other."""
    return any(same_purpose(left, right) for left in one.engagements for right in other.engagements)


def identifiers_of(vendor: Vendor) -> frozenset[tuple[str, str]]:
    """Return what tells a company apart besides its name: numbers, legal name, host of its website."""
    found: set[tuple[str, str]] = {(item.scheme, item.value.casefold()) for item in vendor.identifiers or ()}
    if vendor.legal_name:
        found.add(("legal_name", " ".join(normalise_name(vendor.legal_name))))
    host = _HOST.match(vendor.website or "")
    if host:
        found.add(("website", host[1].casefold()))
    return frozenset(found)


def are_distinct_entities(one: Vendor, other: Vendor) -> bool:
    """Tell whether what is stated of two vendors says that they are two legal entities.

    A number that both have says that they are one, whatever else differs. Two legal names under one
    name are two entities; where the name differs as well, a company may just have been renamed.
    """
    left, right = (
        {(item.scheme, item.value) for item in vendor.identifiers or ()} for vendor in (one, other)
    )
    if left & right:
        return False
    if {scheme for scheme, _ in left} & {scheme for scheme, _ in right}:
        return True
    if one.seat and other.seat and one.seat != other.seat:
        return True
    stated = one.legal_name and other.legal_name
    return bool(
        stated
        and normalise_name(one.name) == normalise_name(other.name)
        and sorted(_words(one.legal_name or "")) != sorted(_words(other.legal_name or ""))
    )


def _words(name: str) -> list[str]:
    return _WORD.findall(name.casefold().replace(".", ""))


def _numbers(words: tuple[str, ...]) -> list[str]:
    return [word for word in words if any(character.isdigit() for character in word)]


def _telling_words(purpose: str) -> set[str]:
    """Return the words of a purpose without the short ones, unless there are no others."""
    words = set(_words(purpose))
    return {word for word in words if len(word) >= _SHORTEST_WORD} or words
