"""Which engagements a question is about: every filter has to fit, any of its values will do."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import msgspec

from register_api.core.forms import WIDE_COUNTRIES
from register_api.serve.answer.query import bad_value
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.core.model import Engagement, Register, Subprocessor
    from register_api.core.two_clocks import AsKnown, Standing

_COUNTRY = re.compile(r"[A-Z]{2}")


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of an engagement; an empty filter fits all.

    Attributes:
        subprocessor: Ids of vendors.
        engagement: Ids of engagements.
        q: Text to find in a vendor's names or an engagement's purpose, case-folded.
    """

    subprocessor: frozenset[str] = frozenset()
    engagement: frozenset[str] = frozenset()
    status: frozenset[str] = frozenset()
    state: frozenset[str] = frozenset()
    category: frozenset[str] = frozenset()
    country: frozenset[str] = frozenset()
    data_scope: frozenset[str] = frozenset()
    q: str = ""

    def fields(self) -> list[tuple[str, str]]:
        """Return the filters as names and values of a query, in one order."""
        chosen = [(name, value) for name in _CHOICES for value in sorted(getattr(self, name))]
        return [*chosen, *([("q", self.q)] if self.q else [])]


_CHOICES = ("subprocessor", "engagement", "status", "state", "category", "country", "data_scope")
"""Filters that fit if any of their values does."""


def filters_in(values: Mapping[str, tuple[str, ...]]) -> Filters:
    """Return the filters among a question's parameters.

    Raises:
        Problem: A country is neither a code nor one of the wide values.
    """
    for country in values.get("country", ()):
        if not (_COUNTRY.fullmatch(country) or country in WIDE_COUNTRIES):
            what = f"cannot be {country!r}; it is an ISO 3166-1 alpha-2 code or a wide value"
            raise bad_value("country", what, tuple(sorted(WIDE_COUNTRIES)))
    chosen = {name: frozenset(values.get(name, ())) for name in _CHOICES}
    # The register's texts are NFC (docs/format.md, Bytes); some keyboards and file systems are not.
    text = unicodedata.normalize("NFC", values.get("q", ("",))[0])
    return Filters(**chosen, q=text.casefold())


def check_categories(filters: Filters, *registers: Register) -> None:
    """Refuse a category that neither of some versions has.

    Raises:
        Problem: It lists the categories there are.
    """
    known = dict.fromkeys(category.id for register in registers for category in register.categories)
    for category in sorted(filters.category.difference(known)):
        raise bad_value("category", f"cannot be {category!r}", tuple(known))


def check_ids(filters: Filters, register: Register) -> None:
    """Refuse a vendor or an engagement that a version does not have.

    Raises:
        Problem: It names the first that is not there.
    """
    vendors = {vendor.id: vendor for vendor in register.subprocessors}
    for wanted in sorted(filters.subprocessor.difference(vendors)):
        raise Problem("no-such-subprocessor", f"Version {register.version} has no sub-processor {wanted}.")
    asked = [vendors[name] for name in filters.subprocessor] or register.subprocessors
    there = {engagement.id for vendor in asked for engagement in vendor.engagements}
    for wanted in sorted(filters.engagement.difference(there)):
        raise Problem("no-such-engagement", f"Version {register.version} has no engagement {wanted} there.")


def matching(vendor: Subprocessor, filters: Filters, known: AsKnown) -> tuple[Standing, ...]:
    """Return the engagements of a vendor that fit every filter, with where they stand."""
    if filters.subprocessor and vendor.id not in filters.subprocessor:
        return ()
    named = _says(filters.q, vendor.id, vendor.name, vendor.legal_name, *vendor.formerly)
    return tuple(
        row
        for row in known.of(vendor)
        if _fits(row.engagement, filters)
        and (named or _says(filters.q, row.engagement.purpose))
        and (not filters.state or row.state in filters.state)
    )


def is_listed(vendor: Subprocessor, found: tuple[Standing, ...], filters: Filters) -> bool:
    """Tell whether a vendor is part of the answer; one without engagements is if nothing is asked."""
    return bool(found) or (not vendor.engagements and filters == Filters())


def _fits(engagement: Engagement, filters: Filters) -> bool:
    countries = {location.country for location in engagement.locations}
    return (
        (not filters.engagement or engagement.id in filters.engagement)
        and (not filters.status or engagement.status in filters.status)
        and (not filters.category or engagement.category in filters.category)
        and (not filters.data_scope or not filters.data_scope.isdisjoint(engagement.data_scope))
        and (not filters.country or not filters.country.isdisjoint(countries))
    )


def _says(wanted: str, *texts: str | None) -> bool:
    return not wanted or any(wanted in text.casefold() for text in texts if text)
