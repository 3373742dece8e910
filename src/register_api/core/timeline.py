"""States of vendors and engagements on any day (valid time), from one version of the register.

The state on a day is the base fields with every planned change that has taken effect, in order of
``effective_on``, then of position (docs/format/register.md, PlannedChange). Applying a planned change with
an unknown field or an invalid value raises ``Malformed``.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeVar, get_type_hints

import msgspec

from register_api.core import model
from register_api.core.struct_fields import to_plain
from register_api.core.text import printable
from register_api.errors import Malformed

ALL = "all"


def read_scope(value: Any) -> Any:
    """Convert a source's products, ``"all"`` or a list of ids, to the wire format; keep other values."""
    if value == ALL:
        return {"all": True, "ids": []}
    return {"all": False, "ids": value} if isinstance(value, list) else value


def written_scope(scope: model.ProductScope) -> str | list[str]:
    """Return a product scope as written in a source."""
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
"""Fields of a vendor or engagement that a planned change must not set."""


def plan_owners(vendor: model.AnyVendor) -> Iterator[tuple[str | None, Any]]:
    """Yield the owners of planned changes: the vendor with ``None``, each engagement with its id."""
    yield None, vendor
    for engagement in vendor.engagements:
        yield engagement.id, engagement


@functools.cache
def settable(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the fields that a planned change may set, with their types."""
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__ if name not in _NOT_SETTABLE}


def typed(kind: type[msgspec.Struct], name: str, value: Any) -> Any:
    """Convert a value set by a planned change to the type of the owner's field."""
    types, value = settable(kind), read_scope(value) if name == "products" else value
    if name not in types:
        raise Malformed(f"a planned change cannot set {ascii(name)[:60]}")
    try:
        return msgspec.convert(value, types[name])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Malformed(f"a planned change sets {name}: {printable(error)}") from error


def plain(kind: type[msgspec.Struct], values: dict[str, Any]) -> dict[str, Any]:
    """Return the values set by a planned change as JSON, with every member of every object present."""
    return dict(to_plain({name: typed(kind, name, value) for name, value in values.items()}))


def same_set(
    kind: type[msgspec.Struct], one: model.PlannedChangeSource, other: model.PlannedChangeSource
) -> bool:
    """Tell whether two planned changes set the same fields to equal values."""
    return plain(kind, one.set) == plain(kind, other.set)


def in_effect(planned: Iterable[model.PlannedChangeSource], day: dt.date) -> list[model.PlannedChangeSource]:
    """Return the planned changes in effect on a day, in the order in which they apply."""
    return sorted(
        (item for item in planned if item.cancelled is None and item.effective_on <= day),
        key=lambda item: item.effective_on,
    )


def with_change(owner: Owner, change: model.PlannedChangeSource) -> Owner:
    """Apply a planned change; an available engagement that becomes used starts on that day."""
    kind = type(owner)
    values = {name: typed(kind, name, value) for name, value in change.set.items()}
    if isinstance(owner, model.EngagementSource) and "status" in values:
        if values["status"] == "available":
            values |= {"starts_on": None, "ends_on": None}
        elif owner.status == "available":
            values["starts_on"] = change.effective_on
    return msgspec.structs.replace(owner, **values)


def engagement_on(engagement: E, day: dt.date) -> E:
    """Return an engagement in its state on a day, with its planned changes kept."""
    for change in in_effect(engagement.planned, day) if engagement.planned else ():
        engagement = with_change(engagement, change)
    return engagement


def coming_into_use(engagement: model.EngagementSource, day: dt.date) -> model.PlannedChangeSource | None:
    """Return the planned change after a day that brings an engagement into use that is then available."""
    then = engagement_on(engagement, day)
    if then.status != "available":
        return None
    for change in in_effect(engagement.planned, dt.date.max):
        if change.effective_on > day:
            then = with_change(then, change)
            if then.status != "available":
                return change
    return None


def vendor_on(vendor: V, day: dt.date) -> V:
    """Return a vendor and its engagements in their state on a day, with their planned changes kept."""
    for change in in_effect(vendor.planned, day) if vendor.planned else ():
        vendor = with_change(vendor, change)
    if not any(item.planned for item in vendor.engagements):
        return vendor
    engagements: Any = tuple(engagement_on(item, day) for item in vendor.engagements)
    return msgspec.structs.replace(vendor, engagements=engagements)


def without(vendor: V, left_out: set[tuple[str | None, str]]) -> V:
    """Return a vendor without some planned changes, given by ids of engagement (or ``None``) and change."""
    if not left_out:
        return vendor
    return replanned(vendor, lambda id_, of: (item for item in of.planned if (id_, item.id) not in left_out))


def replanned(vendor: V, plans: Callable[[str | None, Any], Iterable[model.PlannedChangeSource]]) -> V:
    """Return a vendor with the planned changes of itself and each engagement replaced by ``plans``."""
    replace = msgspec.structs.replace
    uses = tuple(replace(item, planned=tuple(plans(item.id, item))) for item in vendor.engagements)
    return replace(vendor, planned=tuple(plans(None, vendor)), engagements=uses)


def vendor_before(vendor: V, engagement: str | None, change: model.PlannedChangeSource) -> V:
    """Return a vendor in its state on the day before a planned change takes effect."""
    day_before = max(change.effective_on, dt.date.min + ONE_DAY) - ONE_DAY
    return vendor_on(without(vendor, {(engagement, change.id)}), day_before)


class FieldDelta(msgspec.Struct, frozen=True):
    """A field of a struct, with its values before and after."""

    kind: type[msgspec.Struct]
    name: str
    before: Any
    after: Any


def fields_set(
    vendor: model.AnyVendor, engagement: str | None, change: model.PlannedChangeSource
) -> Iterator[FieldDelta]:
    """Yield each field that a planned change alters."""
    day_before = plan_owners(vendor_before(vendor, engagement, change))
    before_change = next(owner for id_, owner in day_before if id_ == engagement)
    for name, value in change.set.items():
        before, after = getattr(before_change, name, None), typed(type(before_change), name, value)
        if before != after:
            yield FieldDelta(type(before_change), name, before, after)


State = Literal["announced", "in_force", "ended", "available", "withdrawn", "cancelled"]
"""State of an engagement on a day; only ``in_force`` is in use."""

PAST: frozenset[State] = frozenset({"ended", "withdrawn", "cancelled"})
"""Final states."""


def state_on(vendor: model.AnyVendor, engagement: model.EngagementSource, day: dt.date) -> State:
    """Return the state of an engagement on a day in the publisher's time zone (docs/format/register.md).

    Without ``starts_on`` it was in use before version 1, and is in force on every day until it ends.
    """
    if vendor.withdrawn is not None:
        return "withdrawn"
    if engagement.cancelled is not None:
        return "cancelled"
    engagement = engagement_on(engagement, day)
    if engagement.status == "available":
        return "available"
    if engagement.ends_on is not None and engagement.ends_on <= day:
        return "ended"
    if engagement.starts_on is not None and engagement.starts_on > day:
        return "announced"
    return "in_force"


class EngagementState(msgspec.Struct, frozen=True, kw_only=True):
    """An engagement on a day, with its vendor and its state."""

    vendor: model.Subprocessor
    engagement: model.Engagement
    state: State

    @property
    def entity(self) -> model.Entity | model.Subprocessor:
        """The legal entity engaged: the engagement's own, else the vendor."""
        return self.engagement.entity or self.vendor


def engagement_states(register: model.Register, day: dt.date) -> tuple[EngagementState, ...]:
    """Return the states of all engagements of a register on a day, in the register's order."""
    return tuple(row for vendor in register.subprocessors for row in vendor_states(vendor, day))


def vendor_states(vendor: model.Subprocessor, day: dt.date) -> tuple[EngagementState, ...]:
    """Return the states of a vendor's engagements on a day in the publisher's time zone."""
    then = vendor_on(vendor, day)
    return tuple(
        EngagementState(vendor=then, engagement=engagement, state=state_on(then, engagement, day))
        for engagement in then.engagements
    )
