"""Vendors taken over: whole or not at all, brought up to date, and never taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from register_api.watch.vendors import all_vendors, import_vendors, load, remove
from watching import AT, add_vendor

if TYPE_CHECKING:
    from register_api.sending.database import Database

ACME = {"name": "Acme", "website": "https://acme.example/", "owner": "a@c.example"}


def done(database: Database, *rows: dict[str, Any], **more: Any) -> dict[str, int]:
    found = import_vendors(database, dict(enumerate(rows, 2)), AT, **more)
    assert found.faults == []
    return {what: number for what, number in found.done.items() if number}  # type: ignore[misc]


def test_a_table_that_is_read_again_changes_nothing(database: Database) -> None:
    assert done(database, ACME, {"name": "Beta"}) == {"added": 2}
    assert done(database, ACME, {"name": "Beta"}) == {"unchanged": 2}
    assert [vendor.id for vendor in all_vendors(database)] == ["acme", "beta"]


def test_what_a_table_does_not_say_stays(database: Database) -> None:
    add_vendor(database, root_sha256="0" * 64, website="https://acme.example/", objection_days=14)
    assert done(database, {"name": "Acme Oy", "website": "https://acme.example/"}) == {"changed": 1}
    found = load(database, "acme")
    assert (found.name, found.root_sha256, found.objection_days) == ("Acme Oy", "0" * 64, 14)


def test_a_vendor_that_is_absent_is_still_watched_and_one_that_was_removed_comes_back(
    database: Database,
) -> None:
    add_vendor(database)
    add_vendor(database, "beta")
    assert import_vendors(database, {2: {"name": "Gamma"}}, AT).absent == 2
    remove(database, "acme", AT)
    assert done(database, {"name": "Acme"}) == {"changed": 1}
    assert len(all_vendors(database)) == 3


def test_one_fault_and_nothing_is_imported(database: Database) -> None:
    found = import_vendors(
        database, {2: ACME, 3: {"name": "Beta"}, 5: {"name": "beta"}, 6: {"name": "日"}}, AT
    )
    assert [(fault.line, fault.message.rpartition(": ")[2]) for fault in found.faults] == [
        (5, "the same vendor as in line 3"),
        (6, "a column id is needed"),
    ]
    assert all_vendors(database) == []


def test_a_dry_run_says_what_would_be_done(database: Database) -> None:
    assert done(database, ACME, dry_run=True) == {"added": 1}
    assert all_vendors(database) == []
