"""The state on any day as known on any day: valid time and transaction time, from one stored version.

What holds on a day is the base fields with every planned change that has taken effect, in order of
``effective_on``, then of position (docs/format/register.md, PlannedChange). A change that sets what it cannot
is ``Malformed`` wherever it is asked for.
"""

from __future__ import annotations

import bisect
import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, Protocol, TypeVar, get_type_hints

import msgspec

from register_api.core import model
from register_api.core.instant import local_day
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
    day_before = plan_owners(vendor_before(vendor, engagement, change))
    held = next(owner for id_, owner in day_before if id_ == engagement)
    for name, value in change.set.items():
        before, after = getattr(held, name, None), typed(type(held), name, value)
        if before != after:
            yield name, before, after


State = Literal["announced", "in_force", "ended", "available", "withdrawn", "cancelled"]
"""Where an engagement stands on a day; only ``in_force`` is in use."""

PAST: frozenset[State] = frozenset({"ended", "withdrawn", "cancelled"})
"""States in which there is nothing left to look after."""


def state_on(vendor: model.AnyVendor, engagement: model.EngagementSource, day: dt.date) -> State:
    """Say where an engagement stands on a day in the publisher's time zone (docs/format/register.md).

    Without ``starts_on`` it was used before version 1, so it is in force on every day until it ends.
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


class AsOf(msgspec.Struct, frozen=True, kw_only=True):
    """When a question is about: a day, and what was published by an instant or a day, or a version.

    Without ``known_at`` and ``version`` it is about the newest version.
    """

    on: dt.date
    known_at: dt.datetime | dt.date | None = None
    version: int | None = None


class StoredVersions(Protocol):
    """Where versions are read from: each when it is asked for."""

    @property
    def published(self) -> Sequence[dt.datetime]:
        """When each version was published (UTC), from version 1 on."""

    @property
    def zone(self) -> dt.tzinfo:
        """The publisher's time zone."""

    def register(self, version: int) -> model.Register:
        """Return the register as a version said it."""

    def sha256(self, version: int) -> str:
        """Return the SHA-256 (hex) of a version's register."""


class EngagementState(msgspec.Struct, frozen=True, kw_only=True):
    """An engagement as it holds on a day, with its vendor, and where it stands then."""

    vendor: model.Subprocessor
    engagement: model.Engagement
    state: State

    @property
    def entity(self) -> model.Entity | model.Subprocessor:
        """The legal entity engaged: that of this use, else the vendor."""
        return self.engagement.entity or self.vendor


class RegisterAsOf(msgspec.Struct, frozen=True, kw_only=True):
    """A day, in the publisher's time zone, as one version tells it."""

    register: model.Register
    sha256: str
    on: dt.date

    def of(self, vendor: model.Subprocessor) -> tuple[EngagementState, ...]:
        """Return where one vendor's engagements stand."""
        return vendor_states(vendor, self.on)

    def rows(self) -> tuple[EngagementState, ...]:
        """Return where every engagement stands, in the register's order of reading."""
        return engagement_states(self.register, self.on)


def register_as_of(versions: StoredVersions, as_of: AsOf) -> RegisterAsOf | None:
    """Return the state on a day as it was known then, from one version; ``None`` if none was published."""
    known = version_known(versions, as_of.known_at)
    version = as_of.version or known
    if known is None or version is None or version > known:
        return None
    register, sha256 = versions.register(version), versions.sha256(version)
    return RegisterAsOf(register=register, sha256=sha256, on=as_of.on)


def version_known(versions: StoredVersions, known_at: dt.datetime | dt.date | None) -> int | None:
    """Return the newest version that had been published by an instant or the end of a day."""
    if known_at is None:
        return len(versions.published) or None
    if isinstance(known_at, dt.datetime):
        return bisect.bisect_right(versions.published, known_at) or None
    # Where clocks go back over midnight a day has two ends, and a later version can be of an earlier day.
    days = (local_day(instant, versions.zone) for instant in versions.published)
    return max((version for version, day in enumerate(days, start=1) if day <= known_at), default=None)


def engagement_states(register: model.Register, day: dt.date) -> tuple[EngagementState, ...]:
    """Return where every engagement of a register stands on a day, in its order of reading."""
    return tuple(row for vendor in register.subprocessors for row in vendor_states(vendor, day))


def vendor_states(vendor: model.Subprocessor, day: dt.date) -> tuple[EngagementState, ...]:
    """Return where each engagement of a vendor stands on a day, in the publisher's time zone."""
    held = vendor_on(vendor, day)
    return tuple(
        EngagementState(vendor=held, engagement=engagement, state=state_on(held, engagement, day))
        for engagement in held.engagements
    )
