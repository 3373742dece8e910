"""Vendors: whose registers are watched, what the contract with each says, and what of a register is used."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from register_api.core.diff.concern import Interests
from register_api.core.forms import Slug
from register_api.core.printable import quoted
from register_api.errors import WatchError
from register_api.sending.database import Database, Row

Counting = Literal["calendar", "business"]
CountsFrom = Literal["announced", "seen"]

_Days = Annotated[int, msgspec.Meta(ge=0, le=3650)]


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor; the fields are the columns.

    Attributes:
        register: Address of its register's tree with a slash at the end; empty: none is known.
        page: Where it lists sub-processors for people, which is all there is without a register.
        root_sha256: Digest of the register's first root from the contract, or an empty text.
        root_by: Thumbprint of the key that signed the list of registers which the digest is from instead.
        owner: Mail address of who is responsible for it here, or an empty text.
        objection_days: Days to object that the contract gives, if it says so, counted from ``counts_from``.
        notice_days: Days of notice that the contract asks for, if it says so.
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

_REGION = "region"
"""Type of the conditions that the regions of a vendor are compared with."""


def interests_of(vendor: Vendor) -> Interests:
    """Return what we use of a vendor."""
    settings: dict[str, set[str]] = {}
    for item in (*(f"{_REGION}={region}" for region in vendor.regions), *vendor.settings):
        name, _, value = item.casefold().partition("=")
        settings.setdefault(name, set()).add(value)
    return Interests(
        products=frozenset(vendor.products),
        data=frozenset(vendor.data),
        settings={name: frozenset(values) for name, values in settings.items()},
    )


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


def remove(database: Database, vendor: str, now: int) -> None:
    """Watch a vendor no longer; what is known of it, and what was decided, stays.

    Raises:
        WatchError: There is none of that id.
    """
    load(database, vendor)
    with database.transaction() as run:
        run("UPDATE vendors SET closed_at = ? WHERE id = ? AND closed_at IS NULL", now, vendor)
