"""Which engagements a question is about: every filter has to fit, any of its values will do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from register_api.core.api.answers import Name
from register_api.core.api.questions import AnswersQuery, SubprocessorsQuery
from register_api.core.countries import OPENLY_UNSTATED, regions_of, without_mechanism
from register_api.core.diff.document import changes_between
from register_api.core.model import ProductScope, Register, Subprocessor
from register_api.core.timeline import EngagementState, RegisterAsOf, version_known
from register_api.serve.answer.archive import Archive, check_version
from register_api.serve.answer.query import instant_or_day, listed
from register_api.serve.http.problems import Problem

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def _check_listed(query: SubprocessorsQuery, *registers: Register) -> None:
    """Refuse a category or a product that none of some versions has."""
    listed_in: dict[str, tuple[Name, str]] = {
        "category": ("no-such-category", "categories"),
        "product": ("no-such-product", "products"),
    }
    for parameter, (problem, members) in listed_in.items():
        there = tuple(dict.fromkeys(item.id for each in registers for item in getattr(each, members)))
        for id_ in sorted(getattr(query, parameter).difference(there)):
            detail = f"There is no {parameter} {id_}{listed(there)}."
            raise Problem(problem, detail, parameter=parameter, allowed=there)


def check_ids(query: AnswersQuery, register: Register) -> None:
    """Refuse a vendor or an engagement that a version does not have."""
    vendors = {vendor.id: vendor for vendor in register.subprocessors}
    for wanted in sorted(query.subprocessor.difference(vendors)):
        raise Problem("no-such-subprocessor", f"Version {register.version} has no sub-processor {wanted}.")
    asked = [vendors[name] for name in query.subprocessor] or register.subprocessors
    there = {engagement.id for vendor in asked for engagement in vendor.engagements}
    for wanted in sorted(query.engagement.difference(there)):
        raise Problem("no-such-engagement", f"Version {register.version} has no engagement {wanted} there.")


class Selection:
    """The engagements of one version that fit every filter of a question."""

    def __init__(self, archive: Archive, query: SubprocessorsQuery, known: RegisterAsOf) -> None:
        _check_listed(query, known.register, archive.register(archive.newest))
        self._query = query
        self._known = known
        self._changed = _changed_since(archive, query.changed_since, known)
        self._numbers = {_bare(number) for number in query.identifier}

    def of(self, vendor: Subprocessor) -> tuple[EngagementState, ...]:
        """Return the engagements of a vendor that fit, with where they stand."""
        return tuple(row for row in self._known.of(vendor) if self._fits(row))

    def lists(self, vendor: Subprocessor, found: tuple[EngagementState, ...]) -> bool:
        """Tell whether a vendor is part of the answer; one without engagements is if nothing is asked."""
        return bool(found) or (not vendor.engagements and not self._query.filters_anything())

    def _fits(self, row: EngagementState) -> bool:
        query, use, vendor = self._query, row.engagement, row.vendor
        asked = ((getattr(query, name), facet) for name, facet in _FACETS.items())
        changed = {(vendor.id, use.id), (vendor.id, None)}
        return (
            all(not wanted or not wanted.isdisjoint(facet(row)) for wanted, facet in asked)
            and (not query.product or _serves(use.products, query.product))
            and (not self._numbers or not self._numbers.isdisjoint(_numbers(row)))
            and (self._changed is None or not self._changed.isdisjoint(changed))
            and _says(query.entity, row.entity.legal_name or vendor.name)
            and _says(query.q, vendor.id, vendor.name, vendor.legal_name, *vendor.formerly, use.purpose)
        )


def _serves(scope: ProductScope | None, wanted: frozenset[str]) -> bool:
    """Tell whether any of some products uses an engagement; where nothing is stated, none is said to."""
    return scope is not None and (scope.all or not wanted.isdisjoint(scope.ids))


def _countries(row: EngagementState) -> AbstractSet[str]:
    """Return where processing happens, and the wide values that these places lie within."""
    countries = {location.country for location in row.engagement.locations or ()}
    return countries.union(*map(regions_of, countries))


def _mechanisms(row: EngagementState) -> AbstractSet[str]:
    """Return the mechanisms of all transfers, ``unstated`` for a place outside the EEA without one."""
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
"""By filter with several values: what an engagement says for it."""


def _numbers(row: EngagementState) -> set[str]:
    """Return the company numbers of the legal entity engaged, each also after its scheme."""
    stated = row.entity.identifiers or ()
    return {_bare(text) for item in stated for text in (item.value, f"{item.scheme}:{item.value}")}


def _bare(number: str) -> str:
    """Return a company number without spaces, in lower case."""
    return "".join(number.split()).casefold()


def _changed_since(
    archive: Archive, since: str | None, known: RegisterAsOf
) -> set[tuple[str | None, str | None]] | None:
    """Return the vendors and engagements that versions after a moment changed; ``None`` if not asked."""
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


def _says(wanted: str | None, *texts: str | None) -> bool:
    """Tell whether any of some texts has a part in it, regardless of case."""
    # The register's texts are NFC (docs/format/bytes.md); some keyboards and file systems are not.
    part = unicodedata.normalize("NFC", wanted or "").casefold()
    return not part or any(part in text.casefold() for text in texts if text)
