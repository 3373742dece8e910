"""What a source is judged against: what was published before, when, and why it is published now."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

import msgspec

from register_api.core.calendar import local_day
from register_api.core.model import Draft, Reason, Recorded, Register, Subprocessor
from register_api.core.notice import Promises

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""No version was published before this instant (R15)."""


class Context(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All that the rules need besides the source itself.

    Attributes:
        now: The present instant, aware, handed in by the caller.
        at: When this state was published elsewhere: history that is taken over.
        zone: The publisher's time zone.
        previous: The newest version; ``None`` before the first.
        previous_sha256: Digest of its bytes, in hex.
        promises: Notice promises of all published versions.
        reason: Why the new version is published.
        corrects: Number of the version that it puts right.
    """

    now: dt.datetime
    zone: dt.tzinfo
    promises: Promises
    reason: Reason
    at: dt.datetime | None = None
    previous: Register | None = None
    previous_sha256: str | None = None
    corrects: int | None = None

    @property
    def version(self) -> int:
        """Number of the new version."""
        return self.previous.version + 1 if self.previous else 1

    @cached_property
    def published_at(self) -> dt.datetime:
        """Instant that the new version names: UTC, whole seconds."""
        return (self.at or self.now).astimezone(dt.UTC).replace(microsecond=0)

    @cached_property
    def day(self) -> dt.date:
        """Local day on which the new version is announced."""
        # What R15 refuses could lie outside the calendar in the publisher's zone.
        return local_day(max(self.published_at, EPOCH), self.zone)

    @property
    def recorded(self) -> Recorded:
        """Whether the new version is live or taken over."""
        return "live" if self.at is None else "imported"

    @property
    def is_baseline(self) -> bool:
        """Whether nothing was promised before: the first version, or an imported one."""
        return self.previous is None or self.at is not None

    def previous_vendor(self, vendor: str) -> Subprocessor | None:
        """Return a vendor of the newest version by id."""
        return self._previous_vendors.get(vendor)

    @cached_property
    def _previous_vendors(self) -> dict[str, Subprocessor]:
        return {item.id: item for item in self.previous.subprocessors} if self.previous else {}

    @cached_property
    def made_before(self) -> list[tuple[Draft, Register]]:
        """The draft that was made a version last, and that version (``versioning.made``)."""
        return []

    def promises_with(self, draft: Draft) -> Promises:
        """Return the promises as they stand once the draft is published."""
        return self.promises.joined_by(self.version, self.day, draft.register.notice, live=self.at is None)
