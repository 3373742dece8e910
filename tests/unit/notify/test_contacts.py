"""Contract contacts: imported whole or not at all, replaced, exported, erased."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notices import AT, add_contacts
from register_api.errors import NotifyError
from register_api.notify.contacts import ContactRow, import_contacts, list_recipients, read_contacts
from register_api.notify.deliveries import queue_delivery
from register_api.notify.persons import erase, export_person, pseudonym_of, recipients_at, retain

if TYPE_CHECKING:
    from register_api.sending.database import Database

HEAD = b"customer,email\n"

FAULTS = {
    "no column": (b"customer\nC1\n", 1, "missing column email"),
    "unknown column": (b"customer,email,produkt\nC1,a@b.example,x\n", 1, 'column "produkt"'),
    "column twice": (b"customer,email,email\nC1,a@b.example,x\n", 1, "appears twice"),
    "bad address": (HEAD + b"C1,ann at b.example\n", 2, "email"),
    "no address": (HEAD + b"C1,a@b.example\nC2,\n", 3, "email"),
    "no customer": (HEAD + b",a@b.example\n", 2, "the customer is missing"),
    "long name": (b"customer,email,name\nC1,a@b.example," + b"x" * 201 + b"\n", 2, "name: expected"),
    "too few cells": (HEAD + b"C1\n", 2, "1 cell in a table of 2 columns"),
    "twice": (HEAD + b"C1,a@b.example\nC1,a@B.EXAMPLE\n", 3, "as in line 2"),
    "line break in a name": (
        b'customer,email,name\nC1,a@b.example,"Ann\nBcc: all@b.example"\n',
        2,
        "cannot be printed",
    ),
    "after a cell of two lines": (
        b'customer,email,name\nC1,a@b.example,"Ann"\n"C\n2",b@b.example,B\nC3,x,X\n',
        5,
        "email",
    ),
    "language": (b"customer,email,language\nC1,a@b.example,xx\n", 2, "language"),
    "hears": (b"customer,email,hears\nC1,a@b.example,some\n", 2, "some"),
    "products": (b"customer,email,products\nC1,a@b.example,Not_An_Id\n", 2, "products"),
    "latin-1": (b"customer,email,name\nC1,a@b.example,J\xfcrgen\n", 2, "not UTF-8"),
    "quotes": (HEAD + b'C1,"a@b.example\n', 2, "not CSV"),
    "replaces nobody": (b"customer,email,replaces\nC1,a@b.example,old@b.example\n", 2, "not a contact"),
}


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case)
def test_each_fault_is_told_with_its_line_and_nothing_is_imported(database: Database, case: str) -> None:
    data, line, words = FAULTS[case]
    found = read_contacts(data)
    faults = found.faults or import_contacts(database, found.contacts, AT).faults
    assert [(fault.line, words in fault.message) for fault in faults if fault.line == line][-1:] == [
        (line, True)
    ]
    assert all(fault.message.isprintable() for fault in faults)
    assert list_recipients(database) == []


def test_all_faults_of_a_file_are_told_at_once() -> None:
    faults = read_contacts(HEAD + b"C1,x\n,a@b.example\nC3,c@b.example\n").faults
    assert [fault.line for fault in faults] == [2, 3]


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: HEAD + text.encode()))
def test_any_bytes_are_contacts_or_faults(data: bytes) -> None:
    found = read_contacts(data)
    assert all(contact.email and contact.customer for contact in found.contacts.values())
    assert all(fault.line >= 1 for fault in found.faults)


def test_a_table_of_a_german_office_is_read() -> None:
    data = "\ufeffCustomer;Email;Name\r\nC1;a@b.example;Jürgen; \r\n".replace("; \r\n", "\r\n")
    (contact,) = read_contacts(data.encode()).contacts.values()
    assert (contact.customer, contact.name) == ("C1", "Jürgen")


def test_the_same_file_twice_changes_nothing_and_a_shorter_one_removes_nobody(database: Database) -> None:
    both = read_contacts(HEAD + b"C1,a@b.example\nC2,b@b.example\n").contacts
    assert import_contacts(database, both, AT).done["added"] == 2
    again = import_contacts(database, both, AT)
    assert (again.done["unchanged"], again.absent) == (2, 0)
    fewer = import_contacts(database, dict([*both.items()][:1]), AT)
    assert fewer.absent == 1
    assert len(list_recipients(database)) == 2


def test_a_successor_is_told_what_the_one_before_was_not(database: Database) -> None:
    """What was due or had bounced goes to the successor; what was sent stays told."""
    add_contacts(database, ["old@c.example"])
    (old,) = list_recipients(database)
    with database.transaction() as run:
        for version, state in enumerate(("sent", "bounced", "due"), 1):
            run("INSERT INTO publications VALUES (?, 'r', '', 1, '', 1, 1, 1, ?, ?)", version, b"", b"")
            queue_delivery(run, version, old.id, AT)
            run("UPDATE deliveries SET state = ? WHERE version = ?", state, version)
    new = ContactRow(customer=old.customer, email="new@c.example", replaces="old@c.example")
    for _ in range(2):  # the same file once more is no fault
        assert not import_contacts(database, {1: new}, AT).faults
    rows = database.query(
        "SELECT version, state FROM deliveries WHERE recipient <> ? ORDER BY version", old.id
    )
    assert rows == [{"version": 2, "state": "due"}, {"version": 3, "state": "due"}]
    assert database.query("SELECT state FROM deliveries WHERE recipient = ? ORDER BY version", old.id) == [
        {"state": state} for state in ("sent", "bounced", "opted_out")
    ]
    assert (
        recipients_at(database, "old@c.example")[0].successor
        == recipients_at(database, "new@c.example")[0].id
    )


def test_nobody_is_replaced_who_stands_in_the_same_file(database: Database) -> None:
    data = b"customer,email,replaces\nC1,a@b.example,\nC1,b@b.example,a@b.example\n"
    result = import_contacts(database, read_contacts(data).contacts, AT)
    assert [fault.line for fault in result.faults] == [3]
    assert list_recipients(database) == []


def test_a_contact_is_erased_only_where_another_is_told(database: Database) -> None:
    add_contacts(database, ["ann@c.example"], name="Ann")
    with pytest.raises(NotifyError, match="to whom notice is owed"):
        erase(database, "ann@c.example", AT)
    with pytest.raises(NotifyError, match="to whom notice is owed"):
        erase(database, "ann@c.example", AT, successor="ann@c.example")
    assert list_recipients(database)
    heir = ContactRow(customer="C-ann@c.example", email="bob@c.example")
    import_contacts(database, {1: heir}, AT)
    assert erase(database, "ann@C.example", AT, successor="bob@c.example") == 1
    assert [each.address for each in list_recipients(database)] == ["bob@c.example"]
    with pytest.raises(NotifyError, match="no recipient has"):
        erase(database, "ann@c.example", AT)


def test_what_is_erased_is_in_no_file_of_the_database(database: Database, folder) -> None:
    """Nor in the pages that SQLite has freed, nor in its log of writes."""
    address = "unmistakable-person@c.example"
    person = ContactRow(customer="C1", email=address, name="Unmistakable Person")
    import_contacts(database, {1: person}, AT)
    (found,) = list_recipients(database)
    with database.transaction() as run:
        run("INSERT INTO publications VALUES (1, 'r', '', 1, '', 1, 1, 1, ?, ?)", b"", b"")
        queue_delivery(run, 1, found.id, AT)
        run("INSERT INTO bodies SELECT id, ? FROM deliveries", b"To: " + address.encode())
        run("UPDATE deliveries SET reply = ?", f"550 {address}")
    exported = json.dumps(msgspec.to_builtins(export_person(database, address)))
    assert address in exported
    assert "pseudonym_key" not in exported
    assert erase(database, address, AT, ended=True) == 1
    rows = str(database.query("SELECT * FROM recipients")) + str(database.query("SELECT * FROM deliveries"))
    assert "nmistakable" not in rows
    assert not any(b"nmistakable" in path.read_bytes() for path in folder.glob("notify.sqlite3*"))


def test_a_pseudonym_stands_for_an_address_until_its_key_is_gone() -> None:
    key = bytes(32)
    assert pseudonym_of(key, "a@b.example") != pseudonym_of(b"1" * 32, "a@b.example")
    assert pseudonym_of(None, "a@b.example") is None


def test_who_left_is_gone_after_the_retention_period(database: Database) -> None:
    add_contacts(database, ["old@c.example", "stays@c.example"])
    (old, _) = list_recipients(database)
    with database.transaction() as run:
        run("INSERT INTO publications VALUES (1, 'r', '', 1, '', 1, 1, 1, ?, ?)", b"", b"")
        for row in run("SELECT id FROM recipients"):
            queue_delivery(run, 1, row["id"], AT)
        run("INSERT INTO bodies SELECT id, ? FROM deliveries", b"mail")
        run("UPDATE deliveries SET state = 'sent', due_at = NULL, state_at = ?", AT)
    new = ContactRow(customer=old.customer, email="new@c.example", replaces="old@c.example")
    import_contacts(database, {1: new}, AT)
    assert retain(database, AT, AT) == (0, 0)
    assert retain(database, AT + 1, AT) == (1, 1)
    assert [each.address for each in list_recipients(database)] == ["new@c.example", "stays@c.example"]
    assert database.query("SELECT count(*) AS n FROM deliveries") == [{"n": 1}]
