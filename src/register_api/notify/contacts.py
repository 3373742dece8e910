"""Contract contacts: reading a CSV file (errors with line numbers), importing, replacing and listing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import msgspec

from register_api.core.text import email_problem, quoted
from register_api.files.hand_written import RowFault, read_csv, value_fault
from register_api.notify.persons import Recipient, add_recipient, address_of, contact_at, languages, leave
from register_api.sending.database import Database, Run, update

_LONGEST = 200
_PRODUCT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row: the contact for notices named in a customer's contract; the fields are the columns.

    ``customer`` is the publisher's reference, ``replaces`` the address of the contact that this one replaces,
    ``products`` are ids separated by spaces, empty for all.
    """

    customer: Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST)]
    email: str
    name: Annotated[str, msgspec.Meta(max_length=_LONGEST)] = ""
    products: str = ""
    language: str = "en"
    hears: Literal["all", "important"] = "all"
    replaces: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The identity of a contact."""
        return self.customer, self.email


class ContactsFile(NamedTuple):
    """The contacts in a file; not to be used if there are any faults."""

    contacts: dict[int, ContactRow]
    faults: list[RowFault]


_COLUMNS = ContactRow.__struct_fields__


def read_contacts(data: bytes) -> ContactsFile:
    """Read a file (UTF-8, header line, commas or semicolons); contacts by the line where each begins."""
    file = read_csv(data)
    names = [name.casefold() for name in file.headings]
    faults = [f"missing column {name}" for name in ("customer", "email") if name not in names]
    faults += [f"column {quoted(name)} is not known" for name in names if name not in _COLUMNS]
    faults += [f"column {name} appears twice" for name in _COLUMNS if names.count(name) > 1]
    head = [RowFault(1, f"{words}; the columns are {', '.join(_COLUMNS)}") for words in faults]
    if head := file.faults if file.faults and not names else head:
        return ContactsFile({}, head)
    found = ContactsFile({}, file.faults)
    lines: dict[tuple[str, str], int] = {}
    for line, cells in file.rows.items():
        stated = {names[place]: cell for place, cell in cells.items()}
        products = {*re.split(r"[\s,;]+", stated.get("products", ""))} - {"", "all"}
        row = {"customer": "", "email": "", **stated, "products": " ".join(sorted(products))}
        if faults := faults_of(row):
            found.faults.extend(RowFault(line, words) for words in faults)
            continue
        contact = found.contacts[line] = msgspec.convert(normal(row), ContactRow)
        first = lines.setdefault(contact.key, line)
        if first != line:
            found.faults.append(RowFault(line, f"the same customer and address as in line {first}"))
    return found


def normal(row: dict[str, str]) -> dict[str, str]:
    """Return a row with normalised addresses."""
    return row | {name: address_of(row[name]) for name in ("email", "replaces") if name in row}


def faults_of(row: dict[str, str]) -> list[str]:
    """Return the errors in a row, with values quoted safely for terminals."""
    faults = [
        f"{name} has a character that cannot be printed: {quoted(text)}"
        for name, text in row.items()
        if not text.isprintable()
    ]
    if not row.get("customer"):
        faults.append("the customer is missing")
    for name in ("email", "replaces"):
        problem = email_problem(row[name]) if row.get(name) or name == "email" else None
        faults += [f"{name}: {quoted(row.get(name, ''))} {problem}"] if problem else []
    unknown = [name for name in row.get("products", "").split() if not _PRODUCT.fullmatch(name)]
    faults += [f"products: {quoted(name)} is not a valid id of a product" for name in unknown]
    if row.get("language", "en") not in languages():
        faults.append(f"language: {quoted(row['language'])} is not one of {', '.join(languages())}")
    try:
        msgspec.convert(row, ContactRow)
    except msgspec.ValidationError as error:
        return faults or [value_fault(error)]
    return faults


_UPDATABLE = ("name", "products", "language", "hears")
"""Fields of an existing contact that an import may change."""

Done = Literal["added", "changed", "unchanged", "replaced"]


class Imported(NamedTuple):
    """The result of an import; if there are faults, nothing was imported."""

    done: dict[Done, int]
    absent: int
    faults: list[RowFault]


class _Faulty(Exception):
    """Rolls back the transaction of an import that has faults."""


def import_contacts(database: Database, contacts: Mapping[int, ContactRow], now: int) -> Imported:
    """Import contacts (by line of their file), all of them or, if any has an error, none.

    Contacts missing from the file stay: notice is owed to them until another contact replaces them.
    """
    done: dict[Done, int] = dict.fromkeys(("added", "changed", "unchanged", "replaced"), 0)
    faults: list[RowFault] = []
    named = {contact.key for contact in contacts.values()}
    try:
        with database.transaction() as run:
            for contact in contacts.values():
                done[_save(run, contact, now)] += 1
            for line, contact in contacts.items():
                if contact.replaces:
                    fault = _replace(run, contact, named, now)
                    faults += [RowFault(line, fault)] if fault else []
                    done["replaced"] += not fault
            if faults:
                raise _Faulty  # noqa: TRY301 - rolls back the transaction
            active = run(
                "SELECT count(*) AS n FROM recipients"
                " WHERE kind = 'contact' AND channel = 'mail' AND state = 'active'"
            )
    except _Faulty:
        return Imported(dict.fromkeys(done, 0), 0, faults)
    return Imported(done, active[0]["n"] - len(named), [])


def _save(run: Run, contact: ContactRow, now: int) -> Done:
    stated = {name: getattr(contact, name) for name in _UPDATABLE}
    existing = contact_at(run, *contact.key)
    if existing["id"] is None:
        who = {"kind": "contact", "channel": "mail", "customer": contact.customer, "address": contact.email}
        add_recipient(run, now, **who, state="active", **stated)
        return "added"
    if existing["state"] == "active" and existing.items() >= stated.items():
        return "unchanged"
    back = {"state": "active", "successor": None, "left_at": None}
    update(run, "recipients", {"id": existing["id"]}, stated | back)
    return "changed"


def _replace(run: Run, contact: ContactRow, named: set[tuple[str, str]], now: int) -> str | None:
    """Replace a contact with another; return the error, if any."""
    replaced = (contact.customer, contact.replaces)
    if replaced in named:
        return f"replaces: {quoted(contact.replaces)} stays, says another row of the file"
    old, successor = contact_at(run, *replaced), contact_at(run, *contact.key)
    if successor["state"] != "active" or old["id"] is None:
        return f"replaces: {quoted(contact.replaces)} is not a contact of this customer"
    if old["state"] == "active":
        leave(run, old["id"], successor["id"], now)
        return None
    # The same file was imported before.
    known = old["successor"] == successor["id"]
    return None if known else f"replaces: {quoted(contact.replaces)} has left before"


def list_recipients(database: Database) -> list[Recipient]:
    """Return the recipients by email who were not erased, by customer and address."""
    rows = database.query(
        "SELECT * FROM recipients WHERE address IS NOT NULL AND channel = 'mail' ORDER BY customer, address"
    )
    return [msgspec.convert(row, Recipient) for row in rows]
