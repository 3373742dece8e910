"""A version as a feed entry, for both formats: identity, title, content, types of change, links.

An entry is written when its version is published; later pages of the feed repeat it unchanged.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence

import msgspec

from register_api.core import strict_base64
from register_api.core.changes import Diff
from register_api.core.format import tree
from register_api.core.format.paths import address_of
from register_api.core.language.changes import DescribedChange, Sentences, described_changes
from register_api.core.language.language import Language, message, sentence
from register_api.core.model import Register
from register_api.core.notice_period import binding_objection
from register_api.publish.templating import render

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters not allowed in XML 1.0 (section 2.2)."""

MAX_SUMMARY = 1000
"""Longest summary, in characters; a longer first change is not cut."""


def xml_text(text: str) -> str:
    """Replace characters not allowed in XML 1.0 by U+FFFD, so that no name can break the feed."""
    return _NOT_XML.sub("\ufffd", text)


def root_of(base_url: str) -> str:
    """Return a base URL with a trailing slash."""
    return base_url.rstrip("/") + "/"


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One version in the feeds, worded as on the day it was published.

    Attributes:
        html: Content as HTML; its links into the tree begin with ``base_url``.
        base_url: URL of the tree at that time; without one there are no such links.
        root_hash: Root hash of the log, in base64; empty if the entry was read from an Atom feed.
    """

    version: int
    title: str
    published_at: dt.datetime
    summary: str
    html: str
    base_url: str | None = None
    types: tuple[str, ...]
    root_hash: str = ""


class VersionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A version with everything its feed entry is built from."""

    register: Register
    diff: Diff
    size: int
    root_hash: bytes
    sentences: Sentences
    base_url: str | None = None

    @property
    def language(self) -> Language:
        """The language of the entry's generated text."""
        return self.sentences.language

    def in_language(self, language: Language) -> VersionSummary:
        """Return this version in another language."""
        return msgspec.structs.replace(self, sentences=self.sentences.in_language(language))


def feed_id(register: str, year: int) -> str:
    """Return the feed's tag URI (RFC 4151), e.g. ``tag:salesynq.com,2026:sub-processors``."""
    domain, _, path = register.partition("/")
    return f"tag:{domain},{year}:{path}"


def feed_title(register: Register) -> str:
    """Return the title of the main feeds."""
    language = Language.of(register.publisher.language)
    return language.text("Sub-processors of {publisher}", publisher=register.publisher.name)


def make_entry(version: VersionSummary) -> FeedEntry:
    """Build the feed entry of a version."""
    return FeedEntry(
        version=version.register.version,
        title=xml_text(title(version)),
        published_at=version.register.published_at,
        summary=xml_text(summary(version)),
        html=content(version),
        base_url=version.base_url,
        types=tuple(dict.fromkeys(change.type for change in version.diff.changes)),
        root_hash=strict_base64.encode(version.root_hash),
    )


def title(version: VersionSummary) -> str:
    """Return one line: the first change, and how many more changes there are."""
    number, changes, language = version.register.version, version.diff.changes, version.language
    listed = {change.subprocessor for change in changes} - {None}
    if number == 1 and len(listed) != 1:
        return initial_list(language, len(listed))
    if not changes:
        return language.text("Version {version}: no changes to sub-processors", version=number)
    first, *rest = changes
    text = version.sentences.title(first)
    alike = sum(change.type == first.type == "added" for change in rest)
    others = len(rest) - alike
    if alike:
        text = language.plural(
            "{first}, and {n} more sub-processor", "{first}, and {n} more sub-processors", alike, first=text
        )
    if others:
        text = language.plural(
            "{first}, and {n} more change", "{first}, and {n} more changes", others, first=text
        )
    if short := sum(change.notice.met is False for change in rest):
        text = language.text("{first} (notice too short for {n} of these)", first=text, n=short)
    return text


