"""What came of a look is recorded: versions, news, and when to look again, in one transaction."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from register_api.core.printable import escaped
from register_api.sending.database import Database, Row
from register_api.verify import Verified
from register_api.watch.edges import rewrite_uses
from register_api.watch.look import FOUND, FRESH, NO_REGISTER, Known, Looked
from register_api.watch.news import TROUBLE, Here, News, add, news_of
from register_api.watch.poll_fetcher import SeenTimestamp
from register_api.watch.settings import WatchSettings
from register_api.watch.vendors import Vendor, vendor_of

_MINUTE, _DAY = 60, 86_400
_WEEK = 7 * _DAY
_LONGEST_NAME = 300
_JITTER = 5
"""One part in so many: the pause until the next look is that much longer or shorter at most, by half."""

AT_ONCE = frozenset({"rolled_back", "forked", "untrusted"})
"""What is told at the first sight of it: no passing fault looks like that."""


class Lease(NamedTuple):
    """One look at one vendor, which nobody else makes meanwhile."""

    owner: str
    vendor: Vendor
    known: Known


def due(database: Database, until: int) -> list[Row]:
    """Return the vendors that are to be looked at until an instant, the longest due first."""
    return database.query(
        "SELECT v.id, v.register, v.website FROM polls p JOIN vendors v ON v.id = p.vendor"
        " WHERE v.closed_at IS NULL AND p.next_at <= ? ORDER BY p.next_at, v.id",
        until,
    )


def lease(database: Database, vendor: str, owner: str, *, until: int, now: int, seconds: int) -> Lease | None:
    """Take a vendor for a look; ``None`` where it is not due any more, or another process has it."""
    with database.transaction() as run:
        taken = run(
            "UPDATE polls SET lease_owner = ?, lease_until = ? WHERE vendor = ? AND next_at <= ?"
            " AND lease_until <= ? RETURNING etag, seen_sha256, fresh_until, version",
            *(owner, now + seconds, vendor, until, now),
        )
        if not taken:
            return None
        rows = run("SELECT * FROM vendors WHERE id = ?", vendor)
        newest = run(
            "SELECT sha256 FROM versions WHERE vendor = ? AND version = ?", vendor, taken[0]["version"]
        )
    row = taken[0]
    seen = SeenTimestamp(row["etag"], row["seen_sha256"])
    known = Known(seen, row["fresh_until"], row["version"], newest[0]["sha256"] if newest else "")
    return Lease(owner, vendor_of(rows[0]), known)


def record(
    database: Database, settings: WatchSettings, leased: Lease, looked: Looked, here: Here
) -> list[News]:
    """Record what came of a look."""
    with database.transaction() as run:
        polls = run(
            "SELECT * FROM polls WHERE vendor = ? AND lease_owner = ?", leased.vendor.id, leased.owner
        )
        if not polls:
            return []
        vendor = vendor_of(run("SELECT * FROM vendors WHERE id = ?", leased.vendor.id)[0])
        if vendor.register != leased.vendor.register:
            run("UPDATE polls SET lease_until = 0 WHERE vendor = ?", vendor.id)
            return []
        poll, found = _Poll(settings, vendor, polls[0], looked, here), list[News]()
        if looked.outcome == FRESH:
            found = list(poll.good(leased.known.version))
            if looked.verified is not None:
                _keep_versions(run, vendor, looked.verified, found, here.at)
        elif looked.outcome == FOUND:
            run("UPDATE vendors SET register = ? WHERE id = ?", looked.message, vendor.id)
            found = [poll.found()]
        elif looked.outcome != NO_REGISTER:
            found = list(poll.trouble())
        told = [piece for piece in found if add(run, piece)]
        row = poll.after(told)
        run(
            f"UPDATE polls SET {', '.join(f'{name} = ?' for name in row)} WHERE vendor = ?",
            *(*row.values(), vendor.id),
        )
    return told


def _keep_versions(
    run: Callable[..., list[Row]], vendor: Vendor, verified: Verified, found: list[News], at: int
) -> None:
    """Keep the newest version whole with its uses, and of each one that there is news of what it changed."""
    told = {piece.version for piece in found}
    newest = verified.register.version
    for update in verified.updates:
        if update.version in told or update.version == newest:
            if update.version == newest:
                rewrite_uses(run, vendor, verified.register)
            data = zlib.compress(verified.data) if update.version == newest else None
            run(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (vendor, version) DO NOTHING",
                *(vendor.id, update.version, update.sha256, int(update.published_at.timestamp()), at),
                *(data, zlib.compress(msgspec.json.encode(update.changes))),
            )


class _Poll(NamedTuple):
    """A look, with the row that is kept of all looks at this vendor."""

    settings: WatchSettings
    vendor: Vendor
    row: Row
    looked: Looked
    here: Here

    def good(self, known: int) -> Iterator[News]:
        """Yield the news of a register that verifies."""
        looked = self.looked
        if self.row["alerted_at"] is not None:
            yield self._about(
                f"recovered/{self.row['trouble_since']}", "recovered", "its register verifies again"
            )
        if looked.verified is not None and looked.report is not None:
            yield from news_of(self.vendor, looked.verified, looked.report, known, self.here)

    def found(self) -> News:
        """Return that a register was found where none was known."""
        address = self.looked.message
        said = f"its website names a register, {address}, taken on trust: compare its root with the contract"
        return self._about(f"found/{address}", "found", said, register=address)

    def trouble(self) -> Iterator[News]:
        """Yield that the register does not verify, once that is to be told: then each week anew."""
        looked, since = self.looked, self._trouble_since
        if looked.outcome in AT_ONCE or self._failures >= self.settings.failures_before_alert:
            week = (self.here.at - since) // _WEEK
            said = TROUBLE.get(looked.outcome, looked.outcome)
            where = f": {looked.elsewhere}" if looked.elsewhere else ""
            report = looked.report
            yield self._about(
                f"{looked.outcome}/{since}/{week}",
                looked.outcome,
                said + where,
                message=looked.message,
                hint=looked.hint,
                since=since,
                elsewhere=looked.elsewhere,
                evidence=list(report.evidence) if report else [],
                disowned=[each.sentence for each in report.disowned] if report else [],
            )

    def after(self, told: list[News]) -> dict[str, Any]:
        """Return the row of the vendor's looks after this one."""
        looked, at, row = self.looked, self.here.at, self.row
        is_trouble = looked.outcome not in {FRESH, FOUND, NO_REGISTER}
        alerted = any(piece.kind == looked.outcome for piece in told) if is_trouble else False
        kept = {
            "next_at": at + max(looked.wait, self._pause()),
            "looked_at": at,
            "outcome": looked.outcome,
            "outcome_since": row["outcome_since"] if looked.outcome == row["outcome"] else at,
            "message": escaped(looked.message),
            "failures": self._failures if is_trouble else 0,
            "trouble_since": self._trouble_since if is_trouble else None,
            "alerted_at": (at if alerted else row["alerted_at"]) if is_trouble else None,
            "lease_owner": None,
            "lease_until": 0,
        }
        if looked.outcome == FOUND:
            kept["next_at"] = at
        if looked.outcome == FRESH:
            kept |= {"good_at": at, "etag": looked.seen.etag, "seen_sha256": looked.seen.sha256}
        if looked.verified is not None:
            verified = looked.verified
            kept |= {
                "fresh_until": int(verified.trust.fresh_until.timestamp()),
                "version": verified.register.version,
                "name": escaped(verified.register.register)[:_LONGEST_NAME],
                "root_sha256": verified.trust.root.sha256,
            }
        return kept

    @property
    def _failures(self) -> int:
        return int(self.row["failures"]) + 1

    @property
    def _trouble_since(self) -> int:
        return int(self.row["trouble_since"] or self.here.at)

    def _pause(self) -> int:
        """Return the seconds until the next look, spread so that not all registers are asked at once."""
        seconds = self.settings.poll_minutes * _MINUTE
        if self.looked.outcome == NO_REGISTER:
            seconds = max(seconds, _DAY)
        spread = max(1, seconds // _JITTER)
        return seconds - spread // 2 + zlib.crc32(f"{self.vendor.id}{self.here.at}".encode()) % spread

    def _about(self, key: str, kind: str, said: str, **detail: Any) -> News:
        title = f"{self.vendor.name}: {said}"
        return News.about(self.vendor, key, self.here.at, kind=kind, title=title, detail=detail)
