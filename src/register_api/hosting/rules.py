"""The rules of the tree as a host of files can keep them: patterns of paths, and the headers they get.

They hold for every publication, past and to come, so a host is told once. What changes from one
publication to the next (digests, neighbouring versions) is not among them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from register_api.core.format.paths import KINDS
from register_api.core.headers import CACHE_CONTROL, page_policy
from register_api.core.links import NEIGHBOURS, WholeTree, link_value, links_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from register_api.core.format.kind import FileKind
    from register_api.core.links import Link

_NEWEST = 9
"""A number of versions; those of examples are smaller."""

NUMBER = "register_number"

PAGE_POLICY = page_policy("'unsafe-inline'")
"""Any style that stands in the page, since that of a later release has another digest; no script at all."""


class HeaderRule(msgspec.Struct, frozen=True):
    """A value that a header has for some paths.

    Attributes:
        pattern: Regular expression for the whole path, without leading slash; Python, PCRE and RE2 read
            it alike.
        value: The header's value.
    """

    pattern: str
    value: str


def media_types() -> list[HeaderRule]:
    """Return the media type of every kind of file, one rule a type."""
    return _by_value((kind.pattern, kind.media_type) for kind in KINDS)


def caches() -> list[HeaderRule]:
    """Return how long each kind of file may be kept, as far as that is not the rule for everything else."""
    return _by_value((kind.pattern, CACHE_CONTROL[kind.cache]) for kind in KINDS if kind.cache != "mutable")


def links() -> list[HeaderRule]:
    """Return the ``Link`` headers that are the same in every publication.

    In a value ``{register_number}`` stands for the number that the pattern's group of that name has found.
    """
    return [HeaderRule(_numbered(kind), value) for kind in KINDS if (value := _links_by_number(kind))]


def lasting_links(path: str) -> list[Link]:
    """Return the links of a file that are the same in every publication."""
    links_of_it = links_of(path, _NEWEST, WholeTree(_NEWEST))
    return [link for link in links_of_it if link.relation not in NEIGHBOURS]


def _by_value(rows: Iterable[tuple[str, str]]) -> list[HeaderRule]:
    patterns: dict[str, list[str]] = {}
    for pattern, value in rows:
        patterns.setdefault(value, []).append(pattern)
    return [HeaderRule("|".join(found), value) for value, found in patterns.items()]


def _numbered(kind: FileKind) -> str:
    """Return the pattern of a kind's paths, which have a number at most, with a group for it."""
    return re.sub(r"\?P<\w+>", f"?P<{NUMBER}>", kind.named_pattern)


def _links_by_number(kind: FileKind) -> str:
    """Return the links of a kind; where a file is named by its number, that is left open."""
    value = link_value(lasting_links(kind.example))
    return re.sub(r"<[0-9]+\.", f"<{{{NUMBER}}}.", value)
