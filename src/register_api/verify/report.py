"""What a run hands on: the report on all that was checked and was not, and the verified register."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from register_api.core import strict_base64
from register_api.core.changes import ListedType
from register_api.core.documents import KeyRecord
from register_api.core.judging.changes import NoticeGiven
from register_api.core.model import Lifecycle
from register_api.core.notice_period import NoticeStatus
from register_api.core.upcoming_events import Upcoming
from register_api.verify.state import RootOrigin

if TYPE_CHECKING:
    from register_api.core.log.time_stamp import TimeStamp
from register_api.clock import zone_of
from register_api.core.changes import Change
from register_api.core.instant import local_day
from register_api.core.model import Reason, Recorded, Register
from register_api.core.timeline import EngagementState, engagement_states
from register_api.core.upcoming_events import upcoming
from register_api.errors import VerificationError

Result = Literal["ok", "failed", "skipped"]


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found, or why it was not made; if it failed, with exit code and kind of the worst.

    Title and standard are as in ``check_table.CHECKS``; an empty hint says that nothing can be done.
    """

    id: str
    title: str
    standard: str
    result: Result
    sentence: str
    hint: str = ""
    code: int | None = None
    word: str | None = None


class LogHead(msgspec.Struct, frozen=True, kw_only=True):
    """The line of the log that two customers compare: its size, and its root hash in base64."""

    size: int
    root_hash: str

    @classmethod
    def of(cls, size: int, root: bytes) -> LogHead:
        """Return what a report says of a checkpoint."""
        return cls(size=size, root_hash=strict_base64.encode(root))


class StampSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A time stamp that holds: of a log's size, and every version up to it, when, UTC, and by whom.

    The authority is the subject of the certificate that signed.
    """

    size: int
    at: dt.datetime
    authority: str

    @classmethod
    def of(cls, size: int, stamp: TimeStamp) -> StampSeen:
        """Return what a report says of a stamp."""
        return cls(size=size, at=stamp.at, authority=stamp.authority)


class PackageSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a package of evidence shows beside what every run reports.

    That is the file's digest, how its version was recorded, the log when it was published, and its changes,
    one sentence each, in this program's words.
    """

    sha256: str
    recorded: str | None = None
    log: LogHead | None = None
    changes: tuple[str, ...] = ()


class ProvenFact(msgspec.Struct, frozen=True, kw_only=True):
    """What a record of a package that proves notice says, once it holds; instants are UTC.

    ``at`` and ``sealed_at`` are as the sender says, ``stamped_at`` as an accepted authority does; ``address``
    is ``None`` where it cannot be shown (any more), ``body_sha256`` hex of what was sent, ``reply`` what the
    server said, or the recipient who objected, where it can be shown.
    """

    at: dt.datetime
    what: str
    channel: str
    kind: str
    customer: str
    address: str | None
    message_id: str
    body_sha256: str
    reply: str | None
    sealed_at: dt.datetime
    stamped_at: dt.datetime | None


class ProvenNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What a package that proves notice shows: of which version was told, and what happened, in its order."""

    register: str
    version: int
    facts: tuple[ProvenFact, ...]


class ReportedNotice(NoticeGiven, frozen=True, kw_only=True):
    """An announcement that a promise covers, as recounted, with the verifier's own sentence."""

    sentence: str


class ReportedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change that is new since the run before, of a version's diff, with the verifier's own sentence."""

    version: int
    id: str
    type: ListedType
    subprocessor: str | None
    engagement: str | None
    planned: str | None
    notice: NoticeStatus
    sentence: str


class ReportedDeadline(Upcoming, frozen=True, kw_only=True):
    """Until when one may object to something, with the verifier's own sentence.

    Days are left from that of the check, in the publisher's time zone; 0: today is the last.
    """

    days_left: int
    sentence: str


class ReportedError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run ended before it could check anything."""

    message: str
    hint: str


