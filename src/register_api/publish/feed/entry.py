"""What one version says in the feeds: identity, title, content, types of change and links.

An entry is written when its version is published and kept: later pages of the feed repeat its words.

The Atom and the JSON feed are two spellings of the same entries, so both are made from here.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from register_api.core import strict_base64
from register_api.core.diff.changes import Diff
from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language, message
from register_api.core.language.shown_changes import shown_changes
from register_api.core.model import Register
from register_api.publish.feed.extension import FeedLink, xml_text
from register_api.publish.page.templating import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.publish.feed.feed_links import FeedPlace


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What the feeds say of one version, in the words of the day it was published.

    Attributes:
        version: Number of the version, which is also the size of its log.
        title: A sentence a person can act on.
        published_at: The version's instant (UTC); also when the entry was last updated.
        html: Content as XHTML without an outer element.
        types: Types of the version's changes, each once, in order of weight.
        root_hash: Root hash of the log that ends with the version, in base64.
    """

    version: int
    title: str
    published_at: dt.datetime
    html: str
    types: tuple[str, ...]
    root_hash: str


class VersionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """All that one feed entry needs of a version.

    Attributes:
        register: The register as the version said it.
        diff: What it changed against the version before.
        size: Size of the log that ends with the version.
        root_hash: Root hash of that log, 32 bytes.
        sentences: What its changes are called in a line.
    """

    register: Register
    diff: Diff
    size: int
    root_hash: bytes
    sentences: Sentences

    @property
    def language(self) -> Language:
        """The language of the entry's own words."""
        return Language.of(self.register.publisher.language)


def feed_id(register: str, year: int) -> str:
    """Return the feed's tag URI (RFC 4151), e.g. ``tag:salesynq.com,2026:sub-processors``."""
    domain, _, path = register.partition("/")
    return f"tag:{domain},{year}:{path}"


def entry_id(register: str, year: int, version: int) -> str:
    """Return the tag URI of a version's entry, the same for ever."""
    return f"{feed_id(register, year)}/versions/{version}"


def make_entry(version: VersionSummary) -> FeedEntry:
    """Say in a feed's terms what a version changed."""
    return FeedEntry(
        version=version.register.version,
        title=xml_text(title(version)),
        published_at=version.register.published_at,
        html=content(version),
        types=tuple(dict.fromkeys(change.type for change in version.diff.changes)),
        root_hash=strict_base64.encode(version.root_hash),
    )


def page_link(entry: FeedEntry, place: FeedPlace, language: Language) -> FeedLink:
    """Return the link to the version's page."""
    href = place.href(tree.VERSION_PAGE.path(entry.version))
    return FeedLink("alternate", href, "text/html", language.text("Version {version}", version=entry.version))


def title(version: VersionSummary) -> str:
    """Return one line that says what will happen, or what happened."""
    number, changes, language = version.register.version, version.diff.changes, version.language
    if number == 1:
        return initial_list(language, len(version.register.subprocessors))
    if not changes:
        return language.text("Version {version}: no changes to sub-processors", version=number)
    first, rest = version.sentences.title(changes[0]), len(changes) - 1
    if not rest:
        return first
    return language.plural("{first}, and {n} more change", "{first}, and {n} more changes", rest, first=first)


def initial_list(language: Language, listed: int) -> str:
    """Return what a first version is called."""
    return language.plural("Initial list: {n} sub-processor", "Initial list: {n} sub-processors", listed)


def content(version: VersionSummary) -> str:
    """Return the entry's content as XHTML: every change, and the log's size and root hash."""
    html = render(
        "feed_entry.html.j2",
        version.language,
        version=version,
        register=version.register,
        changes=shown_changes(version.diff.changes, version.sentences),
        root_hash=strict_base64.encode(version.root_hash),
    )
    return xml_text(html)


def document_links(entry: FeedEntry, place: FeedPlace, language: Language) -> Iterator[FeedLink]:
    """Yield links to the documents that the entry rests on."""
    for path, what in (
        (tree.VERSION_DIFF.path(entry.version), message("What version {version} changed")),
        (tree.VERSION_REGISTER.path(entry.version), message("The register, version {version}")),
    ):
        titled = language.text(what, version=entry.version)
        yield FeedLink("related", place.href(path), kind_of(path).media_type, titled)
