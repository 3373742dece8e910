"""Vendors taken over from a table: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from register_api.core.printable import quoted
from register_api.files.csv_file import RowFault
from register_api.sending.database import Database
from register_api.watch.vendors import Vendor, save, vendor_of
from register_api.watch.vendors_file import proposed_id

Done = Literal["added", "changed", "unchanged"]


class ImportedVendors(NamedTuple):
    """What an import did, or would do; where there are faults, it does nothing.

    Attributes:
        vendors: The vendors as they are now, by line.
        absent: How many are watched that the table does not name.
    """

    done: dict[Done, int]
    vendors: dict[int, Vendor]
    absent: int
    faults: list[RowFault]


class _Undone(Exception):
    """Ends the transaction of an import that is not to be."""


def import_vendors(
    database: Database, rows: Mapping[int, Mapping[str, Any]], now: int, *, dry_run: bool = False
) -> ImportedVendors:
    """Take over vendors: all of them, or none where one has a fault.

    One that is there already is found by its id, else by its website, else by the id that its name makes.
    What a row does not say stays as it is; nobody is removed because a table does not name them any more.

    Args:
        database: Where they are kept.
        rows: What is said of each, by line of the file.
        now: The present instant, Unix time.
        dry_run: Whether to change nothing.
    """
    found = ImportedVendors({"added": 0, "changed": 0, "unchanged": 0}, {}, 0, [])
    first: dict[str, int] = {}
    try:
        with database.transaction() as run:
            there = {row["id"]: vendor_of(row) for row in run("SELECT * FROM vendors")}
            for line, row in rows.items():
                id_ = _id_of(row, there)
                if not id_ or first.setdefault(id_, line) != line:
                    same = f"the same vendor as in line {first[id_]}" if id_ else "a column id is needed"
                    found.faults.append(RowFault(line, f"{quoted(row['name'])}: {same}"))
                    continue
                vendor, done = _merged(there.get(id_), row, id_, now)
                found.done[done] += 1
                found.vendors[line] = vendor
                if done != "unchanged":
                    save(run, vendor)
            _end_if(dry_run or found.faults)
    except _Undone:
        pass
    open_ids = {vendor.id for vendor in there.values() if vendor.closed_at is None}
    return found._replace(absent=len(open_ids - first.keys()))


def _end_if(reason: object) -> None:
    if reason:
        raise _Undone


def _id_of(row: Mapping[str, Any], there: Mapping[str, Vendor]) -> str:
    if row.get("id"):
        return str(row["id"])
    site = row.get("website")
    of_site = [vendor.id for vendor in there.values() if site and vendor.website == site]
    return of_site[0] if len(of_site) == 1 else proposed_id(row)


def _merged(old: Vendor | None, row: Mapping[str, Any], id_: str, now: int) -> tuple[Vendor, Done]:
    if old is None:
        return Vendor(**{**row, "id": id_, "added_at": now}), "added"
    said = {"root_by": "", **row} if "root_sha256" in row else row
    new = msgspec.structs.replace(old, **{**said, "id": id_, "closed_at": None})
    return new, "unchanged" if new == old else "changed"
