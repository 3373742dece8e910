"""Reading a question's parameters strictly: an unknown name or value is refused, and named.

A misspelt filter that is passed over would answer another question than the one that was asked.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    Values = Mapping[str, tuple[str, ...]]

MOST_VALUES = 50
"""How often a parameter that may be repeated can stand in one question."""

LONGEST_VALUE = 200
"""Characters of a value, decoded."""

_MOST_FIELDS = 500
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)
"""RFC 3339 section 5.6; programs print fractions of a second even where they are zero."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One query parameter, as the program reads it and the manual shows it.

    Attributes:
        allowed: Its values, where they are known beforehand.
        many: Whether it may be repeated; any of the values then fits.
        required: Whether the question makes no sense without it.
        form: JSON Schema keywords of its form, for the manual.
        sample: What of the published register shows how it looks, an attribute of ``Samples``.
    """

    name: str
    description: str
    allowed: tuple[str, ...] | None = None
    many: bool = False
    required: bool = False
    form: dict[str, Any] = {}
    sample: str | None = None


def read_query(query_string: bytes, parameters: tuple[Parameter, ...]) -> dict[str, tuple[str, ...]]:
    """Return the values of each parameter that was given.

    Args:
        query_string: What follows the question mark, percent-encoded.
        parameters: What may be asked.

    Raises:
        Problem: A name or value is not among them, or is missing, empty, repeated or too long.
    """
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, tuple[str, ...]] = {}
    for name, value in _fields(query_string):
        if name not in known:
            raise _unknown(name, tuple(known))
        _check_value(known[name], value, values.get(name, ()))
        values[name] = (*values.get(name, ()), value)
    for parameter in parameters:
        if parameter.required and parameter.name not in values:
            raise bad_value(parameter.name, "is missing")
    return values


def _unknown(name: str, known: tuple[str, ...]) -> Problem:
    there = f"There is no parameter {name!r} here"
    detail = f"{there}." if known else f"{there}, nor any other."
    return Problem("bad-parameter", detail, parameter=name, allowed=known)


def bad_value(name: str, what: str, allowed: tuple[str, ...] | None = None) -> Problem:
    """Return the problem that a parameter's value is."""
    rest = f"; it is one of {', '.join(allowed)}" if allowed else ""
    return Problem("bad-parameter", f"The parameter {name} {what}{rest}.", parameter=name, allowed=allowed)


def version_in(values: Values, name: str, default: int) -> int:
    """Return a parameter as the number of a version; without it, the default.

    Raises:
        Problem: It is no number from 1.
    """
    text = _single(values, name)
    if text is not None and not _VERSION.fullmatch(text):
        raise bad_value(name, "is no version; versions are whole numbers from 1")
    return default if text is None else int(text)


def number_in(values: Values, name: str, default: int, bounds: range) -> int:
    """Return a parameter as a whole number; without it, the default.

    Raises:
        Problem: It is none, or out of bounds.
    """
    text = _single(values, name)
    if text is None:
        return default
    if not _NUMBER.fullmatch(text) or int(text) not in bounds:
        raise bad_value(name, f"is no whole number from {bounds[0]} to {bounds[-1]}")
    return int(text)


def day_in(values: Values, name: str) -> dt.date | None:
    """Return a parameter as a day, or ``None`` if it was not given.

    Raises:
        Problem: It is no day of the calendar.
    """
    text = _single(values, name)
    try:
        return None if text is None else _day(text)
    except ValueError:
        raise bad_value(name, "is no day; write it like 2026-05-10") from None


def instant_or_day_in(values: Values, name: str) -> dt.datetime | dt.date | None:
    """Return a parameter as an aware instant or as a day, or ``None`` if it was not given.

    Raises:
        Problem: It is neither; an instant needs a time zone.
    """
    text = _single(values, name)
    if text is None:
        return None
    try:
        if _INSTANT.fullmatch(text):
            return dt.datetime.fromisoformat(text.upper())
        return _day(text)
    except ValueError:
        what = "is no instant and no day; write it like 2026-05-10T09:00:00Z or 2026-05-10"
        plus = "; in an address + means a space, so write %2B" if " " in text else ""
        raise bad_value(name, what + plus) from None


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text if _DAY.fullmatch(text) else "")


def _fields(query_string: bytes) -> list[tuple[str, str]]:
    if not query_string:
        return []
    try:
        text = query_string.decode("ascii")
        return parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise Problem("bad-parameter", "The part after the question mark cannot be read.") from None


def _check_value(parameter: Parameter, value: str, before: tuple[str, ...]) -> None:
    name = parameter.name
    if before and not parameter.many:
        raise bad_value(name, "stands there twice")
    if len(before) == MOST_VALUES:
        raise bad_value(name, f"stands there more than {MOST_VALUES} times")
    if not value:
        raise bad_value(name, "is empty", parameter.allowed)
    if len(value) > LONGEST_VALUE:
        raise bad_value(name, f"is longer than {LONGEST_VALUE} characters")
    if parameter.allowed is not None and value not in parameter.allowed:
        raise bad_value(name, f"cannot be {value!r}", parameter.allowed)


def _single(values: Values, name: str) -> str | None:
    found = values.get(name)
    return found[0] if found else None
