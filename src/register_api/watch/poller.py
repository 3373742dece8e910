"""Polls vendors' registers concurrently, one per host at a time, and records the results.

Versions, news and the time of the next poll are recorded in one transaction.
"""

from __future__ import annotations

import secrets
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from register_api.core.text import escaped, printable
from register_api.sending.database import Database, Row, Run, update
from register_api.sending.sender import Runtime
from register_api.verify import Verified
from register_api.watch.check_vendor import (
    FOUND,
    FRESH,
    NO_REGISTER,
    UNUSABLE,
    Lease,
    Polling,
    PollResult,
    poll_register,
)
from register_api.watch.news import AT_ONCE, TROUBLE, News, add, news_of
from register_api.watch.settings import WatchContext, WatchSettings
from register_api.watch.vendor_uses import rewrite_uses
from register_api.watch.vendors import Vendor, interests_of, vendor_of

_MINUTE, _DAY = 60, 86_400
_WEEK = 7 * _DAY
_LONGEST_NAME = 300
_JITTER = 5
"""The poll interval is varied by up to a tenth (half of 1/5) in either direction."""


def due(database: Database, until: int) -> list[Row]:
    """Return the vendors whose poll is due by ``until`` (Unix time), longest overdue first."""
    return database.query(
        "SELECT v.id, v.register, v.website FROM polls p JOIN vendors v ON v.id = p.vendor"
        " WHERE v.closed_at IS NULL AND p.next_at <= ? ORDER BY p.next_at, v.id",
        until,
    )


def lease(database: Database, vendor: str, owner: str, *, until: int, now: int, seconds: int) -> Lease | None:
    """Lease a vendor for one poll; ``None`` if it is no longer due or another process holds the lease."""
    with database.transaction() as run:
        taken = run(
            "UPDATE polls SET lease_owner = ?, lease_until = ? WHERE vendor = ? AND next_at <= ?"
            " AND lease_until <= ? RETURNING etag, seen_sha256, fresh_until, version",
            *(owner, now + seconds, vendor, until, now),
        )
        if not taken:
            return None
        rows, version = run("SELECT * FROM vendors WHERE id = ?", vendor), taken[0]["version"]
        newest = run("SELECT sha256 FROM versions WHERE vendor = ? AND version = ?", vendor, version)
    return Lease(vendor_of(rows[0]), owner, **taken[0], sha256=newest[0]["sha256"] if newest else "")


def record(database: Database, leased: Lease, result: PollResult, context: WatchContext) -> list[News]:
    """Record the result of a poll and return the news that is new."""
    with database.transaction() as run:
        id_ = leased.vendor.id
        polls = run("SELECT * FROM polls WHERE vendor = ? AND lease_owner = ?", id_, leased.owner)
        if not polls:
            return []
        vendor, poll = vendor_of(run("SELECT * FROM vendors WHERE id = ?", id_)[0]), polls[0]
        if vendor.register != leased.vendor.register:
            run("UPDATE polls SET lease_until = 0 WHERE vendor = ?", id_)
            return []
        if result.is_trouble:
            since = poll["trouble_since"] or context.at
            poll |= {"failures": poll["failures"] + 1, "trouble_since": since}
        found = list(_news(vendor, poll, leased.version, result, context))
        if result.verified is not None:
            _keep_versions(run, vendor, result.verified, found, context.at)
        elif result.outcome == FOUND:
            run("UPDATE vendors SET register = ? WHERE id = ?", result.message, vendor.id)
        reported = [piece for piece in found if add(run, piece)]
        update(run, "polls", {"vendor": id_}, _after(vendor, poll, result, context, reported))
    return reported


def _keep_versions(run: Run, vendor: Vendor, verified: Verified, found: list[News], at: int) -> None:
    """Store the newest version with its document and uses, and the changes of each version that made news."""
    reported = {piece.version for piece in found}
    for each in verified.updates:
        is_newest = each.version == verified.register.version
        if is_newest:
            rewrite_uses(run, vendor.id, interests_of(vendor), verified.register)
        if is_newest or each.version in reported:
            run(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (vendor, version) DO NOTHING",
                *(vendor.id, each.version, each.sha256, int(each.published_at.timestamp()), at),
                zlib.compress(verified.data) if is_newest else None,
                zlib.compress(msgspec.json.encode(each.changes)),
            )


def _news(vendor: Vendor, poll: Row, known: int, result: PollResult, context: WatchContext) -> Iterator[News]:
    """Yield the news of a poll; a register that keeps failing verification is reported again each week."""
    outcome, since = result.outcome, poll["trouble_since"]

    def about(key: str, kind: str, sentence: str, **detail: Any) -> News:
        return News.about(
            vendor, key, context.at, kind=kind, title=f"{vendor.name}: {sentence}", detail=detail
        )

    if outcome == FRESH and poll["alerted_at"] is not None:
        yield about(f"recovered/{since}", "recovered", "its register verifies again")
    if result.verified is not None and result.report is not None:
        yield from news_of(vendor, result.verified, result.report, known, context)
    if outcome == FOUND:
        address = result.message
        trust = "taken on trust: compare its root with the contract"
        sentence = f"its website names a register, {address}, {trust}"
        yield about(f"found/{address}", "found", sentence, register=address)
    is_lasting = poll["failures"] >= context.settings.failures_before_alert
    if result.is_trouble and (outcome in AT_ONCE or is_lasting):
        where, report = f": {result.elsewhere}" if result.elsewhere else "", result.report
        yield about(
            f"{outcome}/{since}/{(context.at - since) // _WEEK}",
            outcome,
            TROUBLE.get(outcome, outcome) + where,
            message=result.message,
            hint=result.hint,
            since=since,
            elsewhere=result.elsewhere,
            evidence=list(report.evidence) if report else [],
            disowned=[each.sentence for each in report.disowned] if report else [],
        )


