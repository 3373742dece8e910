"""Vendors whose registers are watched, with the terms of their contracts; single or imported in bulk."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

from register_api.core.diff.affected import Interests
from register_api.core.field_forms import Slug
from register_api.core.text import MAX_SLUG, quoted
from register_api.errors import WatchError
from register_api.files.hand_written import RowFault
from register_api.sending.database import Database, Row, Run, insert
from register_api.watch.vendor_uses import refresh_uses

Done = Literal["added", "changed", "unchanged"]

_Days = Annotated[int, msgspec.Meta(ge=0, le=3650)]


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor; the fields are the columns, empty if unknown.

    Attributes:
        register: Address of its register's tree, with a trailing slash.
        page: Its web page listing sub-processors, for vendors without a register.
        root_sha256: Digest of the register's first root, from the contract.
        root_by: Thumbprint of the key that signed the list of registers, if the digest is from one.
        owner: Email address of the person responsible for it on our side.
        objection_days: Objection period in the contract, counted from ``counts_from``.
        notice_days: Notice period in the contract.
        products: Ids of the products we use; empty for all.
        regions: Regions of use, named as in its register's conditions, such as ``eu``; empty for all.
        settings: How we have set it up, as key or type of a condition and value: ``plan=team``.
        data: Kinds of data it receives, such as ``customer_content``; empty for all.
        closed_at: When it was removed; its data is kept.
    """

    id: Slug
    name: str
    website: str = ""
    register: str = ""
    page: str = ""
    root_sha256: str = ""
    root_by: str = ""
    owner: str = ""
    objection_days: _Days | None = None
    notice_days: _Days | None = None
    counting: Literal["calendar", "business"] = "calendar"
    counts_from: Literal["announced", "seen"] = "announced"
    products: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    critical: bool = False
    added_at: int = 0
    closed_at: int | None = None


NOT_OF_IDS = re.compile("[^a-z0-9]+")
LISTS = ("products", "regions", "settings", "data")


def interests_of(vendor: Vendor) -> Interests:
    """Return our interests in a vendor: products, data and settings in use."""
    settings: dict[str, set[str]] = {}
    for item in (*(f"region={region}" for region in vendor.regions), *vendor.settings):
        name, _, value = item.casefold().partition("=")
        settings.setdefault(name, set()).add(value)
    ours = {name: frozenset(values) for name, values in settings.items()}
    return Interests(products=frozenset(vendor.products), data=frozenset(vendor.data), settings=ours)


def load(database: Database, vendor: str) -> Vendor:
    """Return a vendor, even a removed one; an unknown id is a ``WatchError``."""
    rows = database.query("SELECT * FROM vendors WHERE id = ?", vendor)
    if not rows:
        raise WatchError(f"unknown vendor {quoted(vendor)}", hint="register-api watch vendors list")
    return vendor_of(rows[0])


def all_vendors(database: Database) -> list[Vendor]:
    """Return every watched vendor by name."""
    rows = database.query("SELECT * FROM vendors WHERE closed_at IS NULL ORDER BY name, id")
    return [vendor_of(row) for row in rows]


def vendor_of(row: Row) -> Vendor:
    """Convert a row to a vendor."""
    lists = {name: tuple(row[name].split()) for name in LISTS}
    return msgspec.convert({**row, **lists, "critical": bool(row["critical"])}, Vendor)


def remove(database: Database, vendor: str, now: int) -> None:
    """Stop watching a vendor; its data and the decisions are kept."""
    load(database, vendor)
    with database.transaction() as run:
        run("UPDATE vendors SET closed_at = ? WHERE id = ? AND closed_at IS NULL", now, vendor)


class ImportedVendors(NamedTuple):
    """Result of an import or dry run: counts, resulting vendors by line, and number of vendors not listed."""

    done: dict[Done, int]
    vendors: dict[int, Vendor]
    absent: int
    faults: list[RowFault]


def save(run: Run, vendor: Vendor) -> None:
    """Add or update a vendor within the caller's transaction.

    If the register's address or root has changed, it is polled as soon as possible.
    """
    before = run("SELECT register, root_sha256 FROM vendors WHERE id = ?", vendor.id)
    texts = {name: " ".join(getattr(vendor, name)) for name in LISTS}
    row = {**msgspec.structs.asdict(vendor), **texts, "critical": int(vendor.critical)}
    changed = ", ".join(f"{name} = excluded.{name}" for name in row if name not in {"id", "added_at"})
    insert(run, "vendors", row, f"ON CONFLICT (id) DO UPDATE SET {changed}")
    poll = {"vendor": vendor.id, "next_at": vendor.added_at}
    insert(run, "polls", poll, "ON CONFLICT (vendor) DO NOTHING")
    refresh_uses(run, vendor.id, interests_of(vendor))
    if before != [{"register": vendor.register, "root_sha256": vendor.root_sha256}]:
        run("UPDATE polls SET next_at = 0, seen_sha256 = '', etag = '' WHERE vendor = ?", vendor.id)


def import_vendors(
    database: Database, rows: Mapping[int, Mapping[str, Any]], now: int, *, dry_run: bool = False
) -> ImportedVendors:
    """Import vendors, all of them or, if any has an error, none.

    ``rows`` are by line of the file. Existing vendors are matched by id, else by website, else by the id
    derived from the name. Missing fields are left unchanged; vendors missing from the table are kept.
    """
    found = ImportedVendors({"added": 0, "changed": 0, "unchanged": 0}, {}, 0, [])
    first: dict[str, int] = {}
    with database.transaction() as run:
        existing = {row["id"]: vendor_of(row) for row in run("SELECT * FROM vendors")}
        for line, row in rows.items():
            site = row.get("website")
            of_site = [vendor.id for vendor in existing.values() if site and vendor.website == site]
            id_ = row.get("id") or (of_site[0] if len(of_site) == 1 else proposed_id(row))
            if not id_ or first.setdefault(id_, line) != line:
                same = f"the same vendor as in line {first[id_]}" if id_ else "a column id is needed"
                found.faults.append(RowFault(line, f"{quoted(row['name'])}: {same}"))
            elif (old := existing.get(id_)) is None:
                found.vendors[line] = Vendor(**{**row, "id": id_, "added_at": now})
            else:
                stated = {"root_by": "", **row} if "root_sha256" in row else row
                found.vendors[line] = msgspec.structs.replace(old, **{**stated, "id": id_, "closed_at": None})
        for vendor in found.vendors.values():
            old = existing.get(vendor.id)
            found.done["added" if old is None else "unchanged" if vendor == old else "changed"] += 1
            if vendor != old and not (dry_run or found.faults):
                save(run, vendor)
    open_ids = {vendor.id for vendor in existing.values() if vendor.closed_at is None}
    return found._replace(absent=len(open_ids - first.keys()))


def proposed_id(row: Mapping[str, Any]) -> str:
    """Return an id for a vendor without one: its name in lower-case ASCII, else its host."""
    host = urlsplit(row.get("website") or row.get("register") or "").netloc
    for text in (str(row["name"]), host):
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        made = NOT_OF_IDS.sub("-", plain)[:MAX_SLUG].strip("-")
        if made:
            return made
    return ""
