"""What a changed field means: its type by the table, weighed by what was said before and why.

A fact stated for the first time is no change of fact; the same things in another order are no change at
all; a correction or an editorial version says of itself that nothing happened in the world. It may not hide
what the notice promise covers in its own right, nor a change of the promise or of dates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from register_api.core.changes import ChangeType
from register_api.core.diff.comparison import FieldDelta
from register_api.core.fields import change_of, is_wording
from register_api.core.model import Location, ProductScope, ReasonKind
from register_api.core.struct_fields import shapes

_STANDING = {"available": 0, "conditional": 1, "active": 2}

_CORRECTABLE: frozenset[ChangeType] = frozenset(
    {
        "replaced", "entity_changed", "relocated", "data_changed", "transfer_changed", "purpose_changed",
        "condition_changed", "renamed", "safeguards_changed", "certifications_changed", "category_changed",
        "details_changed",
    }
)  # fmt: skip
"""Types that are ``corrected`` in a correction, where a field says what happened."""


def type_of(kind: type[msgspec.Struct], change: FieldDelta, reason: ReasonKind) -> ChangeType:
    """Return the type of a change to one field."""
    if _is_reordered(change.before, change.after):
        return "reordered"
    if reason == "editorial" and is_reworded(kind, change):
        return "editorial"
    judge = _JUDGES.get(change.name)
    found = (judge and judge(change.before, change.after)) or change_of(kind, change.name)
    return "corrected" if reason == "correction" and found in _CORRECTABLE else found


def is_reworded(kind: type[msgspec.Struct], change: FieldDelta) -> bool:
    """Tell whether a change concerns words only, so that an editorial version may make it.

    What is said for the first time, or no more, is not words only; nor is one item more or less.
    """
    before, after = change.before, change.after
    if change.name == "locations" and before is not None and after is not None:
        return bool(_without_text(before) == _without_text(after))
    if is_empty(before) or is_empty(after) or not is_wording(kind, change.name):
        return False
    return not isinstance(after, tuple) or len(before) == len(after)


def is_empty(value: object) -> bool:
    """Tell whether a field says nothing: ``None``, an empty text or an empty list."""
    return value is None or (isinstance(value, str | tuple | dict) and not value)


def is_unstated(kind: type[msgspec.Struct], name: str, value: object) -> bool:
    """Tell whether a field is not stated: ``None``, and an empty list only of what cannot be ``None``."""
    return value is None if shapes(kind)[name].is_optional else is_empty(value)


def _type_of_locations(before: tuple[Location, ...] | None, after: tuple[Location, ...] | None) -> ChangeType:
    """Type a change of locations: by where things happen, then when, then words.

    ``relocated`` is a country, a place, the default or an activity that came or went;
    ``condition_changed`` touches only when a location is used; ``details_changed`` only its text, or
    names a place for the first time.
    """
    before, after = before or (), after or ()
    if _where(before, after) != _where(after, before):
        return "relocated"
    older, newer = (Counter((item.country, item.conditions) for item in side) for side in (before, after))
    return "condition_changed" if older != newer else "details_changed"


def _where(locations: tuple[Location, ...], others: tuple[Location, ...]) -> Counter[Any]:
    """Count what happens where; a place is left out in a country for which one side names none."""
    unnamed = {item.country for item in (*locations, *others) if item.place is None}
    return Counter(
        (
            item.country,
            None if item.country in unnamed else item.place,
            item.is_default,
            frozenset(item.activities),
        )
        for item in locations
    )


def _without_text(locations: tuple[Location, ...]) -> Counter[Location]:
    return Counter(msgspec.structs.replace(location, text=None) for location in locations)


def _is_reordered(before: object, after: object) -> bool:
    """Tell whether two lists have the same members in another order."""
    if isinstance(before, ProductScope) and isinstance(after, ProductScope):
        return before.all == after.all and _is_reordered(before.ids, after.ids)
    if not isinstance(before, tuple) or not isinstance(after, tuple):
        return False
    return len(before) == len(after) and Counter(before) == Counter(after)


_JUDGES: Mapping[str, Callable[[Any, Any], ChangeType | None]] = {
    # To say for the first time who somebody is, is not to become somebody else.
    **dict.fromkeys(
        ("legal_name", "seat", "entity"), lambda old, _: "details_changed" if old is None else None
    ),
    "status": lambda old, new: "activated" if _STANDING[new] > _STANDING[old] else "deactivated",
    "locations": _type_of_locations,
    "replaces": lambda old, new: "replaced" if set(new) - set(old) else "details_changed",
    # To be withdrawn counts once; another reason for it is a detail.
    "withdrawn": lambda old, new: None if old is None else "added" if new is None else "details_changed",
    "ends_on": lambda old, _: "ended" if old is None else None,
}
"""Fields whose type depends on what they said before."""
