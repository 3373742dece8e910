"""Values of the register in words, kind by kind."""

from __future__ import annotations

import datetime as dt
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from register_api.core.diff.wording import english_date, join
from register_api.core.model import (
    Certification,
    Condition,
    Contact,
    Exclusion,
    Identifier,
    Location,
    RelatedDocument,
    ShortNotice,
    Transfer,
    Withdrawn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOKEN = re.compile(r"[a-z]+(_[a-z]+)+")
_ABBREVIATIONS = frozenset({"dpf", "scc", "bcr"})


def say(value: Any) -> str:
    """Return a value of a field in words: ``Helsinki, FI (store)``, ``10 June 2026``, ``yes``."""
    return _WORDS.get(type(value), str)(value)


def _say_text(value: str) -> str:
    """Return a text as it stands; a name of the format (``customer_content``) without its underscores."""
    return value.replace("_", " ") if _TOKEN.fullmatch(value) else value


def _say_location(value: Location) -> str:
    notes = [*value.activities, *(["default"] if value.default else [])]
    notes += [_say_condition(value.condition)] if value.condition else []
    notes += [value.text] if value.text else []
    where = f"{value.place}, {value.country}" if value.place else value.country
    return f"{where} ({', '.join(notes)})" if notes else where


def _say_condition(value: Condition) -> str:
    """Return a condition in its own words, else as key and value."""
    if value.text:
        return value.text
    setting = " = ".join(part for part in (value.key, value.value) if part)
    return f"{value.type} {setting}".strip()


def _say_transfer(value: Transfer) -> str:
    mechanism = value.mechanism.upper() if value.mechanism in _ABBREVIATIONS else value.mechanism
    reference = f", {value.reference}" if value.reference else ""
    return f"{value.destination} ({mechanism}{reference})"


def _say_certification(value: Certification) -> str:
    until = f", valid until {english_date(value.valid_until)}" if value.valid_until else ""
    scope = f", {value.scope}" if value.scope else ""
    return f"{value.name} ({_say_text(value.claim)}{scope}{until})"


def _say_contact(value: Contact) -> str:
    return f"{value.role} ({value.email or value.url or 'no address'})"


def _say_document(value: RelatedDocument) -> str:
    return f"{value.title} ({value.url})" if value.url else value.title


_WORDS: Mapping[type, Callable[[Any], str]] = MappingProxyType(
    {
        type(None): lambda _value: "nothing",
        bool: lambda value: "yes" if value else "no",
        str: _say_text,
        dt.date: english_date,
        tuple: lambda value: join([say(item) for item in value]),
        dict: lambda value: join([f"{name}: {text}" for name, text in value.items()]),
        Location: _say_location,
        Condition: _say_condition,
        Transfer: _say_transfer,
        Certification: _say_certification,
        Identifier: lambda value: f"{value.scheme.upper()} {value.value}",
        Contact: _say_contact,
        Exclusion: lambda value: value.title,
        RelatedDocument: _say_document,
        ShortNotice: lambda value: value.reason,
        Withdrawn: lambda value: value.reason,
    }
)
