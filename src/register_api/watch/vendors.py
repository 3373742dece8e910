"""Vendors: whose registers are watched, and what the contract with each says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

from register_api.core.forms import Slug
from register_api.core.printable import quoted
from register_api.errors import WatchError
from register_api.sending.database import Database, Row
from register_api.watch.edges import refresh_uses

Counting = Literal["calendar", "business"]
CountsFrom = Literal["announced", "seen"]

_Days = Annotated[int, msgspec.Meta(ge=0, le=3650)]


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor; the fields are the columns.

    Attributes:
        website: Its address, or an empty text.
        register: Address of its register's tree with a slash at the end; empty: none is known.
        page: Where it lists sub-processors for people, which is all there is without a register.
        root_sha256: Digest of the register's first root from the contract, or an empty text.
        root_by: Thumbprint of the key that signed the list of registers which the digest is from instead.
        owner: Mail address of who is responsible for it here, or an empty text.
        objection_days: Days to object that the contract gives, if it says so.
        notice_days: Days of notice that the contract asks for, if it says so.
        counting: How the contract counts days.
        counts_from: From when: the announcement, or when it was first seen here.
        products: Ids of the products that are used here; none: all of them.
        regions: Where it is used, as conditions in its register name regions, such as ``eu``; none: all.
        settings: How it is set up here, each the key or type of a condition and its value: ``plan=team``.
        data: Kinds of data that it gets, such as ``customer_content``; none: all of them.
        added_at: Unix time.
        closed_at: When it was removed, Unix time; what is known of it stays.
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
    counting: Counting = "calendar"
    counts_from: CountsFrom = "announced"
    products: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    critical: bool = False
    added_at: int = 0
    closed_at: int | None = None


LISTS = ("products", "regions", "settings", "data")
_COLUMNS = Vendor.__struct_fields__


def load(database: Database, vendor: str) -> Vendor:
    """Return a vendor, also one that was removed.

    Raises:
        WatchError: There is none of that id.
    """
    rows = database.query("SELECT * FROM vendors WHERE id = ?", vendor)
    if not rows:
        raise WatchError(f"there is no vendor {quoted(vendor)}", hint="register-api watch vendors list")
    return vendor_of(rows[0])


def all_vendors(database: Database) -> list[Vendor]:
    """Return every vendor that is watched, by name."""
    rows = database.query("SELECT * FROM vendors WHERE closed_at IS NULL ORDER BY name, id")
    return [vendor_of(row) for row in rows]


def vendor_of(row: Row) -> Vendor:
    """Return the vendor of a row."""
    lists = {name: tuple(row[name].split()) for name in LISTS}
    return msgspec.convert({**row, **lists, "critical": bool(row["critical"])}, Vendor)


def save(run: Callable[..., list[Row]], vendor: Vendor) -> None:
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
        run("UPDATE polls SET next_at = ?, seen_sha256 = '', etag = '' WHERE vendor = ?", 0, vendor.id)


def remove(database: Database, vendor: str, now: int) -> None:
    """Watch a vendor no longer; what is known of it, and what was decided, stays.

    Raises:
        WatchError: There is none of that id.
    """
    load(database, vendor)
    with database.transaction() as run:
        run("UPDATE vendors SET closed_at = ? WHERE id = ? AND closed_at IS NULL", now, vendor)
