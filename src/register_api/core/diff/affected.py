"""Which uses and changes concern a customer, by products, settings and kinds of data.

A superfluous notice is better than a missing one: facts that the register does not state, and interests
that match none of its terms, count as concerning the customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from register_api.core.changes import Change, FieldChange
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.model import Condition, Engagement, EngagementSource, Register, Subprocessor


class Interests(msgspec.Struct, frozen=True):
    """What a customer uses of a vendor; an empty field means everything.

    ``settings`` are values by the key of a condition, or else by its type, all in lower case.
    """

    products: frozenset[str] = frozenset()
    data: frozenset[str] = frozenset()
    settings: dict[str, frozenset[str]] = {}


class Concern:
    """Decides which uses and changes of a register (the newer of two) concern a customer."""

    def __init__(self, interests: Interests, register: Register) -> None:
        self._vendors = {vendor.id: vendor for vendor in register.subprocessors}
        self._settings = _known_settings(interests, register)
        listed = {product.id for product in register.products}
        self._tests: dict[str, Callable[[EngagementSource], bool]] = {}
        if interests.products and interests.products <= listed:
            self._tests["products"] = lambda use: (
                use.products is None
                or use.products.all
                or not interests.products.isdisjoint(use.products.ids)
            )
        if interests.data:
            self._tests["data_scope"] = lambda use: (
                use.data_scope is None or not interests.data.isdisjoint(use.data_scope)
            )
        if self._settings:
            self._tests["conditions"] = lambda use: self._may_hold(use.conditions)

    def covers_use(self, use: EngagementSource) -> bool:
        """Return whether a use concerns the customer."""
        return all(test(use) for test in self._tests.values())

    def covers_change(self, change: Change) -> bool:
        """Return whether a change concerns the customer: by a use that does, or by no use in particular."""
        uses = _uses_of(change, self._vendors)
        if not uses or not self._tests:
            return True
        if change.fields and all(map(self._is_only_elsewhere, change.fields)):
            return False
        moved = {part for field in change.fields for part in field.path.split(".")}
        moved = moved if change.kind == "changed" else set()
        tests = [test for name, test in self._tests.items() if name not in moved]
        return any(all(test(use) for test in tests) for use in uses)

    def _may_hold(self, conditions: Iterable[Condition]) -> bool:
        """Return whether no condition is known to be false."""
        for condition in conditions:
            ours = self._settings.get((condition.key or "").casefold()) or self._settings.get(condition.type)
            if ours and condition.value is not None:
                value = condition.value.casefold()
                if ours == {value} if condition.negated else value not in ours:
                    return False
        return True

    def _is_only_elsewhere(self, field: FieldChange) -> bool:
        """Return whether only locations changed that are used for other customers."""
        if not self._settings or field.path.rpartition(".")[2] != "locations":
            return False
        before, after = self._relevant_places(field.before), self._relevant_places(field.after)
        return before is not None and before == after

    def _relevant_places(self, value: Any) -> list[Any] | None:
        """Return the locations that may be used for the customer; ``None`` if not stated."""
        if not isinstance(value, list):
            return None
        kind = tuple[Condition, ...]
        try:
            return [place for place in value if self._may_hold(msgspec.convert(place["conditions"], kind))]
        except (KeyError, TypeError, msgspec.ValidationError):
            return None


def _uses_of(change: Change, vendors: Mapping[str, Subprocessor]) -> list[Engagement]:
    """Return the use that a change is about, else all uses of its vendors."""
    concerned = (vendors[id_] for id_ in _vendors_of(change) if id_ in vendors)
    return [use for item in concerned for use in item.engagements if change.engagement in {None, use.id}]


def _vendors_of(change: Change) -> list[str]:
    return [id_ for id_ in dict.fromkeys((change.subprocessor, *change.affects)) if id_]


def _known_settings(interests: Interests, register: Register) -> dict[str, frozenset[str]]:
    """Return the settings whose values all occur in conditions of the register."""
    known: dict[str, set[str]] = {}
    for use in (use for vendor in register.subprocessors for use in vendor.engagements):
        of_places = (item for place in use.locations or () for item in place.conditions)
        for condition in (*use.conditions, *of_places):
            for name in {condition.type, (condition.key or condition.type).casefold()}:
                known.setdefault(name, set()).add((condition.value or "").casefold())
    return {name: ours for name, ours in interests.settings.items() if ours <= known.get(name, set())}


KINDS = (tree.FEED_IMPORTANT, tree.FEED_CATEGORY, tree.FEED_SUBPROCESSOR)
"""Feeds on a subset of the changes."""

IMPORTANT = frozenset(
    {
        "added", "activated", "replaced", "entity_changed", "relocated", "data_changed",
        "schedule_changed", "withdrawn", "cancelled", "policy_changed",
    }
)  # fmt: skip
"""Types of change that are always important; changes that require notice are, too.

Readers who were notified of a plan also learn its outcome, and changes of the notice promise.
"""


def changes_by_feed(
    register: Register, changes: Iterable[Change], kinds: Iterable[FileKind] = KINDS
) -> dict[str, list[Change]]:
    """Return the changes of a version by path of the feed that reports them."""
    vendors = {vendor.id: vendor for vendor in register.subprocessors}
    found: dict[str, list[Change]] = {}
    for kind in kinds:
        for change in changes:
            for path in _paths(change, kind, vendors, initial=register.version == 1):
                found.setdefault(path, []).append(change)
    return found


def tag_of(path: str) -> str:
    """Return the suffix of a feed's id after that of the main feed: ``/feed/important``."""
    return "/" + path.removesuffix(".atom")


def _paths(
    change: Change, kind: FileKind, vendors: dict[str, Subprocessor], *, initial: bool
) -> Iterable[str]:
    """Return the feeds of a kind that report a change."""
    if kind is tree.FEED_SUBPROCESSOR:
        return map(kind.path, _vendors_of(change))
    if kind is tree.FEED_CATEGORY:
        return map(kind.path, _categories(change, vendors))
    is_important = change.notice.required or (change.type in IMPORTANT and not initial)
    return (kind.path(),) if is_important else ()


def _categories(change: Change, vendors: dict[str, Subprocessor]) -> set[str]:
    """Return the categories of a change: that of its use, else those of all uses of its vendors."""
    found = {use.category for use in _uses_of(change, vendors)}
    for field in change.fields:
        head, *rest = field.path.split(".")
        if head == "category":
            found |= {value for value in (field.before, field.after) if isinstance(value, str)}
        elif head == "categories" and change.subprocessor is None and rest:
            found.add(rest[0])
    return found
