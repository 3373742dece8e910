"""Which engagements a question is about: every filter has to fit, any of its values will do."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from register_api.serve.answer.query import listed
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from register_api.core.api.queries import AnswersQuery, SubprocessorsQuery
    from register_api.core.bitemporal import EngagementState, RegisterAsOf
    from register_api.core.model import Engagement, Register, Subprocessor


def check_categories(query: SubprocessorsQuery, *registers: Register) -> None:
    """Refuse a category that neither of some versions has."""
    known = dict.fromkeys(category.id for register in registers for category in register.categories)
    for wanted in sorted(query.category.difference(known)):
        detail = f"Version {registers[0].version} has no category {wanted}{listed(tuple(known))}."
        raise Problem("no-such-category", detail, parameter="category", allowed=tuple(known))


def check_ids(query: AnswersQuery, register: Register) -> None:
    """Refuse a vendor or an engagement that a version does not have.

    Raises:
        Problem: It names the first that is not there.
    """
    vendors = {vendor.id: vendor for vendor in register.subprocessors}
    for wanted in sorted(query.subprocessor.difference(vendors)):
        raise Problem("no-such-subprocessor", f"Version {register.version} has no sub-processor {wanted}.")
    asked = [vendors[name] for name in query.subprocessor] or register.subprocessors
    there = {engagement.id for vendor in asked for engagement in vendor.engagements}
    for wanted in sorted(query.engagement.difference(there)):
        raise Problem("no-such-engagement", f"Version {register.version} has no engagement {wanted} there.")


def matching(
    vendor: Subprocessor, query: SubprocessorsQuery, known: RegisterAsOf
) -> tuple[EngagementState, ...]:
    """Return the engagements of a vendor that fit every filter, with where they stand."""
    # The register's texts are NFC (docs/format.md, Bytes); some keyboards and file systems are not.
    text = unicodedata.normalize("NFC", query.q or "").casefold()
    named = _says(text, vendor.id, vendor.name, vendor.legal_name, *vendor.formerly)
    return tuple(
        row
        for row in known.of(vendor)
        if _fits(row.engagement, query)
        and (named or _says(text, row.engagement.purpose))
        and (not query.state or row.state in query.state)
    )


def is_listed(vendor: Subprocessor, found: tuple[EngagementState, ...], query: SubprocessorsQuery) -> bool:
    """Tell whether a vendor is part of the answer; one without engagements is if nothing is asked."""
    return bool(found) or (not vendor.engagements and not query.filters_anything())


def _fits(engagement: Engagement, query: SubprocessorsQuery) -> bool:
    countries = {location.country for location in engagement.locations}
    return (
        (not query.status or engagement.status in query.status)
        and (not query.category or engagement.category in query.category)
        and (not query.data_scope or not query.data_scope.isdisjoint(engagement.data_scope))
        and (not query.country or not query.country.isdisjoint(countries))
    )


def _says(wanted: str, *texts: str | None) -> bool:
    return not wanted or any(wanted in text.casefold() for text in texts if text)
