"""Vendors in the database: what is saved is what is loaded, and nothing of a removed one is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from register_api.errors import SendingError, WatchError
from register_api.watch.vendors import all_vendors, load, remove
from watching import AT, add_vendor

if TYPE_CHECKING:
    from register_api.sending.database import Database


def test_a_vendor_is_kept_as_it_was_saved(database: Database) -> None:
    saved = add_vendor(
        database,
        register="https://trust.acme.example/",
        root_sha256="0" * 64,
        objection_days=14,
        counting="business",
        counts_from="seen",
        products=("crm", "mail"),
        regions=("eu", "us"),
        settings=("plan=team",),
        data=("customer_content",),
        critical=True,
    )
    assert load(database, "acme") == saved


def test_a_vendor_that_is_saved_again_keeps_the_day_it_came(database: Database) -> None:
    add_vendor(database)
    later = add_vendor(database, name="Acme Oy", added_at=AT + 1)
    assert all_vendors(database) == [msgspec.structs.replace(later, added_at=AT)]


def test_a_removed_vendor_is_not_watched_and_stays_known(database: Database) -> None:
    add_vendor(database)
    add_vendor(database, "beta")
    remove(database, "acme", AT + 5)
    assert [vendor.id for vendor in all_vendors(database)] == ["beta"]
    assert load(database, "acme").closed_at == AT + 5


def test_who_is_not_there_cannot_be_removed(database: Database) -> None:
    with pytest.raises(WatchError, match="unknown vendor"):
        remove(database, "nobody\x1b", AT)


def test_the_database_refuses_what_is_no_decision(database: Database) -> None:
    with pytest.raises(SendingError), database.transaction() as run:
        run("INSERT INTO decisions VALUES ('n', 1, 'maybe', '', '', 1)")
