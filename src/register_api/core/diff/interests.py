"""Which changes belong into which of the feeds by interest (docs/format/feeds.md, Feeds by interest)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from register_api.core.diff.changes import Change
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.model import Register, Subprocessor

KINDS = (tree.FEED_IMPORTANT, tree.FEED_CATEGORY, tree.FEED_SUBPROCESSOR)
"""The feeds by interest."""

IMPORTANT = frozenset(
    {
        "added", "activated", "replaced", "entity_changed", "relocated", "data_changed",
        "schedule_changed", "withdrawn", "cancelled", "policy_changed",
    }
)  # fmt: skip
"""Types of change that are important whatever is promised; what needs notice is, too.

Whoever was told of a plan is told what became of it, and what is promised from now on.
"""


def changes_by_feed(
    register: Register, changes: Iterable[Change], kinds: Iterable[FileKind] = KINDS
) -> dict[str, list[Change]]:
    """Return the changes of a version that each feed by interest tells, by the path of the feed.

    Args:
        register: The version.
        changes: What it changed.
        kinds: Which feeds.
    """
    vendors = {vendor.id: vendor for vendor in register.subprocessors}
    found: dict[str, list[Change]] = {}
    for kind in kinds:
        for change in changes:
            for path in _paths(change, kind, vendors, initial=register.version == 1):
                found.setdefault(path, []).append(change)
    return found


def tag_of(path: str) -> str:
    """Return what the id of a feed has after that of the main feed: ``/feed/important``."""
    return "/" + path.removesuffix(".atom")


def _paths(
    change: Change, kind: FileKind, vendors: dict[str, Subprocessor], *, initial: bool
) -> Iterable[str]:
    """Return which feeds of a kind a change belongs into."""
    concerned = dict.fromkeys(id_ for id_ in (change.subprocessor, *change.affects) if id_)
    if kind is tree.FEED_SUBPROCESSOR:
        return map(kind.path, concerned)
    if kind is tree.FEED_CATEGORY:
        return map(kind.path, _categories(change, [vendors[id_] for id_ in concerned if id_ in vendors]))
    is_important = change.notice.required or (change.type in IMPORTANT and not initial)
    return (kind.path(),) if is_important else ()


def _categories(change: Change, concerned: Sequence[Subprocessor]) -> set[str]:
    """Return ids of the categories that a change is about: of its use, else of all uses of its vendors."""
    found = {
        use.category
        for vendor in concerned
        for use in vendor.engagements
        if change.engagement in (None, use.id)
    }
    for field in change.fields:
        head, *rest = field.path.split(".")
        if head == "category":
            found |= {value for value in (field.before, field.after) if isinstance(value, str)}
        elif head == "categories" and change.subprocessor is None and rest:
            found.add(rest[0])
    return found