def _after(vendor: Vendor, poll: Row, result: PollResult, context: WatchContext, reported: list[News]) -> Row:
    at, outcome = context.at, result.outcome
    seconds = max(context.settings.poll_minutes * _MINUTE, _DAY if outcome == NO_REGISTER else 0)
    # Spread so that not all registers are polled at once.
    spread, chance = max(1, seconds // _JITTER), zlib.crc32(f"{vendor.id}{at}".encode())
    row: Row = {"failures": 0, "trouble_since": None, "alerted_at": None}
    if result.is_trouble:
        row = {name: poll[name] for name in row}
        if any(piece.kind == outcome for piece in reported):
            row["alerted_at"] = at
    row |= {
        "next_at": at if outcome == FOUND else at + max(result.wait, seconds - spread // 2 + chance % spread),
        "looked_at": at,
        "outcome": outcome,
        "outcome_since": poll["outcome_since"] if outcome == poll["outcome"] else at,
        "message": escaped(result.message),
        "lease_owner": None,
        "lease_until": 0,
    }
    if result.outcome == FRESH:
        row |= {"good_at": at, "etag": result.seen[0], "seen_sha256": result.seen[1]}
    if result.verified is not None:
        verified = result.verified
        row |= {
            "fresh_until": int(verified.trust.fresh_until.timestamp()),
            "version": verified.register.version,
            "name": escaped(verified.register.register)[:_LONGEST_NAME],
            "root_sha256": verified.trust.root.sha256,
        }
    return row


_PAUSE = 5.0
"""Seconds between two rounds of polling."""

_LONGER = 60
"""Seconds by which a lease outlasts the longest poll."""


class Counts(NamedTuple):
    """Counts of one round: polls, polls with a valid register, and news items."""

    polls: int = 0
    fresh: int = 0
    news: int = 0


class Poller:
    """Polls the vendors that are due; several pollers may share a database."""

    def __init__(
        self, database: Database, settings: WatchSettings, polling: Polling, runtime: Runtime
    ) -> None:
        self._database, self._settings = database, settings
        self._polling, self._runtime = polling, runtime
        self._owner = secrets.token_hex(8)

    def run(self, after: Callable[[], None]) -> None:
        """Poll until stopped, calling ``after`` after each round; polls in progress are finished."""
        while not self._runtime.stop.is_set():
            self.round()
            after()
            self._runtime.stop.wait(_PAUSE)

    def round(self, ahead: int = 0) -> Counts:
        """Poll every vendor that is due within ``ahead`` seconds and record the results."""
        until, counts = self._context().at + ahead, Counts()
        waiting, running = dict[str, deque[str]](), dict[Future[PollResult], tuple[str, Lease]]()
        for row in due(self._database, until):
            host = urlsplit(row["register"] or row["website"]).netloc.casefold() or row["id"]
            waiting.setdefault(host, deque()).append(row["id"])
        stop, size = self._runtime.stop, self._settings.pool
        with ThreadPoolExecutor(size) as pool:
            while running or (waiting and not stop.is_set()):
                busy = {host for host, _ in running.values()}
                free = [] if stop.is_set() else [host for host in waiting if host not in busy]
                for host in free[: size - len(running)]:
                    if taken := self._lease(waiting, host, until):
                        now = self._context().now
                        running[pool.submit(poll_register, taken, now, self._polling)] = host, taken
                for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                    _, leased = running.pop(future)
                    result, news = self._record(leased, future.result())
                    fresh = counts.fresh + (result.outcome == FRESH)
                    counts = Counts(counts.polls + 1, fresh, counts.news + len(news))
        return counts

    def _lease(self, waiting: dict[str, deque[str]], host: str, until: int) -> Lease | None:
        vendor = waiting[host].popleft()
        if not waiting[host]:
            del waiting[host]
        now, seconds = self._context().at, self._settings.lease_seconds + _LONGER
        return lease(self._database, vendor, self._owner, until=until, now=now, seconds=seconds)

    def _record(self, leased: Lease, result: PollResult) -> tuple[PollResult, list[News]]:
        """Record and log the result of a poll; if that fails, record the failure instead."""
        try:
            news = record(self._database, leased, result, self._context())
        except Exception as error:  # noqa: BLE001 - one register's content must not stop other polls
            result = PollResult(UNUSABLE, f"a fault of this program: {printable(repr(error))}")
            # If this fails as well, the database is at fault.
            news = record(self._database, leased, result, self._context())
        if news or result.outcome not in {FRESH, NO_REGISTER}:
            why = f": {result.message}" if result.message else ""
            kinds = ", ".join(sorted({piece.kind for piece in news}))
            self._runtime.log(f"{leased.vendor.id}: {result.outcome}{why}{f' (news: {kinds})' * bool(news)}")
        return result, news

    def _context(self) -> WatchContext:
        return WatchContext(self._runtime.now(), self._settings)
