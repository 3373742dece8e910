"""From the text of a cell to the value of a field: exactly, or not at all."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pycountry
from msgspec import inspect

from register_api.core.address import url_problem
from register_api.core.countries import ASSIGNED
from register_api.core.forms import COUNTRY, TEXT, URL, WORDING, Vocabulary
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
from register_api.core.product_scope import ALL
from register_api.core.shapes import Shape, shapes
from register_api.importer.columns import folded
from register_api.importer.table import Cell

if TYPE_CHECKING:
    from collections.abc import Callable

_COMMON = {
    "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states": "US", "the united states": "US",
    "united states of america": "US", "the united states of america": "US",
    "uk": "GB", "u.k.": "GB", "great britain": "GB", "the united kingdom": "GB",
    "eu": "EU", "e.u.": "EU", "european union": "EU", "the european union": "EU",
    "eea": "EEA", "european economic area": "EEA", "the european economic area": "EEA",
    "worldwide": "worldwide", "global": "worldwide",
    "the netherlands": "NL", "south korea": "KR", "republic of korea": "KR", "russia": "RU",
    "czech republic": "CZ", "ivory coast": "CI", "hong kong": "HK", "macau": "MO", "turkey": "TR",
    "uae": "AE", "republic of ireland": "IE", "the philippines": "PH",
}  # fmt: skip
"""Names in common use that ISO 3166-1 does not have, and the wide values."""

_LISTS = re.compile(r"\s*(?:\n|;|/|,| and | & )\s*")
_CODE = re.compile(r"[A-Z]{2}")
_STATES = frozenset({"georgia"})
"""Countries that are also names of states of the USA."""


@functools.cache
def _names() -> dict[str, str]:
    """Return names and codes of countries, in lower case but for codes, to alpha-2 codes."""
    names: dict[str, str] = {}
    for country in pycountry.countries:
        if country.alpha_2 in ASSIGNED:
            names |= {country.alpha_2: country.alpha_2, country.alpha_3: country.alpha_2}
            for kind in ("name", "common_name", "official_name"):
                names[getattr(country, kind, country.name).casefold()] = country.alpha_2
    return names | _COMMON


def country_of(text: str) -> str | None:
    """Return the code of a country that is named exactly, or ``None``.

    Codes count in capitals only: "it" and "no" are words. ``UK`` is GB, ``EU`` and ``EEA`` stand for
    themselves, ``worldwide`` too.
    """
    return _names().get(text) or _names().get(text.casefold() if not _CODE.fullmatch(text) else text.lower())


def countries_of(text: str) -> tuple[str, ...] | None:
    """Return the codes of a list of countries, each named exactly, or ``None``.

    Parts of a list are parted by line breaks, ``;``, ``/``, ``,``, ``and``, ``&``. A list with the
    United States in which another part may be a state of theirs (Georgia, or a code such as CA) is
    not recognised.
    """
    whole = country_of(text)
    if whole is not None:
        return (whole,)
    parts = [part for part in _LISTS.split(text.strip()) if part]
    codes = [country_of(part) for part in parts]
    if not parts or any(code is None for code in codes):
        return None
    if "US" in codes and "," in text and any(_may_be_a_state(part) for part in parts):
        return None
    return tuple(dict.fromkeys(code for code in codes if code is not None))


def _may_be_a_state(part: str) -> bool:
    return part.casefold() in _STATES or (
        _CODE.fullmatch(part) is not None and country_of(part) not in {"US", "GB", "EU"}
    )


_SHAPES = {**shapes(EngagementSource), **shapes(SubprocessorSource)}

VENDOR_FIELDS = frozenset(shapes(SubprocessorSource)) - {"extra"}
"""Fields that belong to the vendor; all others belong to what it is used for."""

LINKED = frozenset(field for field, shape in _SHAPES.items() if shape.form is URL)
"""Fields that take the target of a link in the cell rather than its words."""

LISTS = frozenset(
    field for field, shape in _SHAPES.items() if shape.is_list and shape.form in (TEXT, WORDING)
)
"""Fields that take a list of texts, one a line."""

_NOTHING = frozenset({"-", "--", "\u2013", "\u2014", "n/a", "N/A"})
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
    """Tell whether a cell is left empty: no text, a dash, or "n/a"."""
    return not text or text in _NOTHING


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
    remark = ""
    for part in parts:
        codes = countries_of(part)
        if codes is None:
            found.append({"country": "varies", "text": part})
            remark = f'the place "{part}" names no country exactly: written as "varies" with these words'
        else:
            found += [{"country": code} for code in codes if {"country": code} not in found]
    return Fit(field, found, remark)


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
