"""The rules of the tree as a host of files can keep them: paths or patterns, and the headers they get.

They hold for every publication, past and to come, so a host is told once. What changes from one
publication to the next (digests, neighbouring versions) is not among them.
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
from register_api.core.format.tree import HABITUAL, SCHEMAS
from register_api.core.headers import (
    CACHE_CONTROL,
    NEIGHBOURS,
    WholeTree,
    link_value,
    links_of,
    page_policy,
    program_policy,
)
from register_api.core.language.language import ENGLISH, languages


def lasting_digests(files: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """Return the digests that stay right whatever is published next, of the files of a store's manifest.

    Values of ``Repr-Digest`` by content coding (empty for the plain form), space and URL path.
    """
    return {
        f"{coding} {prefix}/{path}": f"sha-256=:{strict_base64.encode(bytes.fromhex(form.sha256))}:"
        for path, entry in files.items()
        if entry.cache == "immutable"
        for coding, form in (("", entry), *entry.encodings.items())
    }


_NEWEST = 9
"""A number of versions; those of examples are smaller."""
NUMBER = "register_number"
PAGE_POLICY = page_policy("'unsafe-inline'")
"""Any style that stands in the page, since that of a later release has another digest; no script at all."""
_PROGRAM_POLICY = program_policy("'unsafe-inline'", "'unsafe-inline'")
"""Likewise of a page with a program in it, whose own policy names the one script that runs."""
_LOADING_POLICY = page_policy("'unsafe-inline'", loads=True)
"""Likewise of a page that loads the tree's script, which its own policy and a digest in it name."""
_PAGE = re.escape(PAGE_FILE)
"""The name of a page in its folder, as patterns have it."""


class HeaderRule(msgspec.Struct, frozen=True):
    """A value that a header has for some paths.

    The pattern is of the whole path, without leading slash; Python, PCRE and RE2 read it alike.
    """

    pattern: str
    value: str

    @property
    def address(self) -> str:
        """The pattern for addresses: that of a page is its folder, too, as ``address_of`` has it."""
        return self.pattern.replace(_PAGE, f"(?:{_PAGE})?")


def media_types() -> list[HeaderRule]:
    """Return the media type of every kind of file, one rule a type."""
    return _by_value((kind, kind.media_type) for kind in KINDS)


def caches() -> list[HeaderRule]:
    """Return how long each kind of file may be kept, as far as that is not the rule for everything else."""
    return _by_value((kind, CACHE_CONTROL[kind.cache]) for kind in KINDS if kind.cache != "mutable")


def policies() -> list[HeaderRule]:
    """Return the policies of pages that run something; of everything else it is ``PAGE_POLICY``."""
    running = (kind for kind in KINDS if kind.runs or kind.loads)
    return _by_value((kind, _PROGRAM_POLICY if kind.runs else _LOADING_POLICY) for kind in running)


def links() -> list[HeaderRule]:
    """Return the ``Link`` headers that are the same in every publication.

    In a value ``{register_number}`` stands for the number that the pattern's group of that name has found:
    that of a file which is named by its number, of which its path has one at most.
    """
    values = ((kind, re.sub(r"<[0-9]+\.", f"<{{{NUMBER}}}.", _links(kind))) for kind in KINDS)
    return [
        HeaderRule(re.sub(r"\?P<\w+>", f"?P<{NUMBER}>", kind.named_pattern), value)
        for kind, value in values
        if value
    ]


def _links(kind: FileKind) -> str:
    """Return the links of a kind's files that are the same in every publication, as a header."""
    of_one = links_of(kind.example, _NEWEST, WholeTree(_NEWEST))
    return link_value([link for link in of_one if link.relation not in NEIGHBOURS])


def _by_value(rows: Iterable[tuple[FileKind, str]]) -> list[HeaderRule]:
    patterns: dict[str, list[str]] = {}
    for kind, value in rows:
        patterns.setdefault(value, []).append(kind.pattern)
    return [HeaderRule("|".join(found), value) for value, found in patterns.items()]


_SEGMENT = re.compile(r"[^/]*\{(\w+)\}[^/]*")
"""A part of a path that holds a parameter: a placeholder stands for all of it."""


def named_files() -> dict[str, dict[str, str]]:
    """Return headers by path, for hosts that know no patterns: ``:version`` is one segment, ``*`` the rest.

    What changes with a publication; what never changes beside files that do, as far as known names begin its
    path (``v1/schema/register-1.*``); what else never changes, as far as a placeholder tells one kind from
    all others; and pages by address, those of many alike by their folder, for which no links are known.
    """
    shapes = Counter(_SEGMENT.sub(":", kind.template) for kind in KINDS)
    mutable, immutable = ({"Cache-Control": CACHE_CONTROL[name]} for name in ("mutable", "immutable"))
    beside, alone, pages, found = (dict[str, dict[str, str]]() for _ in range(4))
    for kind in KINDS:
        path, links = _SEGMENT.sub(r":\1", kind.template), {"Link": _links(kind)} if _links(kind) else {}
        typed = {"Content-Type": kind.media_type, **links}
        named = [kind.template.replace("{name}", schema.name) for schema in SCHEMAS]
        named = named if "name" in kind.parameters else []
        # A parameter may reach over several segments of a path.
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
    """Return the folders below which nothing ever changes."""
    folders = sorted({_folder(kind) for kind in KINDS if kind.cache == "immutable"})
    changing = [kind.template for kind in KINDS if kind.cache != "immutable"]
    whole = [folder for folder in folders if not any(path.startswith(folder) for path in changing)]
    return [one for one in whole if not any(one != other and one.startswith(other) for other in whole)]


def _folder(kind: FileKind) -> str:
    """Return the folder that all files of a kind lie below."""
    return kind.template.partition("{")[0].rpartition("/")[0] + "/"


def redirects(prefix: str) -> dict[str, str]:
    """Return the paths that lead to another one, permanently."""
    return {f"{prefix}/{address}": f"{prefix}/{kind.path()}" for address, kind in HABITUAL.items()}
