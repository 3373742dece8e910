"""Which column holds what: by its name, in a table of names that companies use; never by its content."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from register_api.importer.table import fault, refuse, refuse_any, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from register_api.errors import Finding
    from register_api.importer.table import Table

EXTRA = "extra"
"""Where a column goes that no field takes: its text is kept under its own name."""

NAMES: dict[str, tuple[str, ...]] = {
    "name": (
        "name", "sub-processor", "sub-processors", "sub-processor name", "name of sub-processor",
        "third-party sub-processor", "vendor", "vendors", "vendor name", "name of vendor", "company",
        "company name", "supplier", "supplier name", "provider", "provider name", "service provider",
        "third party", "third party name", "third-party service provider", "processor", "entity",
        "organisation", "organization", "partner",
    ),
    "legal_name": ("legal name", "legal entity", "legal entity name", "entity name", "name of legal entity",
                   "contracting entity", "registered name"),
    "kind": ("kind", "relationship"),
    "status": ("status",),
    "category": ("category", "service category", "type of service", "service type", "group"),
    "purpose": (
        "purpose", "purpose of processing", "processing purpose", "purposes", "nature and purpose",
        "nature and purpose of processing", "nature of processing", "description of processing",
        "processing activities", "processing activity", "subject matter", "description of service",
        "description of services", "services provided", "service provided", "service description",
        "description", "service", "services", "function", "activity", "activities", "use", "usage", "role",
    ),
    "products": ("products", "product", "applicable products", "applicable services", "used by"),
    "locations": (
        "location of processing", "processing location", "processing locations", "place of processing",
        "locations", "location", "data location", "hosting location", "server location",
        "data center location", "data centre location", "location of data", "country of processing",
        "countries of processing", "countries", "country", "regions", "region", "geographic location",
    ),
    "data_categories": (
        "data categories", "categories of data", "category of data", "data category",
        "categories of personal data", "category of personal data", "personal data categories",
        "type of data", "types of data", "data types", "data type", "types of personal data",
        "type of personal data", "personal data processed", "personal data", "data processed", "data shared",
        "data",
    ),
    "data_subjects": ("data subjects", "categories of data subjects", "category of data subjects"),
    "data_scope": ("data scope",),
    "special_categories": ("special categories", "special categories of data"),
    "retention": ("retention", "retention period", "duration", "duration of processing", "storage period"),
    "safeguards": ("safeguards", "security measures", "technical and organisational measures", "measures"),
    "transfers": ("transfer mechanism", "transfer mechanisms", "international transfer mechanism",
                  "transfers", "transfer", "data transfer mechanism", "legal basis for transfer"),
    "condition": ("condition", "conditions"),
    "notes": ("notes", "note", "remarks", "comments", "comment", "additional information"),
    "starts_on": ("starts on", "start date", "effective date", "in use since", "since", "start"),
    "ends_on": ("ends on", "end date", "end"),
    "certifications": ("certifications", "certification", "certificates", "compliance", "attestations"),
    "seat": ("seat", "country of incorporation", "headquarters", "headquarter", "hq",
             "registered office country",
             "country of registration", "entity country", "corporate location"),
    "address": ("address", "registered address", "postal address"),
    "website": ("website", "homepage", "web", "url", "link"),
    "privacy_url": ("privacy url", "privacy policy", "privacy notice", "privacy"),
    "subprocessors_url": ("sub-processors url", "sub-processor list", "sub-processors list",
                          "list of sub-processors", "further sub-processors"),
    "contact": ("contact", "contact details", "dpo", "dpo contact", "privacy contact", "contact email"),
    "lei": ("lei", "lei code"),
    "vat": ("vat", "vat id", "vat number"),
    "euid": ("euid",),
    "duns": ("duns", "duns number"),
    "national": ("company number", "registration number", "company registration number"),
    "formerly": ("formerly", "former name", "former names", "previous name"),
}  # fmt: skip
"""Field to the names that columns for it have; of several columns for one field the name first here wins."""


def folded(text: str) -> str:
    """Return a name without case, punctuation and spaces, for comparison."""
    return "".join(char for char in text.casefold() if char.isalnum())


_FIELD_BY_NAME = {
    folded(name): (field, rank) for field, names in NAMES.items() for rank, name in enumerate(names)
}


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table's columns.

    Attributes:
        fields: For each column its field, ``extra``, or ``None`` for a column without name and content.
        passed_over: Columns that would have fitted a field which another one took, and that field.
    """

    fields: tuple[str | None, ...]
    passed_over: tuple[tuple[str, str], ...] = ()

    def index(self, field: str) -> int | None:
        """Return the column that holds a field."""
        return self.fields.index(field) if field in self.fields else None


def find_field(name: str) -> str | None:
    """Return the field that a column of that name holds, or ``None`` if the name is not known."""
    found = _FIELD_BY_NAME.get(folded(name))
    return found[0] if found else None


def match_columns(table: Table, chosen: Mapping[str, str]) -> Columns:
    """Find out which column holds which field.

    Args:
        table: The table.
        chosen: Column to field (or ``extra``), as the caller wants it.

    Raises:
        Refused: Two columns have one name, a column has content and no name, or none holds names.
    """
    refuse_any(_faults(table))
    wanted = {folded(name): field for name, field in chosen.items()}
    ranked: dict[str, list[tuple[int, int]]] = {}
    for index, cell in enumerate(table.header):
        name = folded(cell.text)
        if name in wanted:
            ranked.setdefault(wanted[name], []).append((-1, index))
        elif name in _FIELD_BY_NAME:
            field, rank = _FIELD_BY_NAME[name]
            ranked.setdefault(field, []).append((rank, index))
    fields: list[str | None] = [EXTRA if cell.text else None for cell in table.header]
    passed: list[tuple[str, str]] = []
    for field, columns in ranked.items():
        (_, first), *others = sorted(columns)
        fields[first] = field
        passed += [(table.header[index].text, field) for _, index in others if field != EXTRA]
    if "name" not in fields:
        names = ", ".join(shown(cell.text) for cell in table.header)
        hint = "--column COLUMN=name says which column holds the names"
        message = f"no column holds the names; there are {names}"
        refuse(table.file, f"table {table.number}", message, hint, line=table.line)
    return Columns(fields=tuple(fields), passed_over=tuple(passed))


def _faults(table: Table) -> Iterator[Finding]:
    key = f"table {table.number}"
    for name, times in Counter(folded(cell.text) or cell.text for cell in table.header if cell.text).items():
        if times > 1:
            twice = next(cell.text for cell in table.header if (folded(cell.text) or cell.text) == name)
            message = f"{times} columns are named {shown(twice)}"
            yield fault(table.file, key, message, "give each a name of its own", line=table.line)
    for index, cell in enumerate(table.header):
        filled = next((row for row in table.rows if row.cells[index].text), None)
        if not cell.text and filled:
            message = f"column {index + 1} has content and no name"
            yield fault(table.file, key, message, "name it", line=table.line)
        if {"s", "del", "strike"} & set(cell.marks):
            yield fault(table.file, key, f"column {index + 1} is struck out", line=table.line)
