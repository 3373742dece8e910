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
