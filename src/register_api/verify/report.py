"""The results of a verification run: the report, and the verified register."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.changes import Change, ListedType
from register_api.core.documents import KeyRecord
from register_api.core.instant import local_day
from register_api.core.judging.changes import NoticeGiven
from register_api.core.model import Lifecycle, Reason, Recorded, Register
from register_api.core.notice_period import NoticeStatus
from register_api.core.timeline import EngagementState, engagement_states
from register_api.core.upcoming_events import Upcoming, upcoming
from register_api.errors import VerificationError
from register_api.verify.state import RootOrigin

if TYPE_CHECKING:
    from register_api.core.log.time_stamp import TimeStamp

Result = Literal["ok", "failed", "skipped"]


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check, or why it was skipped.

    A failed check has the exit code (``code``) and kind (``word``) of its worst finding.
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
    """The log's size and root hash (base64), which two customers can compare."""

    size: int
    root_hash: str

    @classmethod
    def of(cls, size: int, root: bytes) -> LogHead:
        """Return the log head for a size and a raw root hash."""
        return cls(size=size, root_hash=strict_base64.encode(root))


class StampSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A valid timestamp over the log at a size, and so over every version up to it.

    ``at`` is in UTC; ``authority`` is the subject of the signing certificate.
    """

    size: int
    at: dt.datetime
    authority: str

    @classmethod
    def of(cls, size: int, stamp: TimeStamp) -> StampSeen:
        """Return the report's view of a timestamp."""
        return cls(size=size, at=stamp.at, authority=stamp.authority)


class PackageSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a report that is specific to evidence packages.

    ``recorded`` tells a live version from an imported one, ``log`` is the log at the time of publication, and
    ``changes`` has one sentence for each change, worded by this program.
    """

    sha256: str
    recorded: str | None = None
    log: LogHead | None = None
    changes: tuple[str, ...] = ()


class ProvenFact(msgspec.Struct, frozen=True, kw_only=True):
    """A verified delivery record from a proof of notice; instants are UTC.

    ``at`` and ``sealed_at`` are the sender's claims, ``stamped_at`` is from an accepted authority.
    ``body_sha256`` is the hex digest of the message. ``reply`` is the server's reply or the recipient's
    objection. ``address`` and ``reply`` are ``None`` if they cannot be revealed, or no longer.
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
    """The contents of a proof of notice: the version announced, and its delivery records in order."""

    register: str
    version: int
    facts: tuple[ProvenFact, ...]


class ReportedNotice(NoticeGiven, frozen=True, kw_only=True):
    """An announcement covered by a notice promise, recalculated, with a sentence worded by the verifier."""

    sentence: str


class ReportedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change since the previous run, from a version's diff, with a sentence worded by the verifier."""

    version: int
    id: str
    type: ListedType
    subprocessor: str | None
    engagement: str | None
    planned: str | None
    notice: NoticeStatus
    sentence: str


class ReportedDeadline(Upcoming, frozen=True, kw_only=True):
    """An objection deadline, with a sentence worded by the verifier.

    ``days_left`` counts from the day of the check in the publisher's time zone; 0 means today is the last.
    """

    days_left: int
    sentence: str


class ReportedError(msgspec.Struct, frozen=True, kw_only=True):
    """The error that ended a run before any check."""

    message: str
    hint: str


class ReportedDisowned(msgspec.Struct, frozen=True, kw_only=True):
    """Versions disowned by the publisher, with their key as currently listed."""

    first_version: int
    last_version: int
    key: KeyRecord
    acknowledged: bool
    sentence: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of verifying a published register or an evidence package.

    Anything unverified is ``None``. Instants are UTC, digests are hex; in JSON ``fresh_for`` is an ISO 8601
    duration.

    Attributes:
        base: Address that was checked, or file name of the package.
        exit_code: 0, or the code of the worst finding.
        word: ``verified``, or the kind of the worst finding.
        version: Number of the newest version, or of the package's version.
        sha256: Digest of its bytes.
        since: When it was published, according to the publisher.
        fresh_for: How long a TUF timestamp of this register is valid after signing.
        fresh_until: When the metadata expires; not enforced for a package.
        root: Root that trust started from; ``root_version`` and ``root_sha256`` are those of the newest one.
        log: Size and root hash of the newest checkpoint.
        remembered: Log size in the saved state; ``None`` without a saved state.
        versions_checked: First and last version checked in full in this run.
        disowned: Versions that the publisher has disowned, from the saved state or found in this run.
        evidence: Files with documents that contradict each other.
        changes: Changes since the saved state, from the versions checked in full in this run.
        deadlines: Open objection deadlines, nearest first; ``None`` if they could not be determined.
        notices: Notice given in each version checked in full in this run, recalculated.
        notified: Recipients and delivery records from a proof of notice.
        not_checked: What this report does not establish, in sentences.
        error: Why nothing was checked: a usage error, or a state locked by another run.
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
    notified: ProvenNotice | None = msgspec.field(default=None, name="told")
    checks: tuple[CheckResult, ...] = ()
    not_checked: tuple[str, ...] = ()
    error: ReportedError | None = None


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """A version that was checked in full, with its changes, the most important first.

    V18 checks that the patch turns the previous version into this one byte for byte; V31 recalculates the
    changes and their notice. The text in them is the publisher's.
    """

    version: int
    sha256: str
    published_at: dt.datetime
    recorded: Recorded
    reason: Reason
    changes: tuple[Change, ...]


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Root, log head and timestamp behind a verified register, to keep or to compare with other customers.

    Fields are as in ``Report``. Every customer must see the same root hash for the same log size.
    """

    root: RootOrigin
    root_version: int
    root_sha256: str
    log: LogHead
    fresh_until: dt.datetime
    time_stamp: StampSeen | None


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A register for which no check failed; days are in the publisher's time zone.

    Methods that compute days raise ``Malformed`` if this machine does not know that time zone, or if a
    planned change sets a field that it cannot change.

    Attributes:
        register: The newest version.
        data: Its bytes, as signed and served.
        sha256: Their SHA-256, hex.
        checked_at: Instant of the check, UTC.
        trust: Trust root, log head and timestamp that it was verified against.
        remembered_version: Newest version in the saved state before this run; ``None`` without a saved state.
        checked_version: Every version up to this one has been checked in full, in this run or earlier. After
            a quick run it may be below ``register.version``; the next run without ``quick`` checks the rest.
        updates: Versions checked in full in this run, oldest first: the whole history without a saved state
            or with ``history="all"``.
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
        """Return every engagement with its state on a day (default: today), e.g. in force or ended."""
        return engagement_states(self.register, on or self.today())

    def upcoming(self, on: dt.date | None = None) -> tuple[Upcoming, ...]:
        """Return starts, ends, planned changes and objection deadlines from a day (default: today), in order.

        They are computed from the register alone, so a run without new versions returns them too.
        """
        zone = zone_of(self.register.publisher.time_zone)
        return upcoming(self.register, on or self.today(), zone)

    def deadlines(self, on: dt.date | None = None) -> tuple[Upcoming, ...]:
        """Return the objection deadlines that have not passed, nearest first."""
        return tuple(item for item in self.upcoming(on) if item.what == "objection_deadline")


class VerifyResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one run: the report, the register if no check failed, and the worst finding."""

    report: Report
    verified: Verified | None
    finding: VerificationError | None

    def raise_for_finding(self) -> Verified:
        """Return the verified register, or raise the worst finding."""
        if self.verified is None:
            raise self.finding or VerificationError("not verified")
        return self.verified
