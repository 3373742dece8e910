"""What is taken of a list of registers: additions with the word of the list, and no change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from publishers import NOW
from register_api.core.signature import ed25519_jwk, thumbprint
from register_api.errors import WatchError
from register_api.watch.register_list import KnownRegister, Offered, RegisterList, offered
from register_api.watch.vendors import import_vendors, load, remove
from watching import AT, add_vendor

if TYPE_CHECKING:
    from register_api.sending.database import Database

KEY = ed25519_jwk(bytes(32))
KID = thumbprint(KEY)
ROOT, ELSE = "1" * 64, "2" * 64


def register(name: str, host: str = "", root: str = ROOT) -> KnownRegister:
    address = host if "://" in host else f"https://{host or name.lower()}.example/"
    return KnownRegister(name=name, website="", address=address, root_sha256=root, first_seen=NOW)


def offer(database: Database, *registers: KnownRegister) -> Offered:
    return offered(database, RegisterList(key=KEY, made_at=NOW, registers=registers))


def test_what_is_new_is_added_with_its_root_as_the_word_of_the_list(database: Database) -> None:
    found = offer(database, register("Acme"), register("Beta"))
    assert import_vendors(database, found.rows, AT).done["added"] == 2
    acme = load(database, "acme")
    assert (acme.register, acme.root_sha256, acme.root_by) == ("https://acme.example/", ROOT, KID)
    again = offer(database, register("Acme"), register("Beta"))
    assert (again.rows, again.known, again.notes) == ({}, ["acme", "beta"], [])


def test_a_root_from_the_contract_takes_the_place_of_the_word_of_the_list(database: Database) -> None:
    import_vendors(database, offer(database, register("Acme")).rows, AT)
    import_vendors(database, {1: {"id": "acme", "name": "Acme", "owner": "a@c.example"}}, AT)
    assert load(database, "acme").root_by == KID
    import_vendors(database, {1: {"id": "acme", "name": "Acme", "root_sha256": ROOT}}, AT)
    assert (load(database, "acme").root_sha256, load(database, "acme").root_by) == (ROOT, "")


def test_nothing_that_is_here_is_changed(database: Database) -> None:
    """Neither a root, nor what was removed, nor a vendor that only has the same name."""
    add_vendor(database, "pinned", register="https://pinned.example/", root_sha256=ROOT)
    add_vendor(database, "seen", register="https://seen.example/")
    with database.transaction() as run:
        run("UPDATE polls SET root_sha256 = ? WHERE vendor = ?", ROOT, "seen")
    add_vendor(database, "gone", register="https://gone.example/")
    remove(database, "gone", AT)
    add_vendor(database, "page")
    before = database.query("SELECT * FROM vendors ORDER BY id")
    found = offer(
        database,
        register("Pinned", root=ELSE),
        register("Seen", root=ELSE),
        register("Gone"),
        register("Page"),
    )
    assert (found.rows, found.known, len(found.notes)) == ({}, [], 4)
    assert f"pinned: trust begins at the root {ROOT} here, and at {ELSE} by the list" in found.notes
    assert "gone was removed here" in found.notes
    import_vendors(database, found.rows, AT)
    assert database.query("SELECT * FROM vendors ORDER BY id") == before


def test_two_companies_of_one_name_are_two_vendors(database: Database) -> None:
    found = offer(database, register("Acme", "one"), register("Acme", "two"), register("日", "three"))
    ids = [row["id"] for row in found.rows.values()]
    assert (ids[0], len(set(ids))) == ("acme", 3)
    assert import_vendors(database, found.rows, AT).done["added"] == 3


def test_a_name_or_website_of_a_vendor_that_is_here_is_told(database: Database) -> None:
    add_vendor(database, "acme", register="https://acme.example/")
    add_vendor(database, "one", website="https://beta.example/")
    beta = msgspec.structs.replace(register("Beta", "trust"), website="https://beta.example/")
    found = offer(database, register("Acme", "other"), beta)
    assert (found.rows, found.notes) == (
        {},
        [
            "acme has the register https://acme.example/ here, and https://other.example/ by the list",
            "one has no register here, and https://trust.example/ by the list",
        ],
    )


def test_an_id_that_is_another_vendors_is_not_taken(database: Database) -> None:
    """Whoever makes a list can choose addresses until an id is one that is here."""
    _, row = offer(database, register("Acme", "one"), register("Acme", "two")).rows.values()
    add_vendor(database, row["id"], register="https://mine.example/")
    found = offer(database, register("Acme", "one"), register("Acme", "two"))
    assert (len(found.rows), len(found.notes)) == (1, 1)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (register("Bad", "http://bad.example/"), "https"),
        (register("Bad", "https://user@bad.example/"), "contains a user name"),
        (register("Bad", "https://bad.example/?a/"), "query"),
        (register("Bad", "file:///etc/passwd/"), "https"),
        (register("Bad", root="12"), "64 hex digits"),
        (register("Bad", root=""), "64 hex digits"),
        (register("\x1b[2J", "bad"), "cannot be printed"),
        (register("x" * 301, "bad"), "too long"),
        (register("", "bad"), "the name is missing"),
        (register("Good"), "the same register as entry 1"),
    ],
)
def test_a_list_with_a_fault_is_not_taken(database: Database, bad: KnownRegister, words: str) -> None:
    with pytest.raises(WatchError, match=r"^entry 2 of the list: ") as caught:
        offer(database, register("Good"), bad)
    assert words in caught.value.message
    assert caught.value.message.isprintable()
