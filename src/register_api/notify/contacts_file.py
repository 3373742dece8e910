"""Contract contacts as a CSV file: read whole, every fault told with its line."""

from __future__ import annotations

import csv
import io
import re
from typing import Annotated, Literal, NamedTuple

import msgspec

from register_api.core.address import email_problem
from register_api.core.language.language import ENGLISH, translations
from register_api.core.printable import printable, quoted

Hears = Literal["all", "important"]

MOST_BYTES = 32 * 1024 * 1024
_LONGEST = 200
_PRODUCT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row: whom a customer's contract names for notices; the fields are the columns.

    Attributes:
        customer: The publisher's own reference for the customer.
        email: Address of the contact.
        name: What the contact is called, for the mail's ``To``.
        products: Ids of products, separated by spaces; empty: all of them.
        language: Language of the notices, of those that the catalogue has.
        hears: Of every change, or only of important ones.
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


class RowFault(NamedTuple):
    """What is wrong with a row, and in which line of the file it begins."""

    line: int
    words: str


class ContactsFile(NamedTuple):
    """What a file holds; where there are faults, nothing of it may be used."""

    contacts: dict[int, ContactRow]
    faults: list[RowFault]


_COLUMNS = ContactRow.__struct_fields__
_NEEDED = ("customer", "email")


def read_contacts(data: bytes) -> ContactsFile:
    """Read a file of contacts: UTF-8, a line of headings, commas or semicolons between.

    Args:
        data: The file.

    Returns:
        Contacts by the line that each begins in, and every fault.
    """
    if len(data) > MOST_BYTES:
        return ContactsFile({}, [RowFault(1, f"more than {MOST_BYTES} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return ContactsFile({}, [RowFault(line, "not UTF-8; save the table as CSV UTF-8")])
    head = text.partition("\n")[0]
    rows = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=";" if head.count(";") > head.count(",") else ",",
        strict=True,
    )
    try:
        names = [name.strip().casefold() for name in next(rows, [])]
        if faults := list(_faults_of_head(names)):
            return ContactsFile({}, faults)
        return _rows(rows, names)
    except csv.Error as error:
        return ContactsFile({}, [RowFault(max(rows.line_num, 1), f"not CSV: {printable(error)}")])


def _faults_of_head(names: list[str]) -> list[RowFault]:
    known = ", ".join(_COLUMNS)
    said = [f"there is no column {name}" for name in _NEEDED if name not in names]
    said += [f"column {quoted(name)} is not known" for name in names if name not in _COLUMNS]
    said += [f"column {name} stands twice" for name in _COLUMNS if names.count(name) > 1]
    return [RowFault(1, f"{words}; the columns are {known}") for words in said]


def _rows(rows: csv.Reader, names: list[str]) -> ContactsFile:  # type: ignore[name-defined]
    found = ContactsFile({}, [])
    lines: dict[tuple[str, str], int] = {}
    end = rows.line_num
    for cells in rows:
        line, end = end + 1, rows.line_num  # a quoted cell may have several lines
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            found.faults.append(RowFault(line, f"{len(cells)} cells, where the headings are {len(names)}"))
            continue
        stated = {name: cell.strip() for name, cell in zip(names, cells, strict=True) if cell.strip()}
        contact = _contact(stated, line, found.faults)
        if contact is None:
            continue
        first = lines.setdefault(contact.key, line)
        if first != line:
            found.faults.append(RowFault(line, f"the same customer and address as in line {first}"))
        found.contacts[line] = contact
    return found


def _contact(stated: dict[str, str], line: int, faults: list[RowFault]) -> ContactRow | None:
    """Return the contact of a row; what is wrong with it is added to the faults."""
    products = " ".join(sorted({*re.split(r"[\s,;]+", stated.get("products", ""))} - {"", "all"}))
    row = {"customer": "", "email": "", **stated, "products": products}
    said = list(faults_of(row))
    faults.extend(RowFault(line, words) for words in said)
    return None if said else msgspec.convert(normal(row), ContactRow)


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
