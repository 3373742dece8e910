"""From the text of a cell to the value of a field: exactly, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

import msgspec
from msgspec import inspect

from register_api.core.field_forms import COUNTRY, TEXT, URL, WORDING, Vocabulary
from register_api.core.instant import parse_day
from register_api.core.model import (
    Certification,
    Condition,
    EngagementSource,
    Identifier,
    Location,
    ProductScope,
    Status,
    SubprocessorSource,
    Transfer,
)
from register_api.core.planned_changes import ALL
from register_api.core.struct_fields import Shape, shapes
from register_api.core.text import quoted, url_problem
from register_api.importer.places import country_of, places_of
from register_api.importer.table import Cell, folded

_SHAPES = {**shapes(EngagementSource), **shapes(SubprocessorSource)}
VENDOR_FIELDS = frozenset(shapes(SubprocessorSource)) - {"extra"}
"""Fields that belong to the vendor; all others belong to what it is used for."""
LINKED = frozenset(field for field, shape in _SHAPES.items() if shape.form is URL)
"""Fields that take the target of a link in the cell rather than its words."""
LISTS = frozenset(
    field for field, shape in _SHAPES.items() if shape.is_list and shape.form in (TEXT, WORDING)
)
"""Fields that take a list of texts, one a line."""
_NOTHING = frozenset({"-", "--", "\u2013", "\u2014", "n/a", "(n/a)", "(none)", "not applicable"})
_SCHEMES = shapes(Identifier)["scheme"].codes
_CONDITIONS = shapes(Condition)["type"].codes
_DECLARED = "declared"
_ALL_PRODUCTS = frozenset(map(folded, (ALL, "all products", "all services")))


def _codes_by_name(shape: Shape) -> dict[str, str]:
    """Return the codes of a field by all that they are called, without case and punctuation."""
    known = shape.form.codes if isinstance(shape.form, Vocabulary) else dict.fromkeys(shape.codes, ())
    return {folded(name): code for code, others in known.items() for name in (code, *others)}


CODES = {field: _codes_by_name(shape) for field, shape in _SHAPES.items() if shape.codes}
MECHANISMS = _codes_by_name(shapes(Transfer)["mechanism"])
"""Codes of transfer mechanisms by all that they are called."""


class Fit(msgspec.Struct, frozen=True):
    """A value that a field takes."""

    field: str
    value: Any
    remark: str = ""


class Misfit(msgspec.Struct, frozen=True):
    """Why the text is no value of the field: the end of the sentence "this text …"."""

    reason: str


def is_nothing(text: str) -> bool:
    """Tell whether a cell is left empty: no text, a dash, "n/a", or "(none)"."""
    return not text or text.casefold() in _NOTHING


def read_value(field: str, cell: Cell) -> Fit | Misfit:
    """Read a cell that is not empty as the value of a field."""
    if field in _SCHEMES:
        return Fit("identifiers", [{"scheme": field, "value": cell.text}])
    shape = _SHAPES[field]
    if shape.form is URL and len(cell.links) == 1 and url_problem(cell.text) is not None:
        return _judged(field, shape, Cell(text=cell.links[0]))
    if shape.struct is not None:
        return _OF_STRUCTS[shape.struct](field, cell)
    if shape.is_list:
        return _list(field, shape, cell)
    return _coded(field, shape, cell) if shape.codes else _READERS[type(shape.kind)](field, shape, cell)


def status_of(text: str) -> Status | None:
    """Return a status that is named exactly, in any case."""
    word = text.strip().casefold()
    return next((item for item in get_args(Status) if item == word), None)


def _judged(field: str, shape: Shape, cell: Cell) -> Fit | Misfit:
    """Read one text as the field's form has it."""
    if shape.form is COUNTRY:
        code = country_of(cell.text)
        good = code is not None and COUNTRY.fault(code) is None
        return Fit(field, code) if good else Misfit("names no country exactly")
    problem = shape.form.problem(cell.text) if shape.form and shape.form.problem else None
    return Fit(field, cell.text) if problem is None else Misfit(problem)


def _list(field: str, shape: Shape, cell: Cell) -> Fit | Misfit:
    if shape.codes:
        return _coded_list(field, shape, cell)
    items = cell.items if cell.items is not None else cell.text.split("\n")
    return Fit(field, [item.strip(" ") for item in items if item.strip(" ")])


def _coded(field: str, shape: Shape, cell: Cell) -> Fit | Misfit:
    code = CODES[field].get(folded(cell.text))
    return Misfit(f"is not one of {', '.join(shape.codes)}") if code is None else Fit(field, code)


def _coded_list(field: str, shape: Shape, cell: Cell) -> Fit | Misfit:
    items = cell.items if cell.items is not None else re.split(r"\s*[\n,;]\s*", cell.text)
    codes = [CODES[field].get(folded(item)) for item in items]
    return Misfit(f"is not a list of {', '.join(shape.codes)}") if None in codes else Fit(field, codes)


def _locations(field: str, cell: Cell) -> Fit | Misfit:
    parts = cell.items if cell.items is not None else (cell.text,)
    found: list[dict[str, str]] = []
    for part in parts:
        found += [place for place in places_of(part) if place not in found]
    told = "; ".join(f"{quoted(place['text'])} as {place['country']}" for place in found if "text" in place)
    return Fit(field, found, f"places read, with their words: {told}" if told else "")


def _truth(field: str, _shape: Shape, cell: Cell) -> Fit | Misfit:
    truth = {"yes": True, "true": True, "no": False, "false": False}.get(cell.text.casefold())
    return Misfit("is neither yes nor no") if truth is None else Fit(field, truth)


def _day(field: str, _shape: Shape, cell: Cell) -> Fit | Misfit:
    try:
        return Fit(field, parse_day(cell.text).isoformat())
    except ValueError:
        return Misfit("is not a day such as 2026-06-10")


def _certifications(field: str, cell: Cell) -> Fit | Misfit:
    items = cell.items if cell.items is not None else re.split(r"\s*[\n;]\s*", cell.text)
    rows = [{"name": item.strip(), "claim": _DECLARED} for item in items if item.strip()]
    return Fit(
        field, rows, f'certifications are written with claim = "{_DECLARED}", the least that can be meant'
    )


def _condition(field: str, cell: Cell) -> Fit | Misfit:
    kind, colon, text = cell.text.partition(":")
    if kind.strip().casefold() not in _CONDITIONS:
        return Misfit(f"does not begin with one of {', '.join(_CONDITIONS)} and a colon")
    condition = {"type": kind.strip().casefold()}
    return Fit(field, [condition | ({"text": text.strip()} if colon and text.strip() else {})])


def _products(field: str, cell: Cell) -> Fit | Misfit:
    """Read titles of products; their ids are given later (``vendor_list``)."""
    if folded(cell.text) in _ALL_PRODUCTS:
        return Fit(field, ALL)
    items = cell.items if cell.items is not None else re.split(r"\s*[\n;,]\s*", cell.text)
    return Fit(field, list(dict.fromkeys(item.strip() for item in items if item.strip())))


_OF_STRUCTS: dict[type, Callable[[str, Cell], Fit | Misfit]] = {
    Location: _locations,
    Certification: _certifications,
    Condition: _condition,
    ProductScope: _products,
}
_READERS: dict[type, Callable[[str, Shape, Cell], Fit | Misfit]] = {
    inspect.StrType: _judged,
    inspect.BoolType: _truth,
    inspect.DateType: _day,
}
