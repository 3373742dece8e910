"""Earlier versions as listed on pages, read from the logged diffs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from register_api.clock import zone_of
from register_api.core.canonical import decode
from register_api.core.changes import Diff
from register_api.core.documents import Entry
from register_api.core.format import tree
from register_api.core.instant import local_day
from register_api.core.language.changes import Sentences
from register_api.core.model import Register
from register_api.core.notice_period import NoticeStatus
from register_api.core.text import printable
from register_api.errors import Malformed
from register_api.publish.examine import Examined
from register_api.publish.feed.entry import VersionSummary
from register_api.publish.version_files import logged_file

MAX_VERSIONS = 1000
"""Maximum number of versions on the page of changes; older ones only have their own pages."""


class PastChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change with the fields of ``core.changes.Change`` that pages use."""

    id: str
    subprocessor: str | None
    engagement: str | None
    planned: str | None = None
    affects: tuple[str, ...] = ()
    summary: str
    summary_language: str = "en"
    notice: NoticeStatus

    @property
    def vendors(self) -> frozenset[str]:
        """Ids of the vendors concerned."""
        return frozenset(self.affects) | ({self.subprocessor} if self.subprocessor else set())


class PastVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its changes, and its day in the publisher's time zone."""

    version: int
    day: dt.date
    changes: tuple[PastChange, ...]


class _Diff(msgspec.Struct, frozen=True):
    changes: tuple[PastChange, ...]


def past_version(version: int, published_at: dt.datetime, diff: bytes, zone: dt.tzinfo) -> PastVersion:
    """Return a version as pages list it, from its diff."""
    try:
        changes = msgspec.json.decode(diff, type=_Diff).changes
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Malformed(f"the diff of version {version} cannot be read: {printable(error)}") from None
    return PastVersion(version=version, day=local_day(published_at, zone), changes=changes)


def version_history(
    entries: Sequence[Entry], read: Callable[[str], bytes], zone: dt.tzinfo
) -> tuple[PastVersion, ...]:
    """Return the newest published versions, newest first."""
    return tuple(
        past_version(entry.version, entry.published_at, logged_file(entry, tree.VERSION_DIFF, read), zone)
        for entry in reversed(entries[-MAX_VERSIONS:])
    )


class NoticeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How often the notice promise was kept; exceptions with their versions, newest first."""

    kept: int
    announced: int
    exceptions: tuple[tuple[PastVersion, PastChange], ...]


def notice_record(history: Iterable[PastVersion]) -> NoticeRecord:
    """Count each announcement once, with its newest occurrence."""
    announcements = [
        ((change.subprocessor, change.engagement, change.planned, change.notice.announced_on), (past, change))
        for past in history
        for change in past.changes
        if change.notice.required
    ]
    found = dict(reversed(announcements))
    exceptions = tuple(past for past in found.values() if not past[1].notice.met)
    return NoticeRecord(
        kept=len(found) - len(exceptions),
        announced=len(found),
        exceptions=tuple(sorted(exceptions, key=lambda past: -past[0].version)),
    )


def by_vendor(history: Iterable[PastVersion]) -> dict[str, list[tuple[PastVersion, PastChange]]]:
    """Return the changes that concern each vendor with their versions, newest first."""
    found: dict[str, list[tuple[PastVersion, PastChange]]] = {}
    for past in history:
        for change in past.changes:
            for vendor in change.vendors:
                found.setdefault(vendor, []).append((past, change))
    return found


def version_summaries(found: Examined, read: Callable[[str], bytes]) -> Iterator[VersionSummary]:
    """Yield all published versions to rewrite their pages; only one at a time is in memory."""
    before = None
    for entry in found.versions.document.versions:
        register = decode(logged_file(entry, tree.VERSION_REGISTER, read), Register)
        yield VersionSummary(
            register=register,
            diff=decode(logged_file(entry, tree.VERSION_DIFF, read), Diff),
            size=entry.version,
            root_hash=bytes.fromhex(found.root_at(entry.version)),
            sentences=Sentences.between(before, register, zone_of(register.publisher.time_zone)),
        )
        before = register
