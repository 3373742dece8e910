"""Contract contacts as a CSV file: read whole, every fault told with its line."""

from __future__ import annotations

import re
from typing import Annotated, Literal, NamedTuple

import msgspec

from register_api.core.language.language import ENGLISH, translations
from register_api.core.text import email_problem, printable, quoted
from register_api.files.hand_written import RowFault, read_csv

Hears = Literal["all", "important"]

_LONGEST = 200
_PRODUCT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row: whom a customer's contract names for notices; the fields are the columns.

    Attributes:
        customer: The publisher's own reference for the customer.
        email: Address of the contact.
        products: Ids of products, separated by spaces; empty: all of them.
        replaces: Address of the contact of the same customer in whose place this one comes.
    """

    customer: Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST)]
    email: str
    name: Annotated[str, msgspec.Meta(max_length=_LONGEST)] = ""
    products: str = ""
    language: str = "en"
    hears: Hears = "all"
    replaces: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells two contacts apart."""
        return self.customer, self.email


class ContactsFile(NamedTuple):
    """What a file holds; where there are faults, nothing of it may be used."""

    contacts: dict[int, ContactRow]
    faults: list[RowFault]


_COLUMNS = ContactRow.__struct_fields__


def read_contacts(data: bytes) -> ContactsFile:
    """Read a file of contacts: UTF-8, a line of headings, commas or semicolons between.

    Returns:
        Contacts by the line that each begins in, and every fault.
    """
    file = read_csv(data)
    names = [name.casefold() for name in file.headings]
    if faults := file.faults if file.faults and not names else _faults_of_head(names):
        return ContactsFile({}, faults)
    found = ContactsFile({}, file.faults)
    lines: dict[tuple[str, str], int] = {}
    for line, cells in file.rows.items():
        stated = {names[place]: cell for place, cell in cells.items()}
        products = {*re.split(r"[\s,;]+", stated.get("products", ""))} - {"", "all"}
        row = {"customer": "", "email": "", **stated, "products": " ".join(sorted(products))}
        if said := faults_of(row):
            found.faults.extend(RowFault(line, words) for words in said)
            continue
        contact = found.contacts[line] = msgspec.convert(normal(row), ContactRow)
        first = lines.setdefault(contact.key, line)
        if first != line:
            found.faults.append(RowFault(line, f"the same customer and address as in line {first}"))
    return found


def _faults_of_head(names: list[str]) -> list[RowFault]:
    said = [f"there is no column {name}" for name in ("customer", "email") if name not in names]
    said += [f"column {quoted(name)} is not known" for name in names if name not in _COLUMNS]
    said += [f"column {name} appears twice" for name in _COLUMNS if names.count(name) > 1]
    return [RowFault(1, f"{words}; the columns are {', '.join(_COLUMNS)}") for words in said]


def normal(row: dict[str, str]) -> dict[str, str]:
    """Return a row with its addresses in the one form that they are compared in."""
    return row | {name: address_of(row[name]) for name in ("email", "replaces") if name in row}


def address_of(text: str) -> str:
    """Return an address as it is kept: the domain in small letters (RFC 5321, section 2.4)."""
    local, at, domain = text.strip().rpartition("@")
    return f"{local}{at}{domain.lower()}"


def faults_of(row: dict[str, str]) -> list[str]:
    """Return what is wrong with a row, each in words that quote it so that a terminal is safe."""
    said = [
        f"{name} has a character that cannot be printed: {quoted(text)}"
        for name, text in row.items()
        if not text.isprintable()
    ]
    for name in ("email", "replaces"):
        problem = email_problem(row[name]) if row.get(name) or name == "email" else None
        said += [f"{name}: {quoted(row.get(name, ''))} {problem}"] if problem else []
    unknown = [name for name in row.get("products", "").split() if not _PRODUCT.fullmatch(name)]
    said += [f"products: {quoted(name)} is not a valid id of a product" for name in unknown]
    known = sorted({ENGLISH.tag, *translations()})
    if row.get("language", ENGLISH.tag) not in known:
        said.append(f"language: {quoted(row['language'])} is not one of {', '.join(known)}")
    if said:
        return said
    try:
        msgspec.convert(row, ContactRow)
    except msgspec.ValidationError as error:
        return [printable(error)]
    return []
