"""What a run hands to a program: the verified register and what follows from it, or what was found."""

from __future__ import annotations

import datetime as dt

import msgspec

from register_api.clock import zone_of
from register_api.core.changes import Change
from register_api.core.instant import local_day
from register_api.core.model import Reason, Recorded, Register
from register_api.core.timeline import EngagementState, engagement_states
from register_api.core.upcoming_events import Upcoming, upcoming
from register_api.errors import VerificationError
from register_api.verify.report import LogHead, Report, StampSeen
from register_api.verify.state import RootOrigin


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """A version that was read in full, and what its diff says.

    That the diff leads from the version before to this one, byte for byte, is checked (V18), and that its
    changes follow, each with its notice (V31). What they say in words is the publisher's.

    Attributes:
        version: Its number.
        sha256: SHA-256 (hex) of its register.
        published_at: When it was published, UTC.
        recorded: ``imported`` marks history that was published elsewhere.
        reason: Why it was published.
        changes: What changed against the version before, the weightiest first; each with its notice.
    """

    version: int
    sha256: str
    published_at: dt.datetime
    recorded: Recorded
    reason: Reason
    changes: tuple[Change, ...]


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What the register was vouched for by, to be kept or compared with what others saw.

    Attributes:
        root: The root that trust began from, and where it came from.
        root_version: Version of the newest root.
        root_sha256: Its digest, hex.
        log: Size and root hash of the log: one size has one root, for every customer.
        fresh_until: Until when what vouches for the register is good, UTC.
        time_stamp: The newest time stamp of an accepted authority, where one was asked for.
    """

    root: RootOrigin
    root_version: int
    root_sha256: str
    log: LogHead
    fresh_until: dt.datetime
    time_stamp: StampSeen | None


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A register of which every check that was made has passed.

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
        """Return the day of the check in the publisher's time zone, which all days of the register mean.

        Raises:
            Malformed: This machine does not know that time zone.
        """
        return local_day(self.checked_at, zone_of(self.register.publisher.time_zone))

    def engagements(self, on: dt.date | None = None) -> tuple[EngagementState, ...]:
        """Return every engagement with its state on a day: in force, announced, ended and so on.

        Args:
            on: A day in the publisher's time zone; without it, today.

        Raises:
            Malformed: As ``today``.
        """
        return engagement_states(self.register, on or self.today())

    def upcoming(self, on: dt.date | None = None) -> tuple[Upcoming, ...]:
        """Return each start, end, planned change and objection deadline from a day on, the nearest first.

        They follow from the register alone, so that a run that finds nothing new still gives them.

        Args:
            on: A day in the publisher's time zone; without it, today.

        Raises:
            Malformed: As ``today``; or a planned change sets what it cannot.
        """
        zone = zone_of(self.register.publisher.time_zone)
        return upcoming(self.register, on or self.today(), zone)

    def deadlines(self, on: dt.date | None = None) -> tuple[Upcoming, ...]:
        """Return until when a customer may object, the nearest first, without what has passed.

        Args:
            on: A day in the publisher's time zone; without it, today.

        Raises:
            Malformed: As ``upcoming``.
        """
        return tuple(item for item in self.upcoming(on) if item.what == "objection_deadline")


class VerifyResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one run found.

    Attributes:
        report: Every check with its result, for people and for the record.
        verified: The register and what follows from it; ``None`` where any check failed.
        finding: The worst of what was found; ``None`` where nothing was.
    """

    report: Report
    verified: Verified | None
    finding: VerificationError | None

    def raise_for_finding(self) -> Verified:
        """Return what was verified."""
        if self.verified is None:
            raise self.finding or VerificationError("not verified")
        return self.verified
