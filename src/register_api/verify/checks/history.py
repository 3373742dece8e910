"""What the versions say that were read in full so far: instants, changes, promises."""

from __future__ import annotations

from register_api.clock import zone_of
from register_api.core.diff.changes import Diff
from register_api.core.diff.concern import changes_by_feed
from register_api.core.format import tree
from register_api.core.forms import FORMAT_MINOR
from register_api.core.instant import local_day
from register_api.core.judging.changes import NoticeGiven
from register_api.core.judging.judge import judge
from register_api.core.model import Register
from register_api.core.notice import NoticePolicy, Promises
from register_api.errors import Inconsistent, Malformed
from register_api.verify.checks.recorder import Recorder
from register_api.verify.result import VersionsRead
from register_api.verify.state import Remembered

CHECK = "V31"


class PromiseHistory:
    """The promises of the versions read so far, oldest first, and what was judged by them.

    Attributes:
        policies: Every promise, as far as it is known.
        first_live: First version that was not imported.
        whole: Whether no promise is missing.
        given: Every announcement that a promise covers, of the versions that were judged.
        not_judged: What could not be judged, in sentences.
    """

    def __init__(self, remembered: Remembered | None) -> None:
        """Begin with what an earlier run read in full."""
        self.policies: tuple[NoticePolicy, ...] = remembered.promises if remembered is not None else ()
        self.first_live = remembered.first_live if remembered is not None else None
        self.whole = True
        self.given: list[NoticeGiven] = []
        self.not_judged: list[str] = []

    def begin(self, first: int, remembered: Remembered | None, before: Register | None) -> None:
        """Begin with a version: after what is remembered, else after the one before, as far as it tells."""
        goes_on = remembered is not None and remembered.checked_version == first - 1 and self.policies
        if first == 1 or not goes_on:
            self.policies, self.first_live, self.whole = (), None, True
            if before is not None:
                self.whole = before.version == 1
                self.join(before)

    def judge(
        self,
        older: Register | None,
        newer: Register,
        diff: Diff | None,
        record: Recorder,
    ) -> None:
        """Judge a version, and take its promise; contradictions go to the recorder."""
        try:
            zone = zone_of(newer.publisher.time_zone)
        except Malformed as error:
            self._pass_over(newer.version, error.message)
            return
        if older is None and newer.version > 1:
            self._pass_over(newer.version, "the version before could not be read")
        else:
            known = Promises(zone=zone, first_live=self.first_live, policies=self.policies)
            found = judge(older, newer, diff, known, whole=self.whole)
            self.given += found.given
            self.not_judged += found.not_judged
            for item in found.contradictions:
                record.fail(CHECK, Inconsistent(item.message))
        self.join(newer)

    def _pass_over(self, version: int, why: str) -> None:
        self.whole = False
        self.not_judged.append(f"version {version}: {why}")

    def join(self, register: Register) -> None:
        """Take the promise of a version."""
        try:
            zone = zone_of(register.publisher.time_zone)
            day = local_day(register.published_at, zone)
        except (Malformed, OverflowError):
            self.whole = False
            return
        known = Promises(zone=zone, first_live=self.first_live, policies=self.policies)
        live = register.recorded == "live"
        joined = known.joined_by(register.version, day, register.notice, live=live)
        self.policies, self.first_live = joined.policies, joined.first_live

    def to_remember(self) -> tuple[tuple[NoticePolicy, ...], int | None]:
        """Return what a later run can go on from: all promises or none, and the first live version."""
        return (self.policies, self.first_live) if self.whole else ((), None)


_MAIN = tree.FEED_ATOM.path()


class History:
    """What one run learns of the versions.

    Attributes:
        published: When each version looked at was published, by number, as the feeds spell it.
        checked: First and last version that were checked in full; ``None``: none was.
        feeds: Which versions each feed has to tell of, by its path, and which types of change of each.
        read: The versions that were read in full, with their changes.
        promises: What was promised, and kept.
    """

    def __init__(self, remembered: Remembered | None) -> None:
        """Begin with what an earlier run read in full."""
        self.published: dict[int, str] = {}
        self.feeds: dict[str, dict[int, tuple[str, ...]]] = {}
        self._newer: dict[int, bool] = {}
        self.checked: tuple[int, int] | None = None
        self.read = VersionsRead((remembered.checked_version or remembered.size) if remembered else None)
        self.promises = PromiseHistory(remembered)

    def add_diff(self, register: Register, diff: Diff, size: int) -> None:
        """Take the diff of a version, once it is checked."""
        self.read.add_diff(register, diff, size)
        self._newer[register.version] = diff.format_minor > FORMAT_MINOR
        for path, changes in {_MAIN: diff.changes, **changes_by_feed(register, diff.changes)}.items():
            types = tuple(dict.fromkeys(change.type for change in changes))
            self.feeds.setdefault(path, {})[register.version] = types

    def has_types(self, version: int, told: tuple[str, ...], path: str = _MAIN) -> bool:
        """Tell whether a feed has to tell changes of these types, each once, in order, as far as is known.

        Of a later minor number of the format, types that this program cannot count may stand among them.
        """
        if version not in self._newer:
            return True
        types, newer = self.feeds.get(path, {}).get(version), self._newer[version]
        if types is None:
            return newer
        return types == (tuple(type_ for type_ in told if type_ in types) if newer else told)
