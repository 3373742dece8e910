"""What holds on a day: the base fields with every planned change that has taken effect.

The base fields of a vendor or an engagement say what holds now; a planned change has a day of its own
(effective dating). The state on day D is the base with every planned change that is not cancelled and
has ``effective_on`` <= D, in order of ``effective_on``, then of position (docs/format/register.md,
PlannedChange). Timeline, rules, notice, diff, pages, exports and the verifier all ask here. A change that
sets what it cannot is ``Malformed`` wherever it is asked for.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar, get_type_hints

import msgspec

from register_api.core.model import (
    EngagementSource,
    PlannedChangeSource,
    ProductScope,
    Subprocessor,
    SubprocessorSource,
)
from register_api.core.struct_fields import to_plain
from register_api.core.text import printable
from register_api.errors import Malformed

ALL = "all"


def read_scope(value: Any) -> Any:
    """Return what a source says as JSON has it on the wire; what it cannot say, as it stands.

    Args:
        value: ``"all"``, a list of ids, or what else stands there.
    """
    if value == ALL:
        return {"all": True, "ids": []}
    return {"all": False, "ids": value} if isinstance(value, list) else value


def written_scope(scope: ProductScope) -> str | list[str]:
    """Return what a source says in place of the struct."""
    return ALL if scope.all else list(scope.ids)


Owner = TypeVar("Owner", bound="EngagementSource | SubprocessorSource | Subprocessor")
E = TypeVar("E", bound=EngagementSource)
V = TypeVar("V", bound="SubprocessorSource | Subprocessor")

ONE_DAY = dt.timedelta(days=1)

_NOT_SETTABLE = frozenset(
    {
        "id", "starts_on", "ends_on", "announced", "engagements", "planned", "cancelled", "short_notice",
        "withdrawn",
    }
)  # fmt: skip
"""Fields of an owner that no planned change may set: dates have fields of their own, ids last."""


@functools.cache
def settable(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the fields that a planned change of an owner may set, with their types."""
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__ if name not in _NOT_SETTABLE}


def typed(kind: type[msgspec.Struct], name: str, value: Any) -> Any:
    """Return the value that a planned change sets as the owner's field has it."""
    types, value = settable(kind), read_scope(value) if name == "products" else value
    if name not in types:
        raise Malformed(f"a planned change cannot set {ascii(name)[:60]}")
    try:
        return msgspec.convert(value, types[name])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Malformed(f"a planned change sets {name}: {printable(error)}") from error


def plain(kind: type[msgspec.Struct], values: dict[str, Any]) -> dict[str, Any]:
    """Return what a planned change sets as JSON has it: every member of every object present."""
    found: dict[str, Any] = to_plain({name: typed(kind, name, value) for name, value in values.items()})
    return found


def same_set(kind: type[msgspec.Struct], one: PlannedChangeSource, other: PlannedChangeSource) -> bool:
    """Tell whether two planned changes set the same fields to the same values, however they are written."""
    return plain(kind, one.set) == plain(kind, other.set)


def in_effect(planned: Iterable[PlannedChangeSource], day: dt.date) -> list[PlannedChangeSource]:
    """Return the planned changes that hold on a day, in the order in which they apply."""
    return sorted(
        (item for item in planned if item.cancelled is None and item.effective_on <= day),
        key=lambda item: item.effective_on,
    )


def with_change(owner: Owner, change: PlannedChangeSource) -> Owner:
    """Return an owner with what one planned change sets.

    An engagement that was available and is used from then on starts on that day: it has never been in
    use before.
    """
    kind = type(owner)
    values = {name: typed(kind, name, value) for name, value in change.set.items()}
    if isinstance(owner, EngagementSource) and "status" in values:
        if values["status"] == "available":
            values |= {"starts_on": None, "ends_on": None}
        elif owner.status == "available":
            values["starts_on"] = change.effective_on
    return msgspec.structs.replace(owner, **values)


def engagement_on(engagement: E, day: dt.date) -> E:
    """Return an engagement as it holds on a day; its list of planned changes stays."""
    for change in in_effect(engagement.planned, day) if engagement.planned else ():
        engagement = with_change(engagement, change)
    return engagement


def vendor_on(vendor: V, day: dt.date) -> V:
    """Return a vendor and its engagements as they hold on a day; their lists of planned changes stay."""
    for change in in_effect(vendor.planned, day) if vendor.planned else ():
        vendor = with_change(vendor, change)
    if not any(item.planned for item in vendor.engagements):
        return vendor
    engagements: Any = tuple(engagement_on(item, day) for item in vendor.engagements)
    return msgspec.structs.replace(vendor, engagements=engagements)


def without(vendor: V, left_out: set[tuple[str | None, str]]) -> V:
    """Return a vendor without some planned changes: id of the engagement or ``None``, and of the change."""
    if not left_out:
        return vendor
    engagements: Any = tuple(
        msgspec.structs.replace(
            item, planned=tuple(change for change in item.planned if (item.id, change.id) not in left_out)
        )
        for item in vendor.engagements
    )
    planned: Any = tuple(change for change in vendor.planned if (None, change.id) not in left_out)
    return msgspec.structs.replace(vendor, planned=planned, engagements=engagements)


def vendor_before(vendor: V, engagement: str | None, change: PlannedChangeSource) -> V:
    """Return a vendor as it holds just before a planned change takes effect."""
    day_before = max(change.effective_on, dt.date.min + ONE_DAY) - ONE_DAY
    return vendor_on(without(vendor, {(engagement, change.id)}), day_before)


def fields_set(
    vendor: SubprocessorSource | Subprocessor, engagement: str | None, change: PlannedChangeSource
) -> Iterator[tuple[str, Any, Any]]:
    """Yield each field that a planned change changes, as it is the day before and from its day on.

    Args:
        vendor: The vendor.
        engagement: Id of the engagement that the change is of; ``None`` for one of the vendor itself.
        change: The planned change.
    """
    held: Any = vendor_before(vendor, engagement, change)
    if engagement is not None:
        held = next(item for item in held.engagements if item.id == engagement)
    for name, value in change.set.items():
        before, after = getattr(held, name, None), typed(type(held), name, value)
        if before != after:
            yield name, before, after


def vendors_on(vendors: Sequence[V], day: dt.date) -> tuple[V, ...]:
    """Return vendors as they hold on a day."""
    return tuple(vendor_on(vendor, day) for vendor in vendors)


def days_of_effect(vendors: Iterable[SubprocessorSource | Subprocessor]) -> list[dt.date]:
    """Return each day on which a planned change that is not cancelled takes effect, in order."""
    return sorted(
        {
            change.effective_on
            for vendor in vendors
            for planned in (vendor.planned, *(item.planned for item in vendor.engagements))
            for change in planned
            if change.cancelled is None
        }
    )
