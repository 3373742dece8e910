"""The state on any day as known on any day: valid time and transaction time, from one stored version."""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from register_api.core import model
from register_api.core.instant import local_day
from register_api.core.planned_changes import engagement_on, vendor_on

State = Literal["announced", "in_force", "ended", "available", "withdrawn", "cancelled"]
"""Where an engagement stands on a day; only ``in_force`` is in use."""

PAST: frozenset[State] = frozenset({"ended", "withdrawn", "cancelled"})
"""States in which there is nothing left to look after."""


def state_on(vendor: model.AnyVendor, engagement: model.EngagementSource, day: dt.date) -> State:
    """Say where an engagement stands on a day in the publisher's time zone (docs/format/register.md).

    Without ``starts_on`` it was used before version 1, so it is in force on every day until it ends.
    """
    if vendor.withdrawn is not None:
        return "withdrawn"
    if engagement.cancelled is not None:
        return "cancelled"
    engagement = engagement_on(engagement, day)
    if engagement.status == "available":
        return "available"
    if engagement.ends_on is not None and engagement.ends_on <= day:
        return "ended"
    if engagement.starts_on is not None and engagement.starts_on > day:
        return "announced"
    return "in_force"


class AsOf(msgspec.Struct, frozen=True, kw_only=True):
    """When a question is about: a day, and what was published by an instant or a day, or a version.

    Without ``known_at`` and ``version`` it is about the newest version.
    """

    on: dt.date
    known_at: dt.datetime | dt.date | None = None
    version: int | None = None


class StoredVersions(Protocol):
    """Where versions are read from: each when it is asked for."""

    @property
    def newest(self) -> int:
        """Number of the newest version; 0 where nothing was published."""

    @property
    def published(self) -> Sequence[dt.datetime]:
        """When each version was published (UTC), from version 1 on."""

    @property
    def zone(self) -> dt.tzinfo:
        """The publisher's time zone."""

    def register(self, version: int) -> model.Register:
        """Return the register as a version said it."""

    def sha256(self, version: int) -> str:
        """Return the SHA-256 (hex) of a version's register."""


class EngagementState(msgspec.Struct, frozen=True, kw_only=True):
    """An engagement as it holds on a day, with its vendor, and where it stands then."""

    vendor: model.Subprocessor
    engagement: model.Engagement
    state: State

    @property
    def entity(self) -> model.Entity | model.Subprocessor:
        """The legal entity engaged: that of this use, else the vendor."""
        return self.engagement.entity or self.vendor


class RegisterAsOf(msgspec.Struct, frozen=True, kw_only=True):
    """A day, in the publisher's time zone, as one version tells it."""

    register: model.Register
    sha256: str
    on: dt.date

    def of(self, vendor: model.Subprocessor) -> tuple[EngagementState, ...]:
        """Return where one vendor's engagements stand."""
        return vendor_states(vendor, self.on)

    def rows(self) -> tuple[EngagementState, ...]:
        """Return where every engagement stands, in the register's order of reading."""
        return engagement_states(self.register, self.on)


def register_as_of(versions: StoredVersions, as_of: AsOf) -> RegisterAsOf | None:
    """Return the state on a day as it was known then, from one version; ``None`` if none was published."""
    known = version_known(versions, as_of.known_at)
    version = as_of.version or known
    if known is None or version is None or version > known:
        return None
    register, sha256 = versions.register(version), versions.sha256(version)
    return RegisterAsOf(register=register, sha256=sha256, on=as_of.on)


def version_known(versions: StoredVersions, known_at: dt.datetime | dt.date | None) -> int | None:
    """Return the newest version that had been published by an instant or the end of a day."""
    if known_at is None:
        return versions.newest or None
    if isinstance(known_at, dt.datetime):
        return bisect.bisect_right(versions.published, known_at) or None
    # Where clocks go back over midnight a day has two ends, and a later version can be of an earlier day.
    days = (local_day(instant, versions.zone) for instant in versions.published)
    return max((version for version, day in enumerate(days, start=1) if day <= known_at), default=None)


def engagement_states(register: model.Register, day: dt.date) -> tuple[EngagementState, ...]:
    """Return where every engagement of a register stands on a day, in its order of reading."""
    return tuple(row for vendor in register.subprocessors for row in vendor_states(vendor, day))


def vendor_states(vendor: model.Subprocessor, day: dt.date) -> tuple[EngagementState, ...]:
    """Return where each engagement of a vendor stands on a day, in the publisher's time zone.

    Raises:
        Malformed: A planned change sets what it cannot.
    """
    held = vendor_on(vendor, day)
    return tuple(
        EngagementState(vendor=held, engagement=engagement, state=state_on(held, engagement, day))
        for engagement in held.engagements
    )
