"""The watcher in tests: vendors in a database of either kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from publishers import NOW
from register_api.watch.vendors import Vendor, save

if TYPE_CHECKING:
    from register_api.sending.database import Database

AT = int(NOW.timestamp())


def add_vendor(database: Database, id_: str = "acme", **said: object) -> Vendor:
    """Add a vendor, or change what is said of one."""
    given = {"id": id_, "name": id_.title(), "owner": f"{id_}@customer.example", "added_at": AT, **said}
    vendor = Vendor(**given)  # type: ignore[arg-type]
    with database.transaction() as run:
        save(run, vendor)
    return vendor


def add_news(database: Database, id_: str, vendor: str = "acme", **said: object) -> None:
    """Add a piece of news."""
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
