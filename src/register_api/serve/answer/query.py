"""Strict parsing of query parameters, and the selection of engagements.

Unknown names and values are rejected: ignoring a misspelt filter would answer another question. Filters are
combined with AND, the values of one filter with OR.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from register_api.core.api.answers import Name
from register_api.core.api.questions import (
    MAX_VALUE_LENGTH,
    MAX_VALUES,
    AnswersQuery,
    Parameter,
    SubprocessorsQuery,
    parameters_of,
)
from register_api.core.countries import OPENLY_UNSTATED, regions_of, without_mechanism
from register_api.core.diff.document import changes_between
from register_api.core.model import ProductScope, Register, Subprocessor
from register_api.core.timeline import EngagementState
from register_api.serve.answer.archive import Archive, RegisterAsOf, check_version, version_known
from register_api.serve.http.problems import Problem

T = TypeVar("T", bound=msgspec.Struct)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)
"""RFC 3339 section 5.6; fractions of a second are allowed, since many programs print them."""


def read_query(query_string: bytes, query: type[T], in_path: Mapping[str, str]) -> T:
    """Parse a query string into its struct.

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
        if len(before) == MAX_VALUES:
            raise bad_value(name, f"is given more than {MAX_VALUES} times")
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
        return parse_qsl(query_string.decode("ascii"), max_num_fields=500, **strictly)
    except ValueError:
        raise Problem("bad-parameter", "The part after the question mark cannot be read.") from None


def _check_value(parameter: Parameter, value: str) -> None:
    name = parameter.name
    if not value:
        raise bad_value(name, f"is empty{listed(parameter.shape.codes)}", parameter.allowed)
    if len(value) > MAX_VALUE_LENGTH:
        raise bad_value(name, f"is longer than {MAX_VALUE_LENGTH} characters")
    if not parameter.accepts(value):
        expected = listed(parameter.shape.codes) or f"; expected: {parameter.expected}"
        raise bad_value(name, f"cannot be {value!r}{expected}", parameter.allowed)


def bad_value(name: str, what: str, allowed: Sequence[str] = ()) -> Problem:
    """Return the problem for an invalid parameter value."""
    detail = f"The parameter {name} {what}."
    return Problem("bad-parameter", detail, parameter=name, allowed=allowed or None)


def listed(values: Sequence[str]) -> str:
    """Return valid values as the end of a sentence; empty if they cannot be listed."""
    return f"; valid values: {', '.join(values)}" if values else ""


def instant_or_day(name: str, text: str | None) -> dt.datetime | dt.date | None:
    """Return a value as an aware datetime or a date, or ``None`` if it is missing."""
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


_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def _check_listed(query: SubprocessorsQuery, *registers: Register) -> None:
    listed_in: dict[str, tuple[Name, str]] = {
        "category": ("no-such-category", "categories"),
        "product": ("no-such-product", "products"),
    }
    for parameter, (problem, members) in listed_in.items():
        there = tuple(dict.fromkeys(item.id for each in registers for item in getattr(each, members)))
        for id_ in sorted(getattr(query, parameter).difference(there)):
            detail = f"Unknown {parameter} {id_}{listed(there)}."
            raise Problem(problem, detail, parameter=parameter, allowed=there)


def check_ids(query: AnswersQuery, register: Register) -> None:
    """Raise the problem if a vendor or engagement is not in the register."""
    vendors = {vendor.id: vendor for vendor in register.subprocessors}
    for wanted in sorted(query.subprocessor.difference(vendors)):
        raise Problem("no-such-subprocessor", f"Version {register.version} has no sub-processor {wanted}.")
    asked = [vendors[name] for name in query.subprocessor] or register.subprocessors
    there = {engagement.id for vendor in asked for engagement in vendor.engagements}
    for wanted in sorted(query.engagement.difference(there)):
        raise Problem("no-such-engagement", f"Version {register.version} has no engagement {wanted} there.")