def summary(version: VersionSummary) -> str:
    """Return the changes as plain text, in whole sentences, up to ``MAX_SUMMARY`` characters."""
    changes, language = version.diff.changes, version.language
    if not changes or version.register.version == 1:
        return sentence(title(version))
    parts: list[str] = []
    for number, described in enumerate(described_changes(changes, version.sentences)):
        notice = [sentence(described.notice)] if described.notice else []
        words = " ".join((sentence(version.sentences.title(described.change)), *described.dates, *notice))
        if parts and len(" ".join((*parts, words))) > MAX_SUMMARY:
            left = len(changes) - number
            parts.append(language.plural("And {n} more change.", "And {n} more changes.", left))
            break
        parts.append(words)
    return " ".join(parts)


def initial_list(language: Language, listed: int) -> str:
    """Return the title of a first version."""
    return language.plural("Initial list: {n} sub-processor", "Initial list: {n} sub-processors", listed)


class FullChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change with everything that is needed to act on it."""

    described: DescribedChange
    head: str
    facts: Sequence[str]
    more: Sequence[str]

    def lines(self, language: Language) -> Iterator[str]:
        """Yield everything except ``head``, as plain text."""
        yield from self.facts
        notice = [sentence(self.described.notice)] if self.described.notice else []
        if self.described.dates or notice:
            yield " ".join((*self.described.dates, *notice))
        yield from self.more
        missing = language.text("not specified")
        for both in self.described.texts:
            yield f"{language.text('{label} before', label=both.label)}: {both.before or missing}"
            yield f"{language.text('{label} now', label=both.label)}: {both.after or missing}"


def full_changes(version: VersionSummary) -> list[FullChange]:
    """Return the changes of a version with everything that is needed to act on them."""
    sentences = version.sentences.unabridged()
    found = []
    for described in described_changes(version.diff.changes, sentences):
        head, *facts = sentences.of(described.change)
        more = sentences.circumstances(described.change)
        found.append(FullChange(described=described, head=head, facts=facts, more=more))
    return found


def introduction(version: VersionSummary) -> Iterator[str]:
    """Yield publisher, version and date, and the reason for the version."""
    register, publisher = version.register, version.register.publisher
    text, legal, reason = version.language.text, publisher.legal_name, register.reason
    who = publisher.name if legal in {None, publisher.name} else f"{publisher.name} ({legal})"
    instant = version.language.instant(register.published_at)
    published = text("Version {version}, published {instant}.", version=register.version, instant=instant)
    yield f"{sentence(text('Sub-processors of {publisher}', publisher=who))} {published}"
    if register.recorded == "imported":
        yield text("Imported from an earlier list; not published here at the time.")
    if register.corrects:
        what = text("Correction of version {version}", version=register.corrects)
        yield f"{what}: {reason.text}" if reason.text else what
    elif reason.text and reason.kind == "correction":
        yield text("Correction: {text}", text=reason.text)
    elif reason.text:
        yield text("Summary: {text}", text=reason.text)


def needs_notice(version: VersionSummary) -> bool:
    """Tell whether at least one change requires notice."""
    return any(change.notice.required for change in version.diff.changes)


def content(version: VersionSummary) -> str:
    """Return the entry's content as HTML: every change with everything that is needed to act on it."""
    html = render(
        "feed_entry.html.j2",
        version.language,
        version.register.publisher.language,
        version=version,
        register=version.register,
        introduction=introduction(version),
        changes=full_changes(version),
        needs_notice=needs_notice(version),
        objection=binding_objection(version.register.notice),
        links=links(version),
        root_hash=strict_base64.encode(version.root_hash),
    )
    return xml_text(html)


def links(version: VersionSummary) -> list[tuple[str, str]]:
    """Return URL and title of the version's page and documents; none without a base URL."""
    if version.base_url is None:
        return []
    number = version.register.version
    return [
        (root_of(version.base_url) + address_of(path), version.language.text(title, version=number))
        for path, title in linked(number)
    ]


def linked(version: int) -> tuple[tuple[str, str], ...]:
    """Return path and title of a version's page and documents."""
    return (
        (tree.VERSION_PAGE.path(version), message("Version {version}")),
        (tree.VERSION_DIFF.path(version), message("What version {version} changed")),
        (tree.VERSION_REGISTER.path(version), message("The register, version {version}")),
    )
