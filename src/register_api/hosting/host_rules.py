"""Header rules for static hosts, by path or pattern.

The rules apply to every publication, past and future, so a host is configured once. Headers that
change with a publication (digests, links to neighbouring versions) are not included.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from register_api.core import strict_base64
from register_api.core.format.kind import PARAMETERS, FileKind
from register_api.core.format.paths import KINDS, PAGE_FILE, address_of, in_language
from register_api.core.format.tree import FEED_ALIASES, SCHEMAS
from register_api.core.headers import (
    CACHE_CONTROL,
    NEIGHBOURS,
    link_value,
    links_of,
    page_policy,
    program_policy,
)
from register_api.core.language.language import ENGLISH, languages


def lasting_digests(files: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """Return the digests of the immutable files in a store's manifest.

    Values of ``Repr-Digest`` by content coding (empty for the uncompressed form), space and URL path.
    """
    return {
        f"{coding} {prefix}/{path}": f"sha-256=:{strict_base64.encode(bytes.fromhex(form.sha256))}:"
        for path, entry in files.items()
        if entry.cache == "immutable"
        for coding, form in (("", entry), *entry.encodings.items())
    }


_NEWEST = 9
"""A number of versions higher than those in the examples."""
NUMBER = "register_number"
PAGE_POLICY = page_policy("'unsafe-inline'")
"""Allows any inline style, because the digest changes between releases, and no script."""
_PROGRAM_POLICY = program_policy("'unsafe-inline'", "'unsafe-inline'")
"""Policy of a page with an inline script, which the page's own policy restricts to one digest."""
_LOADING_POLICY = page_policy("'unsafe-inline'", loads=True)
"""Policy of a page that loads the tree's script, which its own policy and an integrity digest restrict."""
_PAGE = re.escape(PAGE_FILE)
"""The file name of a page, escaped for patterns."""


class HeaderRule(msgspec.Struct, frozen=True):
    """A header value for the paths that match a pattern.

    The pattern matches the whole path, without leading slash; it means the same in Python, PCRE and RE2.
    """

    pattern: str
    value: str

    @property
    def address(self) -> str:
        """The pattern for URL paths, where a page is also its folder (see ``address_of``)."""
        return self.pattern.replace(_PAGE, f"(?:{_PAGE})?")


def media_types() -> list[HeaderRule]:
    """Return one rule for each media type."""
    return _by_value((kind, kind.media_type) for kind in KINDS)


def caches() -> list[HeaderRule]:
    """Return the ``Cache-Control`` rules that differ from the default."""
    return _by_value((kind, CACHE_CONTROL[kind.cache]) for kind in KINDS if kind.cache != "mutable")


def policies() -> list[HeaderRule]:
    """Return the security policies of pages with scripts; all other files have ``PAGE_POLICY``."""
    running = (kind for kind in KINDS if kind.runs or kind.loads)
    return _by_value((kind, _PROGRAM_POLICY if kind.runs else _LOADING_POLICY) for kind in running)


def links() -> list[HeaderRule]:
    """Return the ``Link`` headers that are the same in every publication.

    ``{register_number}`` in a value is the number matched by the pattern's group of that name; a path
    contains at most one number.
    """
    values = ((kind, re.sub(r"<[0-9]+\.", f"<{{{NUMBER}}}.", _links(kind))) for kind in KINDS)
    return [
        HeaderRule(re.sub(r"\?P<\w+>", f"?P<{NUMBER}>", kind.named_pattern), value)
        for kind, value in values
        if value
    ]


def _links(kind: FileKind) -> str:
    """Return the ``Link`` header of a kind of file, without links that change with a publication."""
    of_one = links_of(kind.example, _NEWEST)
    return link_value([link for link in of_one if link.relation not in NEIGHBOURS])


def _by_value(rows: Iterable[tuple[FileKind, str]]) -> list[HeaderRule]:
    patterns: dict[str, list[str]] = {}
    for kind, value in rows:
        patterns.setdefault(value, []).append(kind.pattern)
    return [HeaderRule("|".join(found), value) for value, found in patterns.items()]


_SEGMENT = re.compile(r"[^/]*\{(\w+)\}[^/]*")
"""A path segment with a parameter; a placeholder replaces the whole segment."""


def named_files() -> dict[str, dict[str, str]]:
    """Return headers by path for hosts without patterns: ``:version`` is one segment, ``*`` the rest.

    Includes mutable files; immutable files in the same folder, if a known name starts their path
    (``v1/schema/register-1.*``); other immutable files, if placeholders identify their kind; and pages by
    URL path, or by folder and without links if there are many of a kind.
    """
    shapes = Counter(_SEGMENT.sub(":", kind.template) for kind in KINDS)
    mutable, immutable = ({"Cache-Control": CACHE_CONTROL[name]} for name in ("mutable", "immutable"))
    beside, alone, pages, found = (dict[str, dict[str, str]]() for _ in range(4))
    for kind in KINDS:
        path, links = _SEGMENT.sub(r":\1", kind.template), {"Link": _links(kind)} if _links(kind) else {}
        typed = {"Content-Type": kind.media_type, **links}
        named = [kind.template.replace("{name}", schema.name) for schema in SCHEMAS]
        named = named if "name" in kind.parameters else []
        # A parameter may span several segments.
        deep = any("/" in PARAMETERS[name].pattern for name in kind.parameters)
        if kind.is_page:
            pages |= {address: mutable | each for address, each in _pages(kind, links)}
        elif kind.cache == "mutable":
            found |= dict.fromkeys(named or [path], mutable | typed)
        elif kind.cache == "immutable":
            beside |= {each.partition("{")[0] + "*": immutable | typed for each in named}
            alone |= {path: typed} if shapes[_SEGMENT.sub(":", kind.template)] == 1 and not deep else {}
    return found | beside | alone | pages


def _pages(kind: FileKind, links: dict[str, str]) -> list[tuple[str, dict[str, str]]]:
    if "language" in kind.parameters:
        return [(in_language("*", each.tag), {}) for each in languages(ENGLISH)]
    if kind.parameters:
        return [(f"{_folder(kind)}*", {})]
    return [(address_of(kind.path()), links), (kind.path(), links)]


def immutable_folders() -> list[str]:
    """Return the folders that contain only immutable files."""
    folders = sorted({_folder(kind) for kind in KINDS if kind.cache == "immutable"})
    changing = [kind.template for kind in KINDS if kind.cache != "immutable"]
    whole = [folder for folder in folders if not any(path.startswith(folder) for path in changing)]
    return [one for one in whole if not any(one != other and one.startswith(other) for other in whole)]


def _folder(kind: FileKind) -> str:
    """Return the folder above all files of a kind."""
    return kind.template.partition("{")[0].rpartition("/")[0] + "/"


def redirects(prefix: str) -> dict[str, str]:
    """Return the permanent redirects: path to target."""
    return {f"{prefix}/{address}": f"{prefix}/{kind.path()}" for address, kind in FEED_ALIASES.items()}
