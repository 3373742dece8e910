"""Vendors are kept: each as it is known now, with the uses that follow; a whole table of them, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from register_api.core.printable import quoted
from register_api.files.csv_file import RowFault
from register_api.sending.database import Database, Run
from register_api.watch.edges import refresh_uses
from register_api.watch.vendors import LISTS, Vendor, vendor_of
from register_api.watch.vendors_file import proposed_id

Done = Literal["added", "changed", "unchanged"]

_COLUMNS = Vendor.__struct_fields__


class ImportedVendors(NamedTuple):
    """What an import did, or would do, the vendors by line as they are now, and how many it does not name."""

    done: dict[Done, int]
    vendors: dict[int, Vendor]
    absent: int
    faults: list[RowFault]


def save(run: Run, vendor: Vendor) -> None:
    """Add a vendor, or write what is known of it now; within a transaction of the caller's.

    A register at another address, or with another root, is looked at as soon as can be.
    """
    before = run("SELECT register, root_sha256 FROM vendors WHERE id = ?", vendor.id)
    texts = {name: " ".join(getattr(vendor, name)) for name in LISTS}
    row = {**msgspec.structs.asdict(vendor), **texts, "critical": int(vendor.critical)}
    changed = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in {"id", "added_at"})
    run(
        f"INSERT INTO vendors ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
        f" ON CONFLICT (id) DO UPDATE SET {changed}",
        *(row[name] for name in _COLUMNS),
    )
    run(
        "INSERT INTO polls (vendor, next_at) VALUES (?, ?) ON CONFLICT (vendor) DO NOTHING",
        *(vendor.id, vendor.added_at),
    )
    refresh_uses(run, vendor)
    if before != [{"register": vendor.register, "root_sha256": vendor.root_sha256}]:
        run("UPDATE polls SET next_at = 0, seen_sha256 = '', etag = '' WHERE vendor = ?", vendor.id)


def import_vendors(
    database: Database, rows: Mapping[int, Mapping[str, Any]], now: int, *, dry_run: bool = False
) -> ImportedVendors:
    """Take over vendors: all of them, or none where one has a fault.

    One that is there already is found by its id, else by its website, else by the id that its name makes.
    What a row, by line of the file, does not say stays as it is; nobody is removed because a table does not
    name them any more.
    """
    found = ImportedVendors({"added": 0, "changed": 0, "unchanged": 0}, {}, 0, [])
    first: dict[str, int] = {}
    with database.transaction() as run:
        there = {row["id"]: vendor_of(row) for row in run("SELECT * FROM vendors")}
        for line, row in rows.items():
            id_ = _id_of(row, there)
            if not id_ or first.setdefault(id_, line) != line:
                same = f"the same vendor as in line {first[id_]}" if id_ else "a column id is needed"
                found.faults.append(RowFault(line, f"{quoted(row['name'])}: {same}"))
            else:
                found.vendors[line] = _merged(there.get(id_), row, id_, now)
        for vendor in found.vendors.values():
            old = there.get(vendor.id)
            found.done["added" if old is None else "unchanged" if vendor == old else "changed"] += 1
            if vendor != old and not (dry_run or found.faults):
                save(run, vendor)
    open_ids = {vendor.id for vendor in there.values() if vendor.closed_at is None}
    return found._replace(absent=len(open_ids - first.keys()))


def _id_of(row: Mapping[str, Any], there: Mapping[str, Vendor]) -> str:
    if row.get("id"):
        return str(row["id"])
    site = row.get("website")
    of_site = [vendor.id for vendor in there.values() if site and vendor.website == site]
    return of_site[0] if len(of_site) == 1 else proposed_id(row)


def _merged(old: Vendor | None, row: Mapping[str, Any], id_: str, now: int) -> Vendor:
    if old is None:
        return Vendor(**{**row, "id": id_, "added_at": now})
    said = {"root_by": "", **row} if "root_sha256" in row else row
    return msgspec.structs.replace(old, **{**said, "id": id_, "closed_at": None})
