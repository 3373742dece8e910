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
from register_api.watch.look import FRESH, NO_REGISTER, UNUSABLE, Asking, Looked, look
from register_api.watch.news import News
from register_api.watch.record import Lease, due, lease, record
from register_api.watch.settings import Here, WatchSettings

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
        until, counts = self._here().at + ahead, Counts()
        waiting, running = self._by_host(until), dict[Future[Looked], tuple[str, Lease]]()
        stop, size = self._around.stop, self._settings.pool
        with ThreadPoolExecutor(size) as pool:
            while running or (waiting and not stop.is_set()):
                busy = {host for host, _ in running.values()}
                free = [] if stop.is_set() else [host for host in waiting if host not in busy]
                for host in free[: size - len(running)]:
                    if taken := self._lease(waiting, host, until):
                        look_at = taken.vendor, taken.known, self._here().now, self._asking
                        running[pool.submit(look, *look_at)] = host, taken
                for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                    _, leased = running.pop(future)
                    looked, news = self._record(leased, future.result())
                    self._tell(leased, looked, news)
                    fresh = counts.fresh + (looked.outcome == FRESH)
                    counts = Counts(counts.looks + 1, fresh, counts.news + len(news))
        return counts

    def _by_host(self, until: int) -> dict[str, deque[str]]:
        found: dict[str, deque[str]] = {}
        for row in due(self._database, until):
            host = urlsplit(row["register"] or row["website"]).netloc.casefold() or row["id"]
            found.setdefault(host, deque()).append(row["id"])
        return found

    def _lease(self, waiting: dict[str, deque[str]], host: str, until: int) -> Lease | None:
        """Take the next vendor of a host."""
        vendor = waiting[host].popleft()
        if not waiting[host]:
            del waiting[host]
        now, seconds = self._here().at, self._settings.lease_seconds + _LONGER
        return lease(self._database, vendor, self._owner, until=until, now=now, seconds=seconds)

    def _record(self, leased: Lease, looked: Looked) -> tuple[Looked, list[News]]:
        """Record what came of a look; of what cannot be recorded, that."""
        try:
            return looked, record(self._database, leased, looked, self._here())
        except Exception as error:  # noqa: BLE001 - one register's content stops no other look
            failed = Looked(UNUSABLE, f"a fault of this program: {printable(repr(error))}")
        # Where this fails, too, it is the database.
        return failed, record(self._database, leased, failed, self._here())

    def _tell(self, leased: Lease, looked: Looked, news: list[News]) -> None:
        if news or looked.outcome not in {FRESH, NO_REGISTER}:
            said = f": {looked.message}" if looked.message else ""
            kinds = ", ".join(sorted({piece.kind for piece in news}))
            self._around.tell(f"{leased.vendor.id}: {looked.outcome}{said}{f' (news: {kinds})' * bool(news)}")

    def _here(self) -> Here:
        return Here(self._around.now(), self._settings)