class ReportedDisowned(msgspec.Struct, frozen=True, kw_only=True):
    """Versions that the publisher stopped standing for, with their key as it is listed now."""

    first_version: int
    last_version: int
    key: KeyRecord
    acknowledged: bool
    sentence: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer may rely on after one run, over a publisher's address or over a package of evidence.

    What is not vouched for is ``None``. Instants are UTC, digests hex; in JSON ``fresh_for`` is an ISO 8601
    duration.

    Attributes:
        base: Address that was checked, or name of the package's file.
        exit_code: 0, or the code of the worst finding.
        word: ``verified``, or the kind of the worst finding.
        version: Number of the version: the newest there, or that of the package.
        sha256: Digest of its bytes.
        since: When it was published, as the publisher says.
        fresh_for: How long a timestamp of this register is good once it is signed.
        fresh_until: Until when what vouches for it is good; for a package this is not judged.
        root: The root that trust began from; then version and digest of the newest one that was seen.
        log: Size and root hash of the log: its newest checkpoint.
        remembered: Size of the log that was remembered before; ``None``: nothing was.
        versions_checked: First and last version that were checked in full in this run.
        disowned: Versions that the publisher stopped standing for, remembered or found.
        evidence: Files with documents that contradict each other.
        changes: What is new since what is remembered, of the versions read in full in this run.
        deadlines: Until when one may object, the nearest first; ``None`` where that was not worked out.
        notices: What notice each version gave that was read in full in this run; recounted.
        told: Who was told, by a package that proves notice.
        not_checked: What nobody should take from this report, in sentences.
        error: Why nothing was checked: a usage error, or a state that another run holds.
    """

    format: Literal["sub-processor-register-report/1"] = "sub-processor-register-report/1"
    base: str
    checked_at: dt.datetime
    exit_code: int = 0
    word: str = "verified"
    register: str | None = None
    version: int | None = None
    sha256: str | None = None
    since: dt.datetime | None = None
    fresh_for: dt.timedelta | None = None
    fresh_until: dt.datetime | None = None
    root: RootOrigin | None = None
    root_version: int | None = None
    root_sha256: str | None = None
    log: LogHead | None = None
    time_stamp: StampSeen | None = None
    remembered: int | None = None
    versions_checked: tuple[int, int] | None = None
    lifecycle: Lifecycle | None = None
    new_keys: tuple[KeyRecord, ...] = ()
    disowned: tuple[ReportedDisowned, ...] = ()
    evidence: tuple[str, ...] = ()
    changes: tuple[ReportedChange, ...] = ()
    deadlines: tuple[ReportedDeadline, ...] | None = None
    notices: tuple[ReportedNotice, ...] = ()
    package: PackageSeen | None = None
    told: ProvenNotice | None = None
    checks: tuple[CheckResult, ...] = ()
    not_checked: tuple[str, ...] = ()
    error: ReportedError | None = None


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """A version that was read in full, and what its diff says, the weightiest change first.

    That the diff leads from the version before to this one, byte for byte, is checked (V18), and that its
    changes follow, each with its notice (V31). What they say in words is the publisher's.
    """

    version: int
    sha256: str
    published_at: dt.datetime
    recorded: Recorded
    reason: Reason
    changes: tuple[Change, ...]


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What the register was vouched for by, to be kept or compared with what others saw; as in ``Report``.

    One size of the log has one root, for every customer.
    """

    root: RootOrigin
    root_version: int
    root_sha256: str
    log: LogHead
    fresh_until: dt.datetime
    time_stamp: StampSeen | None


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A register of which every check that was made has passed; days are in the publisher's time zone.

    What works out days raises ``Malformed`` where this machine does not know that zone, or a planned change
    sets what it cannot.

    Attributes:
        register: The newest version.
        data: Its bytes, as signed and served.
        sha256: Their SHA-256, hex.
        checked_at: Instant of the check, UTC.
        trust: What it was vouched for by.
        remembered_version: Newest version when the last run with this state folder ended; ``None``: nothing
            was remembered.
        checked_version: All versions up to this one were read in full, in this run or an earlier one. Below
            ``register.version`` after a quick run: the next run without ``quick`` reads the rest.
        updates: Every version that was read in full in this run, oldest first: without anything remembered,
            or with ``history="all"``, the whole history.
    """

    register: Register
    data: bytes
    sha256: str
    checked_at: dt.datetime
    trust: Trust
    remembered_version: int | None
    checked_version: int
    updates: tuple[Update, ...]

    def today(self) -> dt.date:
        """Return the day of the check."""
        return local_day(self.checked_at, zone_of(self.register.publisher.time_zone))

    def engagements(self, on: dt.date | None = None) -> tuple[EngagementState, ...]:
        """Return every engagement with its state on a day, or today: in force, announced, ended and so on."""
        return engagement_states(self.register, on or self.today())

    def upcoming(self, on: dt.date | None = None) -> tuple[Upcoming, ...]:
        """Return each start, end, planned change and objection deadline from a day, or today, in order.

        They follow from the register alone, so that a run that finds nothing new still gives them.
        """
        zone = zone_of(self.register.publisher.time_zone)
        return upcoming(self.register, on or self.today(), zone)

    def deadlines(self, on: dt.date | None = None) -> tuple[Upcoming, ...]:
        """Return until when a customer may object, the nearest first, without what has passed."""
        return tuple(item for item in self.upcoming(on) if item.what == "objection_deadline")


class VerifyResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one run found: each check's result; the register unless any failed; and the worst finding."""

    report: Report
    verified: Verified | None
    finding: VerificationError | None

    def raise_for_finding(self) -> Verified:
        """Return what was verified."""
        if self.verified is None:
            raise self.finding or VerificationError("not verified")
        return self.verified
