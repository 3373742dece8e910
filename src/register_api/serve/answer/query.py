"""Reading a question's parameters strictly: an unknown name or value is refused, and named.

A misspelt filter that is passed over would answer another question than the one that was asked.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from register_api.core.api.questions import LONGEST_VALUE, MOST_VALUES, Parameter, parameters_of
from register_api.serve.http.problems import Problem

T = TypeVar("T", bound=msgspec.Struct)

_MOST_FIELDS = 500
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)
"""RFC 3339 section 5.6; programs print fractions of a second even where they are zero."""


def read_query(query_string: bytes, query: type[T], in_path: Mapping[str, str]) -> T:
    """Return a question as its struct.

    Raises:
        Problem: A name or value is not valid, or is missing, empty, repeated or too long.
    """
    parameters = parameters_of(query)
    values: dict[str, list[str]] = {name: [value] for name, value in in_path.items()}
    for name, value in _fields(query_string):
        if name not in parameters or name in in_path:
            known = [each for each in parameters if each not in in_path]
            detail = f"Unknown parameter {name!r}{'' if known else '; there are none here'}."
            raise Problem("bad-parameter", detail, parameter=name, allowed=known)
        before = values.setdefault(name, [])
        if before and not parameters[name].shape.is_list:
            raise bad_value(name, "is given twice")
        if len(before) == MOST_VALUES:
            raise bad_value(name, f"is given more than {MOST_VALUES} times")
        before.append(value)
    for name, parameter in parameters.items():
        for value in values.get(name, ()):
            _check_value(parameter, value)
        if parameter.shape.is_required and name not in values:
            raise bad_value(name, "is missing")
    given = {name: found if parameters[name].shape.is_list else found[0] for name, found in values.items()}
    return msgspec.convert(given, query, strict=False)


def _fields(query_string: bytes) -> list[tuple[str, str]]:
    if not query_string:
        return []
    strictly: Any = {"keep_blank_values": True, "strict_parsing": True, "errors": "strict"}
    try:
        return parse_qsl(query_string.decode("ascii"), max_num_fields=_MOST_FIELDS, **strictly)
    except ValueError:
        raise Problem("bad-parameter", "The part after the question mark cannot be read.") from None


def _check_value(parameter: Parameter, value: str) -> None:
    name = parameter.name
    if not value:
        raise bad_value(name, f"is empty{listed(parameter.shape.codes)}", parameter.allowed)
    if len(value) > LONGEST_VALUE:
        raise bad_value(name, f"is longer than {LONGEST_VALUE} characters")
    if not parameter.accepts(value):
        expected = listed(parameter.shape.codes) or f"; expected: {parameter.expected}"
        raise bad_value(name, f"cannot be {value!r}{expected}", parameter.allowed)


def bad_value(name: str, what: str, allowed: Sequence[str] = ()) -> Problem:
    """Return the problem that a parameter's value is."""
    detail = f"The parameter {name} {what}."
    return Problem("bad-parameter", detail, parameter=name, allowed=allowed or None)


def listed(values: Sequence[str]) -> str:
    """Return valid values as the end of a sentence; nothing if they cannot be listed."""
    return f"; valid values: {', '.join(values)}" if values else ""


def instant_or_day(name: str, text: str | None) -> dt.datetime | dt.date | None:
    """Return a parameter's value as an aware instant or as a day, or ``None`` if it was not given."""
    if text is None:
        return None
    try:
        if _INSTANT.fullmatch(text):
            return dt.datetime.fromisoformat(text.upper())
        return dt.date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        what = "is not a valid instant or day; write it like 2026-05-10T09:00:00Z or 2026-05-10"
        plus = "; in a query + means a space, so write %2B" if " " in text else ""
        raise bad_value(name, what + plus) from None
