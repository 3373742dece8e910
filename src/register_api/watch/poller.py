"""Looks at registers in turn, several at a time and one of each host, and records what came of it."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple
from urllib.parse import urlsplit

from register_api.core.printable import printable
from register_api.sending.database import Database
from register_api.sending.sender import Surroundings
from register_api.watch.look import UNUSABLE, Asking, Looked, look
from register_api.watch.news import Here, News
from register_api.watch.record import Lease, due, lease, record
from register_api.watch.settings import WatchSettings

_PAUSE = 5.0
"""Seconds between two looks for what is due."""

_LONGER = 60
"""Seconds that a lease outlasts the time that a look may take."""


class Counts(NamedTuple):
    """What a round did: looks, those at which all was well, and pieces of news."""

    looks: int = 0
    fresh: int = 0
    news: int = 0


class Poller:
    """Looks at what is due; several may share a database."""

    def __init__(
        self, database: Database, settings: WatchSettings, asking: Asking, around: Surroundings
    ) -> None:
        """Begin without a look."""
        self._database = database
        self._settings = settings
        self._asking = asking
        self._around = around
        self._owner = secrets.token_hex(8)
        self._waiting: dict[str, deque[str]] = {}
        self._running: dict[Future[Looked], tuple[str, Lease]] = {}

    def run(self, after: Callable[[], None] = lambda: None) -> None:
        """Look until the process has to end; looks that are under way are finished.

        Args:
            after: Called after each round.
        """
        while not self._around.stop.is_set():
            self.round()
            after()
            self._around.stop.wait(_PAUSE)

    def round(self, ahead: int = 0) -> Counts:
        """Look at all that is due, and record it.

        Args:
            ahead: What is due within so many seconds is looked at, too.
        """
        until = self._here().at + ahead
        self._waiting = self._by_host(until)
        counts = Counts()
        with ThreadPoolExecutor(self._settings.pool) as pool:
            while not self._around.stop.is_set() and self._start(pool, until):
                counts = self._finish(counts)
            while self._running:
                counts = self._finish(counts)
        return counts

    def _by_host(self, until: int) -> dict[str, deque[str]]:
        found: dict[str, deque[str]] = {}
        for row in due(self._database, until):
            host = urlsplit(row["register"] or row["website"]).netloc.casefold() or row["id"]
            found.setdefault(host, deque()).append(row["id"])
        return found

    def _start(self, pool: ThreadPoolExecutor, until: int) -> bool:
        """Begin looks while there is room; false once there is nothing to begin and none is under way."""
        busy = {host for host, _ in self._running.values()}
        for host in [name for name in self._waiting if name not in busy]:
            if len(self._running) >= self._settings.pool:
                break
            self._begin(pool, host, until)
        return bool(self._running or self._waiting)

    def _begin(self, pool: ThreadPoolExecutor, host: str, until: int) -> None:
        """Begin a look at the next vendor of a host."""
        waiting = self._waiting[host]
        vendor = waiting.popleft()
        if not waiting:
            del self._waiting[host]
        here, seconds = self._here(), self._settings.lease_seconds + _LONGER
        taken = lease(self._database, vendor, self._owner, until=until, now=here.at, seconds=seconds)
        if taken is not None:
            started = pool.submit(look, taken.vendor, taken.known, here.now, self._asking)
            self._running[started] = (host, taken)

    def _finish(self, counts: Counts) -> Counts:
        """Wait until a look has ended, and record it."""
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in done:
            _, leased = self._running.pop(future)
            looked, news = self._record(leased, future.result())
            self._tell(leased, looked, news)
            counts = Counts(
                counts.looks + 1, counts.fresh + (looked.outcome == "fresh"), counts.news + len(news)
            )
        return counts

    def _record(self, leased: Lease, looked: Looked) -> tuple[Looked, list[News]]:
        """Record what came of a look; of what cannot be recorded, that."""
        try:
            return looked, record(self._database, self._settings, leased, looked, self._here())
        except Exception as error:  # noqa: BLE001 - one register's content stops no other look
            failed = Looked(UNUSABLE, f"a fault of this program: {printable(repr(error))}")
        # Where this fails, too, it is the database.
        return failed, record(self._database, self._settings, leased, failed, self._here())

    def _tell(self, leased: Lease, looked: Looked, news: list[News]) -> None:
        if news or looked.outcome not in {"fresh", "no_register"}:
            said = f": {looked.message}" if looked.message else ""
            kinds = ", ".join(sorted({piece.kind for piece in news}))
            self._around.tell(f"{leased.vendor.id}: {looked.outcome}{said}{f' (news: {kinds})' * bool(news)}")

    def _here(self) -> Here:
        return Here(self._around.now(), self._settings.time_zone, self._settings.holidays)
