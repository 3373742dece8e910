"""From the text of a cell to the value of a field: exactly, or not at all."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from register_api.core.address import contact_problem, url_problem
from register_api.core.model import Claim, ConditionType, DataScope, Mechanism, Status, VendorKind
from register_api.importer.columns import folded
from register_api.importer.places import countries_of, country_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.importer.table import Cell

VENDOR_FIELDS = frozenset({
    "legal_name", "kind", "seat", "address", "website", "privacy_url", "subprocessors_url", "contact",
    "identifiers", "formerly", "certifications",
})  # fmt: skip
"""Fields that belong to the vendor; all others belong to what it is used for."""

LINKED = frozenset({"website", "privacy_url", "subprocessors_url"})
"""Fields that take the target of a link in the cell rather than its words."""

LISTS = frozenset({"products", "data_categories", "data_subjects", "safeguards", "formerly"})
"""Fields that take a list of texts, one a line."""

_NOTHING = frozenset({"-", "--", "\u2013", "\u2014", "n/a", "N/A"})
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DECLARED: Claim = "declared"

MECHANISMS: dict[str, Mechanism] = {
    **{folded(item): item for item in get_args(Mechanism)},
    "sccs": "scc",
    "standardcontractualclauses": "scc",
    "standardcontractualclausesscc": "scc",
    "standardcontractualclausessccs": "scc",
    "euusdpf": "dpf",
    "dataprivacyframework": "dpf",
    "euusdataprivacyframework": "dpf",
    "adequacydecision": "adequacy",
    "bindingcorporaterules": "bcr",
}
"""Words for a transfer mechanism, without case and punctuation."""


class Fit(msgspec.Struct, frozen=True):
    """A value that a field takes.

    Attributes:
        field: The field of the model.
        value: Built-in types, as JSON has them; days are texts.
        remark: What was assumed in reading it, or an empty string.
    """

    field: str
    value: Any
    remark: str = ""


class Misfit(msgspec.Struct, frozen=True):
    """Why the text is no value of the field: the end of the sentence "this text …"."""

    reason: str


def is_nothing(text: str) -> bool:
    """Tell whether a cell is left empty: no text, a dash, or "n/a"."""
    return not text or text in _NOTHING


def read_value(field: str, cell: Cell) -> Fit | Misfit:
    """Read a cell that is not empty as the value of a field.

    Args:
        field: One that columns are matched with, but for ``name``, ``category``, ``transfers``.
        cell: The cell.
    """
    if field in LINKED and len(cell.links) == 1 and url_problem(cell.text) is not None:
        return _address(field, cell.links[0])
    return _READERS.get(field, _plain)(field, cell)


def status_of(text: str) -> Status | None:
    """Return a status that is named exactly, in any case."""
    word = text.strip().casefold()
    return next((item for item in get_args(Status) if item == word), None)


def _plain(field: str, cell: Cell) -> Fit | Misfit:
    return Fit(field, cell.text)


def _list(field: str, cell: Cell) -> Fit | Misfit:
    items = cell.items if cell.items is not None else cell.text.split("\n")
    return Fit(field, [item.strip(" ") for item in items if item.strip(" ")])


def _locations(field: str, cell: Cell) -> Fit | Misfit:
    parts = cell.items if cell.items is not None else (cell.text,)
    found: list[dict[str, str]] = []
    remark = ""
    for part in parts:
        codes = countries_of(part)
        if codes is None:
            found.append({"country": "varies", "text": part})
            remark = f'the place "{part}" names no country exactly: written as "varies" with these words'
        else:
            found += [{"country": code} for code in codes if {"country": code} not in found]
    return Fit(field, found, remark)


def _seat(field: str, cell: Cell) -> Fit | Misfit:
    code = country_of(cell.text)
    if code is None or len(code) != len("FI") or code == "EU":
        return Misfit("names no country exactly")
    return Fit(field, code)


def _address(field: str, text: str) -> Fit | Misfit:
    problem = url_problem(text)
    return Fit(field, text) if problem is None else Misfit(problem)


def _website(field: str, cell: Cell) -> Fit | Misfit:
    return _address(field, cell.text)


def _contact(field: str, cell: Cell) -> Fit | Misfit:
    problem = contact_problem(cell.text)
    return Fit(field, cell.text) if problem is None else Misfit(problem)


def _word(*words: str) -> Callable[[str, Cell], Fit | Misfit]:
    def read(field: str, cell: Cell) -> Fit | Misfit:
        word = cell.text.casefold()
        return Fit(field, word) if word in words else Misfit(f"is none of {', '.join(words)}")

    return read


def _scope(field: str, cell: Cell) -> Fit | Misfit:
    items = cell.items if cell.items is not None else re.split(r"\s*[\n,;]\s*", cell.text)
    known = get_args(DataScope)
    if all(item in known for item in items):
        return Fit(field, list(items))
    return Misfit(f"is no list of {', '.join(known)}")


def _truth(field: str, cell: Cell) -> Fit | Misfit:
    truth = {"yes": True, "true": True, "no": False, "false": False}.get(cell.text.casefold())
    return Misfit("is neither yes nor no") if truth is None else Fit(field, truth)


def _day(field: str, cell: Cell) -> Fit | Misfit:
    try:
        day = dt.date.fromisoformat(cell.text) if _DAY.fullmatch(cell.text) else None
    except ValueError:
        day = None
    return Misfit("is no day such as 2026-06-10") if day is None else Fit(field, day.isoformat())


def _certifications(field: str, cell: Cell) -> Fit | Misfit:
    items = cell.items if cell.items is not None else re.split(r"\s*[\n;]\s*", cell.text)
    rows = [{"name": item.strip(), "claim": _DECLARED} for item in items if item.strip()]
    return Fit(
        field, rows, f'certifications are written with claim = "{_DECLARED}", the least that can be meant'
    )


def _identifier(field: str, cell: Cell) -> Fit | Misfit:
    return Fit("identifiers", [{"scheme": field, "value": cell.text}])


def _condition(field: str, cell: Cell) -> Fit | Misfit:
    kind, colon, text = cell.text.partition(":")
    if kind.strip().casefold() not in get_args(ConditionType):
        return Misfit(f"does not begin with one of {', '.join(get_args(ConditionType))} and a colon")
    condition = {"type": kind.strip().casefold()}
    return Fit(field, condition | ({"text": text.strip()} if colon and text.strip() else {}))


_READERS: dict[str, Callable[[str, Cell], Fit | Misfit]] = {
    "kind": _word(*get_args(VendorKind)),
    "status": _word(*get_args(Status)),
    "locations": _locations,
    "data_scope": _scope,
    "special_categories": _truth,
    "condition": _condition,
    "starts_on": _day,
    "ends_on": _day,
    "certifications": _certifications,
    "seat": _seat,
    "website": _website,
    "privacy_url": _website,
    "subprocessors_url": _website,
    "contact": _contact,
    **dict.fromkeys(LISTS, _list),
    **dict.fromkeys(("lei", "vat", "euid", "duns", "national"), _identifier),
}
