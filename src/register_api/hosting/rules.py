"""The rules of the tree as a host of files can keep them: patterns of paths, and the headers they get.

They hold for every publication, past and to come, so a host is told once. What changes from one
publication to the next (digests, neighbouring versions) is not among them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from register_api.core.format import tree
from register_api.core.format.paths import KINDS
from register_api.core.headers import CACHE_CONTROL, page_policy
from register_api.core.links import NEIGHBOURS, WholeTree, link_value, links_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.links import Link

_SAMPLE = 7
_NUMBER = r"[1-9]\d*"

NUMBER = "register_number"

PAGE_POLICY = page_policy("'unsafe-inline'")
"""Any style that stands in the page, since that of a later release has another digest; no script at all."""


class Rule(msgspec.Struct, frozen=True):
    """A value that a header has for some paths.

    Attributes:
        pattern: Regular expression for the whole path, without leading slash; Python, PCRE and RE2 read
            it alike.
        value: The header's value.
    """

    pattern: str
    value: str


def media_types() -> list[Rule]:
    """Return the media type of every kind of file, one rule a type."""
    by_type: dict[str, list[str]] = {}
    for pattern, kind in ((kind.pattern, kind) for kind in KINDS):
        by_type.setdefault(kind.media_type, []).append(pattern)
    return [Rule("|".join(patterns), media_type) for media_type, patterns in by_type.items()]


def caches() -> list[Rule]:
    """Return how long each kind of file may be kept, as far as that is not the rule for everything else."""
    return [
        Rule(pattern, CACHE_CONTROL[kind.cache])
        for pattern, kind in ((kind.pattern, kind) for kind in KINDS)
        if kind.cache != "mutable"
    ]


def links() -> list[Rule]:
    """Return the ``Link`` headers that are the same in every publication.

    In a value ``{register_number}`` stands for the number that the pattern's group of that name has found.
    """
    return [
        Rule(_pattern_of(path), link_value(lasting_links(path)).replace(f"<{_SAMPLE}.", f"<{{{NUMBER}}}."))
        for path in _linked()
    ]


def lasting_links(path: str) -> list[Link]:
    """Return the links of a file that are the same in every publication."""
    links_of_it = links_of(path, _SAMPLE + 1, WholeTree(_SAMPLE + 1))
    return [link for link in links_of_it if link.relation not in NEIGHBOURS]


def _pattern_of(path: str) -> str:
    """Return a pattern for a path and for those that differ from it by their number."""
    return re.escape(path).replace(rf"/{_SAMPLE}", f"/(?P<{NUMBER}>{_NUMBER})").replace(r"\-", "-")


def _linked() -> Iterator[str]:
    """Yield a path of every kind of document that has links; where there are many, one with a number."""
    yield from (
        tree.REGISTER.path(),
        tree.VERSIONS.path(),
        tree.KEYS.path(),
        tree.FEED_ATOM.path(),
        tree.FEED_JSON.path(),
    )
    yield from (
        tree.VERSION_REGISTER.path(_SAMPLE),
        tree.VERSION_DIFF.path(_SAMPLE),
        tree.VERSION_ENTRY.path(_SAMPLE),
    )
    yield from (tree.FEED_ARCHIVE.path(_SAMPLE), tree.INDEX.path(), tree.API_CATALOG.path())
