"""How the last look at each vendor ended."""

from __future__ import annotations

import datetime as dt

import msgspec

from register_api.sending.database import Database, Row
from register_api.watch.look import FRESH, NO_REGISTER


class VendorStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands with one vendor.

    Attributes:
        outcome: ``fresh``, ``no_register``, or the word for what is wrong; empty: it was never looked at.
        since: Since when that is so.
        message: What is wrong, in a sentence.
        name: The register's own name.
        version: Its newest version that verified; 0: none did.
        good_at: When it verified last.
        next_at: When it is looked at again.
        failures: How often in a row it did not verify.
    """

    vendor: str
    register: str
    outcome: str
    since: dt.datetime | None
    message: str
    name: str
    version: int
    looked_at: dt.datetime | None
    good_at: dt.datetime | None
    next_at: dt.datetime
    failures: int

    @property
    def is_well(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self.outcome in {"", FRESH, NO_REGISTER}


def vendors_status(database: Database) -> list[VendorStatus]:
    """Return how it stands with every vendor that is watched: what is wrong first, then by name."""
    rows = database.query(
        "SELECT p.*, v.register FROM polls p JOIN vendors v ON v.id = p.vendor"
        " WHERE v.closed_at IS NULL ORDER BY v.name, v.id"
    )
    return sorted(map(_status, rows), key=lambda status: status.is_well)


def _status(row: Row) -> VendorStatus:
    return VendorStatus(
        vendor=row["vendor"],
        register=row["register"],
        outcome=row["outcome"],
        since=_instant(row["outcome_since"]),
        message=row["message"],
        name=row["name"],
        version=row["version"],
        looked_at=_instant(row["looked_at"]),
        good_at=_instant(row["good_at"]),
        next_at=dt.datetime.fromtimestamp(row["next_at"], dt.UTC),
        failures=row["failures"],
    )


def _instant(seconds: int | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
