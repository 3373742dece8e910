"""Convert the text of a cell to a field value: an exact match, or none."""

from __future__ import annotations

import contextlib
import functools
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pycountry
from babel import Locale
from msgspec import inspect

from register_api.core.field_forms import ASSIGNED, COUNTRY, TEXT, URL, WORDING, Vocabulary
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
from register_api.core.struct_fields import Shape, shapes
from register_api.core.text import quoted, url_problem
from register_api.core.timeline import ALL
from register_api.importer.table import Cell, folded

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
"""Common names that ISO 3166-1 does not contain, and the values for regions."""
LANGUAGES = ("cs", "da", "de", "es", "fi", "fr", "it", "ja", "ko", "nb", "nl", "pl", "pt", "sv")
"""Languages whose country names are recognised, in addition to English."""
_WIDE = frozenset({"africa", "americas", "apac", "asia", "asia pacific", "emea", "europe", "latin america",
                   "middle east", "north america", "oceania", "south america"})  # fmt: skip
"""Regions without a code; in a comma-separated list they are items of their own, not cities."""
_LONGEST = 1000
"""Maximum length in characters of a text that is searched for countries; a longer one is prose."""
_BRACKETED = re.compile(r"([^()]+?) ?\(([^()]+)\)")
_GROUPS = re.compile(r"\s*(?:\n|;|/| and | & )\s*(?![^()]*\))")
_COMMAS = re.compile(r"\s*,\s*(?![^()]*\))")
_CODE = re.compile(r"[A-Z]{2}")


@functools.cache
def _names() -> dict[str, str]:
    """Map country codes, and country names in lower case, to alpha-2 codes."""
    names: dict[str, str] = {}
    for country in pycountry.countries:
        if country.alpha_2 in ASSIGNED:
            names |= {country.alpha_2: country.alpha_2, country.alpha_3: country.alpha_2}
            for kind in ("name", "common_name", "official_name"):
                names[getattr(country, kind, country.name).casefold()] = country.alpha_2
    foreign = {
        (name.casefold(), code)
        for language in LANGUAGES
        for code, name in Locale(language).territories.items()
        if code in ASSIGNED
    }
    times = Counter(name for name, _ in foreign)  # a name shared by two countries is left out
    return {name: code for name, code in foreign if times[name] == 1} | names | _COMMON


def country_of(text: str) -> str | None:
    """Return the code of the country with exactly this name or code, or ``None``.

    Codes match in capitals only, because "it" and "no" are words. ``UK`` is GB; ``EU``, ``EEA`` and
    ``worldwide`` are returned unchanged.
    """
    names, folded_text = _names(), text.casefold()
    return names.get(text) or names.get(folded_text) or names.get(folded_text.removesuffix("."))


def places_of(text: str) -> list[dict[str, str]]:
    """Return the places in a text: each a country, with the original text if it contains more.

    Line breaks, ``;``, ``/``, ``,``, ``and`` and ``&`` outside brackets separate list items.
    "France (EU)", "EU (Frankfurt)" and "London (lhr1), UK" each name one country. Text without a
    recognised country becomes one final place ``varies``. Nothing is lost or guessed: "Georgia, USA"
    and "US, CA" do not name Georgia and Canada.
    """
    whole = country_of(text)
    if whole is not None:
        return [{"country": whole}]
    if len(text) > _LONGEST:
        return [{"country": "varies", "text": text}]
    found = [place for group in _GROUPS.split(text.strip()) if group for place in _group(group)]
    known = [place for place in found if place["country"] != "varies"]
    unknown = [place["text"] for place in found if place["country"] == "varies"]
    places = [place for index, place in enumerate(known) if place not in known[:index]]
    words = text if not known else "; ".join(unknown)
    return [*places, {"country": "varies", "text": words}] if unknown or not known else places


def _group(text: str) -> list[dict[str, str]]:
    """Return the places in a comma-separated list, whose last item may be the country of the others."""
    whole = country_of(text)
    if whole is not None:
        return [{"country": whole}]
    parts = [part for part in _COMMAS.split(text) if part]
    codes = [_country_in(part) for part in parts]
    if len(parts) > 1 and ("US" in codes or None in codes):
        codes = [None if _may_be_a_state(part) else code for part, code in zip(parts, codes, strict=True)]
    wide = any(part.casefold() in _WIDE for part in parts[:-1])
    cities = all(code is None for code in codes[:-1]) and not wide
    if len(parts) > 1 and codes[-1] is not None and cities:
        return [{"country": codes[-1], "text": text}]
    return [
        {"country": code} if code and country_of(part) else {"country": code or "varies", "text": part}
        for part, code in zip(parts, codes, strict=True)
    ]


def _country_in(part: str) -> str | None:
    """Return the country of a list item: its whole text, the text before a bracket, or inside it."""
    exact = country_of(part)
    bracketed = _BRACKETED.fullmatch(part)
    if exact is not None or bracketed is None:
        return exact
    before, within = (country_of(item.strip()) for item in bracketed.groups())
    doubtful = _may_be_a_state(bracketed[1].strip()) and within == "US"
    return before if before and not doubtful else None if _may_be_a_state(bracketed[2].strip()) else within


def _may_be_a_state(part: str) -> bool:
    """Return whether a list item may be a US state: by name, or as two letters."""
    return part.casefold() == "georgia" or (
        _CODE.fullmatch(part) is not None and country_of(part) not in {"US", "GB", "EU"}
    )


