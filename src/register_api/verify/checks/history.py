"""Dates, changes and notice promises of the versions checked in full, and the disowned versions."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterable

from register_api.clock import zone_of
from register_api.core.changes import Diff
from register_api.core.diff.affected import changes_by_feed
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.instant import local_day
from register_api.core.judging import judge
from register_api.core.judging.changes import NoticeGiven
from register_api.core.key_list import Disowned
from register_api.core.language.changes import Sentences
from register_api.core.language.language import ENGLISH
from register_api.core.model import Register
from register_api.core.notice_period import NoticePolicy, Promises
from register_api.errors import Inconsistent, Malformed
from register_api.verify.checks.check_table import Recorder
from register_api.verify.report import ReportedChange, Update
from register_api.verify.report_text import plain
from register_api.verify.state import Remembered, VersionRange

MAX_CHANGED_BYTES = 64 * 2**20
"""Limit on the diffs (bytes) whose changes are kept in one run; the oldest are dropped first."""


_MAIN = tree.FEED_ATOM.path()


class History:
    """Data on the versions, collected during one run.

    Attributes:
        published: Publication instants by version number, formatted as in the feeds.
        checked: First and last version checked in full; ``None``: none.
        feeds: Versions that each feed must contain, by its path, with their types of change.
        new_changes: Changes of versions that no earlier run has checked in full.
        notices: Announcements covered by a notice promise, from the versions judged.
        not_judged: What could not be judged, in sentences.
    """

    def __init__(self, remembered: Remembered | None) -> None:
        self.published: dict[int, str] = {}
        self.checked: tuple[int, int] | None = None
        self.feeds: dict[str, dict[int, tuple[str, ...]]] = {}
        self.new_changes: list[ReportedChange] = []
        self.notices: list[NoticeGiven] = []
        self.not_judged: list[str] = []
        self._newer: dict[int, bool] = {}
        self._known = (remembered.checked_version or remembered.size) if remembered else None
        self._updates: deque[tuple[Update, int]] = deque()
        self._size = 0
        # Known promises of the versions so far, oldest first; whether they are complete; and the first
        # version that was not imported.
        self._policies: tuple[NoticePolicy, ...] = ()
        self._whole = True
        self._first_live: int | None = None

    def begin(self, first: int, remembered: Remembered | None, before: Register | None) -> None:
        """Start at a version, with the promises of the saved state or else of the version before."""
        if first > 1 and remembered and remembered.checked_version == first - 1 and remembered.promises:
            self._policies, self._first_live = remembered.promises, remembered.first_live
        elif before is not None:
            self._whole = before.version == 1
            self._add_promise(before)

    def judge(self, older: Register | None, newer: Register, diff: Diff | None, record: Recorder) -> None:
        """Judge a version's notice and record its promise; contradictions are findings of V31."""
        try:
            zone = zone_of(newer.publisher.time_zone)
        except Malformed as error:
            self._whole = False
            self.not_judged.append(f"version {newer.version}: {error.message}")
            return
        if older is None and newer.version > 1:
            self._whole = False
            self.not_judged.append(f"version {newer.version}: the version before could not be read")
        else:
            found = judge(older, newer, diff, self._promises(zone), whole=self._whole)
            self.notices += found.given
            self.not_judged += found.not_judged
            for item in found.contradictions:
                record.fail("V31", Inconsistent(item.message))
        self._add_promise(newer)

    def _promises(self, zone: dt.tzinfo) -> Promises:
        return Promises(zone=zone, first_live=self._first_live, policies=self._policies)

    def _add_promise(self, register: Register) -> None:
        try:
            zone = zone_of(register.publisher.time_zone)
            day = local_day(register.published_at, zone)
        except (Malformed, OverflowError):
            self._whole = False
            return
        live = register.recorded == "live"
        joined = self._promises(zone).with_version(register.version, day, register.notice, live=live)
        self._policies, self._first_live = joined.policies, joined.first_live

    def to_remember(self) -> tuple[tuple[NoticePolicy, ...], int | None]:
        """Return all promises (none if incomplete) and the first live version, for the state."""
        return (self._policies, self._first_live) if self._whole else ((), None)

    @property
    def updates(self) -> tuple[Update, ...]:
        """The versions checked in full, oldest first, with their changes."""
        return tuple(update for update, _ in self._updates)

    def add_diff(self, register: Register, diff: Diff, size: int) -> None:
        """Record the changes of a version whose diff was checked."""
        if self._known is not None and register.version > self._known:
            # The UTC date, since this machine may lack the register's time zone.
            sentences = Sentences(ENGLISH, register, register.published_at.date())
            self.new_changes += [
                ReportedChange(
                    version=register.version,
                    id=change.id,
                    type=change.type,
                    subprocessor=change.subprocessor,
                    engagement=change.engagement,
                    planned=change.planned,
                    notice=change.notice,
                    sentence=plain(sentences.summary(change)),
                )
                for change in diff.changes
            ]
        update = Update(
            version=register.version,
            sha256=diff.newer.sha256,
            published_at=register.published_at,
            recorded=register.recorded,
            reason=register.reason,
            changes=diff.changes,
        )
        self._updates.append((update, size))
        self._size += size
        while self._size > MAX_CHANGED_BYTES and len(self._updates) > 1:
            self._size -= self._updates.popleft()[1]
        self._newer[register.version] = diff.format_minor > FORMAT_MINOR
        for path, changes in {_MAIN: diff.changes, **changes_by_feed(register, diff.changes)}.items():
            types = tuple(dict.fromkeys(change.type for change in changes))
            self.feeds.setdefault(path, {})[register.version] = types

    def has_types(self, version: int, listed: tuple[str, ...], path: str = _MAIN) -> bool:
        """Tell whether a feed's types of change for a version are right, as far as is known.

        In a later minor version of the format, further types may be among them.
        """
        if version not in self._newer:
            return True
        types, newer = self.feeds.get(path, {}).get(version), self._newer[version]
        if types is None:
            return newer
        return types == (tuple(type_ for type_ in listed if type_ in types) if newer else listed)


class DisownedVersions:
    """Disowned versions, from the saved state and this run, and those the customer has acknowledged."""

    def __init__(self, remembered: Remembered | None, asked: tuple[VersionRange, ...]) -> None:
        self._by_key: dict[str, Disowned] = {}
        self._acknowledged = asked
        if remembered is not None:
            self.add(remembered.disowned)
            self._acknowledged += remembered.acknowledged

    def add(self, found: Iterable[Disowned]) -> None:
        """Add versions; those of one key form one range, since a key's range can only shrink."""
        for one in found:
            known = self._by_key.get(one.kid, one)
            first, last = min(known.first, one.first), max(known.last, one.last)
            self._by_key[one.kid] = Disowned(kid=one.kid, first=first, last=last)

    @property
    def all(self) -> tuple[Disowned, ...]:
        """All disowned ranges, oldest first."""
        return tuple(sorted(self._by_key.values(), key=lambda one: (one.first, one.kid)))

    @property
    def acknowledged(self) -> tuple[VersionRange, ...]:
        """The acknowledged parts of the disowned ranges."""
        known = (
            (max(first, one.first), min(last, one.last))
            for first, last in self._acknowledged
            for one in self._by_key.values()
        )
        return tuple(sorted({(first, last) for first, last in known if first <= last}))

    def is_acknowledged(self, first: int, last: int | None = None) -> bool:
        """Tell whether the customer has acknowledged a version, or every version of a range."""
        until = first if last is None else last
        return any(known[0] <= first and until <= known[1] for known in self._acknowledged)
