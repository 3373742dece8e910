"""The watcher in tests, with vendors in a database of either kind."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from publishers import NOW
from register_api.bounded_http.limits import reach_with
from register_api.sending.sender import Runtime
from register_api.watch.check_vendor import PollFetcher, Polling
from register_api.watch.poller import Poller
from register_api.watch.settings import WatchSettings
from register_api.watch.vendors import Vendor, save

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.bounded_http.limits import HttpLimits
    from register_api.sending.database import Database

AT = int(NOW.timestamp())


def add_vendor(database: Database, id_: str = "acme", **said: object) -> Vendor:
    """Add or change a vendor."""
    given = {"id": id_, "name": id_.title(), "owner": f"{id_}@customer.example", "added_at": AT, **said}
    vendor = Vendor(**given)  # type: ignore[arg-type]
    with database.transaction() as run:
        save(run, vendor)
    return vendor


def add_news(database: Database, id_: str, vendor: str = "acme", **said: object) -> None:
    """Add a news item."""
    row = {
        "id": id_, "vendor": vendor, "key": id_, "class": "added", "version": 2, "change_id": "2-1",
        "title": f"News {id_}", "detail": "{}", "seen_at": AT, "concerns": 1, "deadline": None,
        "deadline_of": None, "owner": f"{vendor}@customer.example", **said,
    }  # fmt: skip
    with database.transaction() as run:
        run(
            f"INSERT INTO news ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
            *row.values(),
        )


def settings_for(folder: Path, **more: object) -> WatchSettings:
    """Return settings of a watcher in a folder, which may send requests to this machine."""
    return msgspec.convert(
        {
            "database": str(folder / "watch.sqlite3"),
            "state": str(folder / "registers"),
            "allow": ["127.0.0.1/32"],
            **more,
        },
        WatchSettings,
    )


class Watcher:
    """A watcher whose clock the test moves.

    Attributes:
        now: The time of its clock.
        told: Lines of its log.
    """

    def __init__(self, database: Database, settings: WatchSettings, limits: HttpLimits | None = None) -> None:
        self.database, self.settings = database, settings
        self.now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        self.told: list[str] = []
        polling = Polling.of(settings)
        if limits is not None:
            reach = reach_with(settings.allow)
            polling = Polling(
                polling.state, lambda base: PollFetcher(base, limits, reach, command="watch"), 0.1
            )
        runtime = Runtime(lambda: self.now, threading.Event(), self.told.append)
        self.poller = Poller(database, settings, polling, runtime)

    def round(self, seconds: int = 1) -> list[dict[str, Any]]:
        """Let time pass, poll every vendor, and return the new news items."""
        self.now += dt.timedelta(seconds=seconds)
        before = {row["id"] for row in self.news()}
        with self.database.transaction() as run:
            run("UPDATE polls SET next_at = 0")
        self.poller.round()
        return [row for row in self.news() if row["id"] not in before]

    def news(self) -> list[dict[str, Any]]:
        """Return all news items."""
        return self.database.query("SELECT * FROM news ORDER BY seen_at, vendor, key")
