"""What is taken of a signed list of registers: it may add vendors, and changes none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from register_api.core.canonical import digest
from register_api.core.signature import thumbprint
from register_api.core.text import MAX_SLUG
from register_api.errors import WatchError
from register_api.sending.database import Database, Row
from register_api.watch.register_list import KnownRegister, RegisterList
from register_api.watch.vendors_file import proposed_id, vendor_row

_DIGITS = 8


class Offered(NamedTuple):
    """What a list would add.

    Attributes:
        rows: What is said of each new vendor, by its place in the list.
        known: Ids of those that are here already as the list has them.
        notes: Why nothing is done about each of the others.
    """

    rows: dict[int, dict[str, Any]]
    known: list[str]
    notes: list[str]


class _Here(NamedTuple):
    """The vendors that are here, also those that were removed, by what a list may name them."""

    register: Mapping[str, Row]
    website: Mapping[str, Row]
    id: Mapping[str, Row]


def offered(database: Database, listed: RegisterList) -> Offered:
    """Compare a list with the vendors that are here: it may add some, and changes none.

    Args:
        database: Where vendors are kept.
        listed: The list, whose signature is good.

    Raises:
        WatchError: An entry is one that no vendor can have.
    """
    rows = database.query(
        "SELECT v.*, p.root_sha256 AS began FROM vendors v JOIN polls p ON p.vendor = v.id ORDER BY v.id"
    )
    here = _Here(*({row[name]: row for row in rows if row[name]} for name in _Here._fields))
    ids = set(here.id)
    found, first, root_by = Offered({}, [], []), dict[str, int](), thumbprint(listed.key)
    for place, each in enumerate(listed.registers, 1):
        row = {**_row(each, place), "root_by": root_by}
        if first.setdefault(row["register"], place) != place:
            same = f"the same register as entry {first[row['register']]}"
            raise WatchError(f"entry {place} of the list: {same}")
        _offer(found, place, row, here, ids)
    return found


def _row(each: KnownRegister, place: int) -> dict[str, Any]:
    said = {"name": each.name, "register": each.address, "root_sha256": each.root_sha256}
    row, faults = vendor_row({**said, **({"website": each.website} if each.website else {})})
    if faults or not each.name:
        raise WatchError(f"entry {place} of the list: {faults[0] if faults else 'there is no name'}")
    return row


def _offer(found: Offered, place: int, row: dict[str, Any], here: _Here, ids: set[str]) -> None:
    """Sort one register of a list to what is new, known or not taken."""
    known, plain = here.register.get(row["register"]), proposed_id(row)
    if known is not None:
        note = _difference(known, row["root_sha256"])
        (found.notes if note else found.known).append(note or known["id"])
        return
    named = here.website.get(row.get("website", "")) or here.id.get(plain)
    if named is not None:
        has = f"the register {named['register']}" if named["register"] else "no register"
        found.notes.append(f"{named['id']} has {has} here, and {row['register']} by the list")
        return
    id_ = next((each for each in (plain, _longer(plain, row["register"])) if each not in ids), None)
    if id_ is None:
        found.notes.append(f"{row['register']}: the id {plain} is another vendor's")
        return
    ids.add(id_)
    found.rows[place] = {**row, "id": id_}


def _difference(known: Row, root_sha256: str) -> str:
    """Say why a vendor that is here is not as the list has it, if it is not."""
    if known["closed_at"] is not None:
        return f"{known['id']} was removed here"
    root = known["root_sha256"] or known["began"]
    if root in {"", root_sha256}:
        return ""
    return f"{known['id']}: trust begins at the root {root} here, and at {root_sha256} by the list"


def _longer(id_: str, address: str) -> str:
    """Return an id for a vendor whose name another one has, too."""
    return f"{id_[: MAX_SLUG - _DIGITS - 1].strip('-')}-{digest(address.encode())[:_DIGITS]}"