class Selection:
    """The engagements of one version that match every filter of a query."""

    def __init__(self, archive: Archive, query: SubprocessorsQuery, known: RegisterAsOf) -> None:
        _check_listed(query, known.register, archive.register(archive.newest))
        self._query = query
        self._known = known
        self._changed = _changed_since(archive, query.changed_since, known)
        self._numbers = {_bare(number) for number in query.identifier}

    def of(self, vendor: Subprocessor) -> tuple[EngagementState, ...]:
        """Return the matching engagements of a vendor, with their state."""
        return tuple(row for row in self._known.of(vendor) if self._matches(row))

    def lists(self, vendor: Subprocessor, found: tuple[EngagementState, ...]) -> bool:
        """Return whether a vendor is listed; one without engagements is if no filter is set."""
        return bool(found) or (not vendor.engagements and not self._query.filters_anything())

    def _matches(self, row: EngagementState) -> bool:
        query, use, vendor = self._query, row.engagement, row.vendor
        asked = ((getattr(query, name), facet) for name, facet in _FACETS.items())
        changed = {(vendor.id, use.id), (vendor.id, None)}
        return (
            all(not wanted or not wanted.isdisjoint(facet(row)) for wanted, facet in asked)
            and (not query.product or _serves(use.products, query.product))
            and (not self._numbers or not self._numbers.isdisjoint(_numbers(row)))
            and (self._changed is None or not self._changed.isdisjoint(changed))
            and _contains(query.entity, row.entity.legal_name or vendor.name)
            and _contains(query.q, vendor.id, vendor.name, vendor.legal_name, *vendor.formerly, use.purpose)
        )


def _serves(scope: ProductScope | None, wanted: frozenset[str]) -> bool:
    """Return whether an engagement is stated to serve any of the products."""
    return scope is not None and (scope.all or not wanted.isdisjoint(scope.ids))


def _countries(row: EngagementState) -> AbstractSet[str]:
    """Return the countries of processing and the regions that contain them."""
    countries = {location.country for location in row.engagement.locations or ()}
    return countries.union(*map(regions_of, countries))


def _mechanisms(row: EngagementState) -> AbstractSet[str]:
    """Return the transfer mechanisms, with ``unstated`` for a location outside the EEA without one."""
    stated = {transfer.mechanism for transfer in row.engagement.transfers or ()}
    return stated | ({OPENLY_UNSTATED} if without_mechanism(row.engagement) else set())


_FACETS: Mapping[str, Callable[[EngagementState], AbstractSet[str]]] = {
    "status": lambda row: {row.engagement.status},
    "state": lambda row: {row.state},
    "category": lambda row: {row.engagement.category},
    "country": _countries,
    "data_scope": lambda row: set(row.engagement.data_scope or ()),
    "mechanism": _mechanisms,
}
"""Values of an engagement, by filter."""


def _numbers(row: EngagementState) -> set[str]:
    """Return the company numbers of the engaged entity, with and without the scheme."""
    stated = row.entity.identifiers or ()
    return {_bare(text) for item in stated for text in (item.value, f"{item.scheme}:{item.value}")}


def _bare(number: str) -> str:
    return "".join(number.split()).casefold()


def _changed_since(
    archive: Archive, since: str | None, known: RegisterAsOf
) -> set[tuple[str | None, str | None]] | None:
    """Return vendors and engagements changed after a version or time; ``None`` if not requested."""
    if since is None:
        return None
    if _NUMBER.fullmatch(since):
        check_version(int(since), archive)
        version: int | None = int(since)
    else:
        version = version_known(archive, instant_or_day("changed_since", since))
    older = None if version is None else archive.register(min(version, known.register.version))
    found = changes_between(older, known.register, archive.promises)
    alone = {(change.subprocessor, change.engagement) for change in found}
    return alone | {(vendor, None) for change in found for vendor in change.affects}


def _contains(wanted: str | None, *texts: str | None) -> bool:
    """Return whether any text contains a string, ignoring case."""
    # The register is NFC (docs/format/bytes.md); input from some keyboards and file systems is not.
    part = unicodedata.normalize("NFC", wanted or "").casefold()
    return not part or any(part in text.casefold() for text in texts if text)
