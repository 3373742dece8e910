"""Documents of other releases: what their writers knew, and what this program knows of them.

Two programs of different minor numbers are compared by what both know. A field that joined the format
later than its writer's number is taken as never said; what a planned change sets that is not known here
is left out, and named.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from register_api.core.field_forms import FORMAT_MINOR, JOINED
from register_api.core.model import Engagement, Register, Subprocessor
from register_api.core.planned_changes import typed
from register_api.errors import Malformed

T = TypeVar("T")
Owner = TypeVar("Owner", Subprocessor, Engagement)

PlanKey = tuple[str, str | None, str]
"""A planned change: id of the vendor, id of its engagement or ``None``, and its own."""


def as_known_at(value: T, minor: int) -> T:
    """Return a document without what joined the format later than a minor number."""
    if minor >= FORMAT_MINOR:
        return value
    known: T = _known(value, minor)
    return known


def _known(value: Any, minor: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_known(item, minor) for item in value)
    if not isinstance(value, msgspec.Struct):
        return value
    joined = _joined(type(value))
    fields = {
        name: _known(getattr(value, name), minor) if joined[name][0] <= minor else joined[name][1]
        for name in value.__struct_fields__
    }
    return replace(value, **fields)


@functools.cache
def _joined(kind: type[msgspec.Struct]) -> dict[str, tuple[int, Any]]:
    """Return with which minor number each field joined the format, and what it says where it is left out."""
    return {field.name: (_minor_of(field.type), field.default) for field in msgspec.structs.fields(kind)}


def _minor_of(annotation: Any) -> int:
    for meta in getattr(annotation, "__metadata__", ()):
        comment = str((getattr(meta, "extra_json_schema", None) or {}).get("$comment", ""))
        if comment.startswith(JOINED):
            return int(comment.removeprefix(JOINED))
    return 0


def without_unknown(register: Register) -> tuple[Register, frozenset[PlanKey]]:
    """Return a register whose planned changes set what is known here, and those that set more."""
    unknown = frozenset(_setting_more(register))
    if not unknown:
        return register, unknown
    vendors = []
    for vendor in register.subprocessors:
        engagements = tuple(_without(item, (vendor.id, item.id), unknown) for item in vendor.engagements)
        vendors.append(replace(_without(vendor, (vendor.id, None), unknown), engagements=engagements))
    return replace(register, subprocessors=tuple(vendors)), unknown


def _setting_more(register: Register) -> Iterator[PlanKey]:
    for vendor in register.subprocessors:
        owners: list[tuple[str | None, Subprocessor | Engagement]] = [(None, vendor)]
        owners += [(use.id, use) for use in vendor.engagements]
        for engagement, owner in owners:
            for plan in owner.planned:
                if not all(_is_known(type(owner), name, value) for name, value in plan.set.items()):
                    yield vendor.id, engagement, plan.id


def _is_known(kind: type[msgspec.Struct], name: str, value: Any) -> bool:
    try:
        typed(kind, name, value)
    except Malformed:
        return False
    return True


def _without(owner: Owner, key: tuple[str, str | None], unknown: frozenset[PlanKey]) -> Owner:
    planned = []
    for plan in owner.planned:
        known = {name: value for name, value in plan.set.items() if _is_known(type(owner), name, value)}
        planned.append(replace(plan, set=known) if (*key, plan.id) in unknown else plan)
    return replace(owner, planned=tuple(planned))
