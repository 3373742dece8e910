"""What one version says in the feeds: identity, title, content, classes and links.

An entry is written when its version is published and kept: later pages of the feed repeat its words.

The Atom and the JSON feed are two spellings of the same entries, so both are made from here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from register_api.core import strict_base64
from register_api.core.diff.changes import Diff
from register_api.core.diff.wording import count, english_date, shorten
from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.core.model import Register
from register_api.publish.feed.extension import Link, xml_text
from register_api.publish.page.labels import as_summarised, given_notice, is_said, short_notice_reason
from register_api.publish.page.templating import render
from register_api.store.manifest import FeedEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.diff.changes import Change
    from register_api.publish.feed.links import Place

_LONGEST_TITLE = 140
_STARTS = frozenset({"added", "replaced", "activated"})
_START = re.compile(r".+? (?:on|as of) [0-9]{1,2} [A-Z][a-z]+ [0-9]{4}(?![0-9])")
"""A summary of a start up to its day; what follows is what for, and on which condition."""


class VersionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """All that one feed entry needs of a version.

    Attributes:
        register: The register as the version said it.
        diff: What it changed against the version before.
        size: Size of the log that ends with the version.
        root_hash: Root hash of that log, 32 bytes.
    """

    register: Register
    diff: Diff
    size: int
    root_hash: bytes


def feed_id(register: str, year: int) -> str:
    """Return the feed's tag URI (RFC 4151), e.g. ``tag:salesynq.com,2026:sub-processors``.

    Args:
        register: The register's name: a domain and a path.
        year: Year of version 1; it never changes, or every reader would see all entries anew.
    """
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
        classes=tuple(dict.fromkeys(change.class_ for change in version.diff.changes)),
        root_hash=strict_base64.encode(version.root_hash),
    )


def page_link(entry: FeedEntry, place: Place) -> Link:
    """Return the link to the version's page."""
    href = place.href(tree.VERSION_PAGE.path(entry.version))
    return Link("alternate", href, "text/html", f"Version {entry.version}")


def title(version: VersionSummary) -> str:
    """Return one line that says what will happen, or what happened."""
    number, changes = version.register.version, version.diff.changes
    if number == 1:
        return f"First version: {count(len(version.register.subprocessors), 'sub-processor')}"
    if not changes:
        return f"Version {number}: nothing changed for the sub-processors"
    first = _headline(changes[0], version.register)
    rest = len(changes) - 1
    return f"{first}, and {count(rest, 'more change')}" if rest else first


def _headline(change: Change, register: Register) -> str:
    """Say a change in few words: a start up to its day, and that notice was short if it was."""
    text = change.summary
    notice = given_notice(change.notice, register.notice) if change.notice.met is False else None
    if notice:
        text = text.partition("; " + as_summarised(notice))[0]
    start = _START.match(text) if change.class_ in _STARTS else None
    text = shorten(start[0] if start else text.rstrip("."), _LONGEST_TITLE)
    return f"{text} ({notice})" if notice else text


def content(version: VersionSummary) -> str:
    """Return the entry's content as XHTML: every change, and the log's size and root hash."""
    register, diff = version.register, version.diff
    html = render(
        "feed_entry.html.j2",
        version=version,
        register=register,
        changes=[_told(change, register) for change in diff.changes],
        root_hash=strict_base64.encode(version.root_hash),
    )
    return xml_text(html)


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """A change as it is printed."""

    summary: str
    announced: str | None
    starts: str | None
    notice: str | None
    reason: str | None
    objection_until: str | None


def _told(change: Change, register: Register) -> _Told:
    """Work out what is to be said beside the summary: what it does not say itself."""
    status = change.notice
    notice = given_notice(status, register.notice)
    reason = short_notice_reason(change, register)
    return _Told(
        summary=change.summary,
        announced=english_date(status.announced_on) if status.announced_on else None,
        starts=english_date(status.starts_on) if status.starts_on else None,
        notice=notice if notice and not is_said(change.summary, notice) else None,
        reason=reason if reason and not is_said(change.summary, reason) else None,
        objection_until=english_date(status.objection_until) if status.objection_until else None,
    )


def document_links(entry: FeedEntry, place: Place) -> Iterator[Link]:
    """Yield links to the documents that the entry rests on."""
    for path, what in (
        (tree.VERSION_DIFF.path(entry.version), f"What version {entry.version} changed"),
        (tree.VERSION_REGISTER.path(entry.version), f"The register, version {entry.version}"),
    ):
        yield Link("related", place.href(path), kind_of(path).media_type, what)