_SHAPES = {**shapes(EngagementSource), **shapes(SubprocessorSource)}
VENDOR_FIELDS = frozenset(shapes(SubprocessorSource)) - {"extra"}
"""Fields of the vendor; all other fields belong to an engagement."""
LINKED = frozenset(field for field, shape in _SHAPES.items() if shape.form is URL)
"""Fields that use the URL of a link in the cell instead of its text."""
LISTS = frozenset(
    field for field, shape in _SHAPES.items() if shape.is_list and shape.form in (TEXT, WORDING)
)
"""Fields that take a list of texts, one per line."""
_NOTHING = frozenset({"-", "--", "\u2013", "\u2014", "n/a", "(n/a)", "(none)", "not applicable"})
_SCHEMES = shapes(Identifier)["scheme"].codes
_CONDITIONS = shapes(Condition)["type"].codes
_DECLARED = "declared"
_ALL_PRODUCTS = frozenset(map(folded, (ALL, "all products", "all services")))


def _codes_by_name(shape: Shape) -> dict[str, str]:
    """Map all names of a field's codes, without case and punctuation, to the codes."""
    known = shape.form.codes if isinstance(shape.form, Vocabulary) else dict.fromkeys(shape.codes, ())
    return {folded(name): code for code, others in known.items() for name in (code, *others)}


CODES = {field: _codes_by_name(shape) for field, shape in _SHAPES.items() if shape.codes}
MECHANISMS = _codes_by_name(shapes(Transfer)["mechanism"])
"""Names of transfer mechanisms, without case and punctuation, to their codes."""


class Fit(msgspec.Struct, frozen=True):
    """A valid value for a field. Functions return a ``str`` instead to say why a cell has none."""

    field: str
    value: Any
    remark: str = ""


def is_empty_cell(text: str) -> bool:
    """Return whether a cell counts as empty: no text, a dash, "n/a" or "(none)"."""
    return not text or text.casefold() in _NOTHING


def read_value(field: str, cell: Cell) -> Fit | str:
    """Convert a non-empty cell to a field value."""
    if field in _SCHEMES:
        return Fit("identifiers", [{"scheme": field, "value": cell.text}])
    shape = _SHAPES[field]
    if shape.form is URL and len(cell.links) == 1 and url_problem(cell.text) is not None:
        return _single(field, shape, cell.links[0])
    if shape.struct is not None:
        return _OF_STRUCTS[shape.struct](field, cell)
    if not shape.is_list:
        return _single(field, shape, cell.text)
    if shape.codes:
        codes = [CODES[field].get(folded(item)) for item in _parts(cell, "\n,;")]
        return f"is not a list of {', '.join(shape.codes)}" if None in codes else Fit(field, codes)
    items = cell.items if cell.items is not None else cell.text.split("\n")
    return Fit(field, [item.strip(" ") for item in items if item.strip(" ")])


def _parts(cell: Cell, marks: str) -> list[str]:
    """Return the items of a list cell, or split its text at any of the ``marks``."""
    items = cell.items if cell.items is not None else re.split(f"[{marks}]", cell.text)
    return [item.strip() for item in items]


def status_of(text: str) -> Status | None:
    """Return the status with exactly this name, ignoring case."""
    word = text.strip().casefold()
    return next((item for item in get_args(Status) if item == word), None)


def _single(field: str, shape: Shape, text: str) -> Fit | str:
    """Convert one text to a value of the field's type."""
    value: str | bool | None = None
    if shape.codes:
        value, problem = CODES[field].get(folded(text)), f"is not one of {', '.join(shape.codes)}"
    elif isinstance(shape.kind, inspect.BoolType):
        truths = {"yes": True, "true": True, "no": False, "false": False}
        value, problem = truths.get(text.casefold()), "is neither yes nor no"
    elif isinstance(shape.kind, inspect.DateType):
        problem = "is not a day such as 2026-06-10"
        with contextlib.suppress(ValueError):
            value = parse_day(text).isoformat()
    elif shape.form is COUNTRY:
        code, problem = country_of(text), "names no country exactly"
        value = code if code is not None and COUNTRY.fault(code) is None else None
    else:
        problem = (shape.form and shape.form.problem and shape.form.problem(text)) or ""
        value = None if problem else text
    return problem if value is None else Fit(field, value)


def _locations(field: str, cell: Cell) -> Fit | str:
    found: list[dict[str, str]] = []
    for part in cell.items if cell.items is not None else (cell.text,):
        found += [place for place in places_of(part) if place not in found]
    worded = "; ".join(f"{quoted(place['text'])} as {place['country']}" for place in found if "text" in place)
    return Fit(field, found, f"places read, with their words: {worded}" if worded else "")


def _certifications(field: str, cell: Cell) -> Fit | str:
    rows = [{"name": item, "claim": _DECLARED} for item in _parts(cell, "\n;") if item]
    remark = f'certifications are written with claim = "{_DECLARED}", the least that can be meant'
    return Fit(field, rows, remark)


def _condition(field: str, cell: Cell) -> Fit | str:
    kind, _, text = (part.strip() for part in cell.text.partition(":"))
    if kind.casefold() not in _CONDITIONS:
        return f"does not begin with one of {', '.join(_CONDITIONS)} and a colon"
    return Fit(field, [{"type": kind.casefold()} | ({"text": text} if text else {})])


def _products(field: str, cell: Cell) -> Fit | str:
    """Read product titles; ``vendor_list`` assigns their ids later."""
    if folded(cell.text) in _ALL_PRODUCTS:
        return Fit(field, ALL)
    return Fit(field, list(dict.fromkeys(filter(None, _parts(cell, "\n;,")))))


_OF_STRUCTS: dict[type, Callable[[str, Cell], Fit | str]] = {
    Location: _locations,
    Certification: _certifications,
    Condition: _condition,
    ProductScope: _products,
}
