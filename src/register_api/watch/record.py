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
from register_api.watch.look import FOUND, FRESH, NO_REGISTER, Known, Looked, SeenTimestamp
from register_api.watch.news import TROUBLE, News, add, news_of
from register_api.watch.settings import Here
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


def record(database: Database, leased: Lease, looked: Looked, here: Here) -> list[News]:
    """Record what came of a look, and return what of it is told."""
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
        poll = polls[0]
        if looked.is_trouble:
            poll |= {
                "failures": poll["failures"] + 1,
                "trouble_since": poll["trouble_since"] or here.at,
            }
        found = list(_news(vendor, poll, leased.known.version, looked, here))
        if looked.verified is not None:
            _keep_versions(run, vendor, looked.verified, found, here.at)
        elif looked.outcome == FOUND:
            run("UPDATE vendors SET register = ? WHERE id = ?", looked.message, vendor.id)
        told = [piece for piece in found if add(run, piece)]
        row = _after(vendor, poll, looked, here, told)
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
    for update in verified.updates:
        is_newest = update.version == verified.register.version
        if is_newest:
            rewrite_uses(run, vendor, verified.register)
        if is_newest or update.version in told:
            run(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (vendor, version) DO NOTHING",
                *(vendor.id, update.version, update.sha256, int(update.published_at.timestamp()), at),
                zlib.compress(verified.data) if is_newest else None,
                zlib.compress(msgspec.json.encode(update.changes)),
            )


def _news(vendor: Vendor, poll: Row, known: int, looked: Looked, here: Here) -> Iterator[News]:
    """Yield the news of a look: that a register does not verify once that is to be told, then each week."""
    outcome, since = looked.outcome, poll["trouble_since"]

    def about(key: str, kind: str, said: str, **detail: Any) -> News:
        return News.about(vendor, key, here.at, kind=kind, title=f"{vendor.name}: {said}", detail=detail)

    if outcome == FRESH and poll["alerted_at"] is not None:
        yield about(f"recovered/{since}", "recovered", "its register verifies again")
    if looked.verified is not None and looked.report is not None:
        yield from news_of(vendor, looked.verified, looked.report, known, here)
    if outcome == FOUND:
        address = looked.message
        said = f"its website names a register, {address}, taken on trust: compare its root with the contract"
        yield about(f"found/{address}", "found", said, register=address)
    is_lasting = poll["failures"] >= here.settings.failures_before_alert
    if looked.is_trouble and (outcome in AT_ONCE or is_lasting):
        where, report = f": {looked.elsewhere}" if looked.elsewhere else "", looked.report
        yield about(
            f"{outcome}/{since}/{(here.at - since) // _WEEK}",
            outcome,
            TROUBLE.get(outcome, outcome) + where,
            message=looked.message,
            hint=looked.hint,
            since=since,
            elsewhere=looked.elsewhere,
            evidence=list(report.evidence) if report else [],
            disowned=[each.sentence for each in report.disowned] if report else [],
        )


def _after(vendor: Vendor, poll: Row, looked: Looked, here: Here, told: list[News]) -> Row:
    """Return the columns of the vendor's looks after this one."""
    at = here.at
    row: Row = {
        "next_at": at if looked.outcome == FOUND else at + max(looked.wait, _pause(vendor, looked, here)),
        "looked_at": at,
        "outcome": looked.outcome,
        "outcome_since": poll["outcome_since"] if looked.outcome == poll["outcome"] else at,
        "message": escaped(looked.message),
        "failures": 0,
        "trouble_since": None,
        "alerted_at": None,
        "lease_owner": None,
        "lease_until": 0,
    }
    if looked.is_trouble:
        is_told = any(piece.kind == looked.outcome for piece in told)
        row |= {name: poll[name] for name in ("failures", "trouble_since")}
        row["alerted_at"] = at if is_told else poll["alerted_at"]
    if looked.outcome == FRESH:
        row |= {"good_at": at, "etag": looked.seen.etag, "seen_sha256": looked.seen.sha256}
    if looked.verified is not None:
        verified = looked.verified
        row |= {
            "fresh_until": int(verified.trust.fresh_until.timestamp()),
            "version": verified.register.version,
            "name": escaped(verified.register.register)[:_LONGEST_NAME],
            "root_sha256": verified.trust.root.sha256,
        }
    return row


def _pause(vendor: Vendor, looked: Looked, here: Here) -> int:
    """Return the seconds until the next look, spread so that not all registers are asked at once."""
    seconds = here.settings.poll_minutes * _MINUTE
    if looked.outcome == NO_REGISTER:
        seconds = max(seconds, _DAY)
    spread = max(1, seconds // _JITTER)
    return seconds - spread // 2 + zlib.crc32(f"{vendor.id}{here.at}".encode()) % spread
