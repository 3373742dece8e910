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
    Link,
    WholeTree,
    link_value,
    links_of,
    page_policy,
    program_policy,
)
from register_api.core.language.language import ENGLISH, languages


def lasting_digests(files: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """Return the digests that stay right whatever is published next.

    Args:
        files: The store's manifest: path to digest, cache class and ready forms.
        prefix: Path below which the tree lies, without its last slash.

    Returns:
        Value of ``Repr-Digest`` by content coding (empty for the plain form), space and URL path.
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

    Attributes:
        pattern: Regular expression for the whole path, without leading slash; Python, PCRE and RE2 read
            it alike.
        value: The header's value.
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
    of_one: list[Link] = links_of(kind.example, _NEWEST, WholeTree(_NEWEST))
    return link_value([link for link in of_one if link.relation not in NEIGHBOURS])


def _by_value(rows: Iterable[tuple[FileKind, str]]) -> list[HeaderRule]:
    patterns: dict[str, list[str]] = {}
    for kind, value in rows:
        patterns.setdefault(value, []).append(kind.pattern)
    return [HeaderRule("|".join(found), value) for value, found in patterns.items()]


_SEGMENT = re.compile(r"[^/]*\{(\w+)\}[^/]*")
"""A part of a path that holds a parameter: a placeholder stands for all of it."""


class NamedFile(msgspec.Struct, frozen=True):
    """A file, or with a placeholder many alike.

    Attributes:
        path: Path without leading slash, e.g. ``v1/versions/:version/diff.json``.
        media_type: Its media type.
        links: Value of its ``Link`` header, or empty.
    """

    path: str
    media_type: str
    links: str


def mutable_files() -> list[NamedFile]:
    """Return what changes with a publication, but for pages."""
    kinds = [kind for kind in KINDS if kind.cache == "mutable" and not kind.is_page]
    return [_named(kind, path) for kind in kinds for path in _paths(kind)]


def immutable_files() -> list[NamedFile]:
    """Return what never changes, as far as a placeholder tells one kind from all others."""
    shapes = Counter(_SEGMENT.sub(":", kind.template) for kind in KINDS)
    return [
        _named(kind, _SEGMENT.sub(r":\1", kind.template))
        for kind in KINDS
        if kind.cache == "immutable" and shapes[_SEGMENT.sub(":", kind.template)] == 1 and not _is_deep(kind)
    ]


def immutable_by_name() -> list[NamedFile]:
    """Return what never changes beside files that do, as far as names that are known begin its path.

    ``*`` stands for the rest: ``v1/schema/register-1.*``.
    """
    return [
        _named(kind, kind.template.replace("{name}", schema.name).partition("{")[0] + "*")
        for kind in KINDS
        if kind.cache == "immutable" and "name" in kind.parameters
        for schema in SCHEMAS
    ]


def immutable_folders() -> list[str]:
    """Return the folders below which nothing ever changes."""
    folders = sorted({_folder(kind) for kind in KINDS if kind.cache == "immutable"})
    whole = [
        folder
        for folder in folders
        if all(kind.cache == "immutable" for kind in KINDS if kind.template.startswith(folder))
    ]
    return [one for one in whole if not any(one != other and one.startswith(other) for other in whole)]


def redirects(prefix: str) -> dict[str, str]:
    """Return the paths that lead to another one, permanently."""
    return {f"{prefix}/{address}": f"{prefix}/{kind.path()}" for address, kind in HABITUAL.items()}


def pages() -> list[NamedFile]:
    """Return pages by address, those of many alike by their folder, for which no links are known."""
    return list(dict.fromkeys(page for kind in KINDS if kind.is_page for page in _pages(kind)))


def _pages(kind: FileKind) -> list[NamedFile]:
    if "language" in kind.parameters:
        return [NamedFile(in_language("*", each.tag), kind.media_type, "") for each in languages(ENGLISH)]
    if kind.parameters:
        return [NamedFile(f"{_folder(kind)}*", kind.media_type, "")]
    page = _named(kind, kind.path())
    return [NamedFile(address_of(page.path), page.media_type, page.links), page]


def _paths(kind: FileKind) -> list[str]:
    """Return every path of a kind of which there are a few, known by name; a placeholder for many."""
    if "name" in kind.parameters:
        return [kind.path(schema.name) for schema in SCHEMAS]
    return [_SEGMENT.sub(r":\1", kind.template)]


def _folder(kind: FileKind) -> str:
    """Return the folder that all files of a kind lie below."""
    return kind.template.partition("{")[0].rpartition("/")[0] + "/"


def _is_deep(kind: FileKind) -> bool:
    """Tell whether a parameter may reach over several segments of a path."""
    return any("/" in PARAMETERS[name].pattern for name in kind.parameters)


def _named(kind: FileKind, path: str) -> NamedFile:
    return NamedFile(path, kind.media_type, _links(kind))
