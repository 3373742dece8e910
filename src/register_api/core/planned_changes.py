"""What holds on a day: the base fields with every planned change that has taken effect.

They apply in order of ``effective_on``, then of position (docs/format/register.md, PlannedChange). One that
sets what it cannot is ``Malformed`` wherever it is asked for.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, get_type_hints

import msgspec

from register_api.core import model
from register_api.core.struct_fields import to_plain
from register_api.core.text import printable
from register_api.errors import Malformed

ALL = "all"


def read_scope(value: Any) -> Any:
    """Return the products that a source names, ``"all"`` or ids, as the wire has them; all else as it is."""
    if value == ALL:
        return {"all": True, "ids": []}
    return {"all": False, "ids": value} if isinstance(value, list) else value


def written_scope(scope: model.ProductScope) -> str | list[str]:
    """Return what a source says in place of the struct."""
    return ALL if scope.all else list(scope.ids)


Owner = TypeVar("Owner", bound="model.EngagementSource | model.AnyVendor")
E = TypeVar("E", bound=model.EngagementSource)
V = TypeVar("V", bound=model.AnyVendor)

ONE_DAY = dt.timedelta(days=1)

_NOT_SETTABLE = frozenset(
    {
        "id", "starts_on", "ends_on", "announced", "engagements", "planned", "cancelled", "short_notice",
        "withdrawn",
    }
)  # fmt: skip
"""Fields of an owner that no planned change may set: dates have fields of their own, ids last."""


def plan_owners(vendor: model.AnyVendor) -> Iterator[tuple[str | None, Any]]:
    """Yield what may have planned changes: the vendor with ``None``, each engagement with its id."""
    yield None, vendor
    for engagement in vendor.engagements:
        yield engagement.id, engagement


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
    return dict(to_plain({name: typed(kind, name, value) for name, value in values.items()}))


def same_set(
    kind: type[msgspec.Struct], one: model.PlannedChangeSource, other: model.PlannedChangeSource
) -> bool:
    """Tell whether two planned changes set the same fields to the same values, however they are written."""
    return plain(kind, one.set) == plain(kind, other.set)


def in_effect(planned: Iterable[model.PlannedChangeSource], day: dt.date) -> list[model.PlannedChangeSource]:
    """Return the planned changes that hold on a day, in the order in which they apply."""
    return sorted(
        (item for item in planned if item.cancelled is None and item.effective_on <= day),
        key=lambda item: item.effective_on,
    )


def with_change(owner: Owner, change: model.PlannedChangeSource) -> Owner:
    """Return an owner with what a planned change sets; what was available and is used now starts that day."""
    kind = type(owner)
    values = {name: typed(kind, name, value) for name, value in change.set.items()}
    if isinstance(owner, model.EngagementSource) and "status" in values:
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
    return replanned(vendor, lambda id_, of: (item for item in of.planned if (id_, item.id) not in left_out))


def replanned(vendor: V, plans: Callable[[str | None, Any], Iterable[model.PlannedChangeSource]]) -> V:
    """Return a vendor with other planned changes, of itself and of each engagement."""
    replace = msgspec.structs.replace
    uses = tuple(replace(item, planned=tuple(plans(item.id, item))) for item in vendor.engagements)
    return replace(vendor, planned=tuple(plans(None, vendor)), engagements=uses)


def vendor_before(vendor: V, engagement: str | None, change: model.PlannedChangeSource) -> V:
    """Return a vendor as it holds just before a planned change takes effect."""
    day_before = max(change.effective_on, dt.date.min + ONE_DAY) - ONE_DAY
    return vendor_on(without(vendor, {(engagement, change.id)}), day_before)


def fields_set(
    vendor: model.AnyVendor, engagement: str | None, change: model.PlannedChangeSource
) -> Iterator[tuple[str, Any, Any]]:
    """Yield each field that a planned change changes, as it is the day before and from its day on."""
    before_it = plan_owners(vendor_before(vendor, engagement, change))
    held = next(owner for id_, owner in before_it if id_ == engagement)
    for name, value in change.set.items():
        before, after = getattr(held, name, None), typed(type(held), name, value)
        if before != after:
            yield name, before, after


def days_of_effect(vendors: Iterable[model.AnyVendor]) -> list[dt.date]:
    """Return each day on which a planned change that is not cancelled takes effect, in order."""
    return sorted(
        {
            change.effective_on
            for vendor in vendors
            for _, owner in plan_owners(vendor)
            for change in owner.planned
            if change.cancelled is None
        }
    )
