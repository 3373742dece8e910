"""From one JSON document to another as a JSON Patch (RFC 6902), and back to the newer by applying it.

Lists of objects that carry an ``id`` (sub-processors, engagements, categories, statuses) are compared
entry by entry, so that one edited vendor is one small operation; what only stands elsewhere moves, in
as few moves as possible. Every other list is replaced whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from register_api.core.diff.plain import to_plain
from register_api.core.diff.sequence import plan_moves
from register_api.core.patch.apply import apply_patch
from register_api.core.patch.pointer import format_pointer

Path = tuple[str | int, ...]
Array = list[Any] | tuple[Any, ...]
Keyed = dict[str, Any]


__all__ = ["apply_patch", "make_patch"]

_encoder = msgspec.json.Encoder()


def make_patch(older: Any | None, newer: Any) -> list[dict[str, Any]]:
    """Return the operations that turn one document into another exactly."""
    if older is None:
        return [{"op": "add", "path": "", "value": to_plain(newer)}]
    found: list[dict[str, Any]] = to_plain(list(_compare((), older, newer)))
    return found


def _compare(path: Path, older: Any, newer: Any) -> Iterator[dict[str, Any]]:
    """Yield what turns one value into the other in its place."""
    if _same(older, newer):
        return
    if isinstance(older, dict) and isinstance(newer, dict):
        yield from _compare_objects(path, older, newer)
    elif isinstance(older, list | tuple) and isinstance(newer, list | tuple):
        yield from _compare_lists(path, older, newer)
    else:
        yield _operation("replace", path, value=newer)


def _compare_objects(path: Path, older: dict[str, Any], newer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in sorted(older.keys() - newer.keys()):
        yield _operation("remove", (*path, name))
    for name in sorted(newer):
        if name in older:
            yield from _compare((*path, name), older[name], newer[name])
        else:
            yield _operation("add", (*path, name), value=newer[name])


def _compare_lists(path: Path, older: Array, newer: Array) -> Iterator[dict[str, Any]]:
    """Compare entry by entry where every entry has an id of its own, else replace the list."""
    before, after = _keyed(older), _keyed(newer)
    if before is not None and after is not None:
        yield from _compare_keyed(path, before, after)
    elif not _same_members(older, newer):
        yield _operation("replace", path, value=newer)


def _compare_keyed(path: Path, older: Keyed, newer: Keyed) -> Iterator[dict[str, Any]]:
    """Take away, move, insert, and only then edit: so every index is that of the newer list at last."""
    for index, name in reversed(list(enumerate(older))):
        if name not in newer:
            yield _operation("remove", (*path, index))
    remaining = [name for name in older if name in newer]
    for source, target in plan_moves(remaining, [name for name in newer if name in older]):
        yield {"op": "move", "from": format_pointer((*path, source)), "path": format_pointer((*path, target))}
    for index, (name, entry) in enumerate(newer.items()):
        if name not in older:
            yield _operation("add", (*path, index), value=entry)
    for index, (name, entry) in enumerate(newer.items()):
        if name in older:
            yield from _compare((*path, index), older[name], entry)


def _keyed(entries: Array) -> Keyed | None:
    """Return the entries by id, or ``None`` where one has none or two share one."""
    found: Keyed = {}
    for entry in entries:
        name = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name in found:
            return None
        found[name] = entry
    return found


def _operation(name: str, path: Path, **members: Any) -> dict[str, Any]:
    return {"op": name, "path": format_pointer(path), **members}


def _same(one: Any, other: Any) -> bool:
    """Tell whether two values are surely the same: ``False`` may also mean names in another order.

    Python's ``==`` alone will not do, since ``True == 1``; it stops at the first difference, though.
    """
    if one != other or isinstance(one, str) or one is None:
        return bool(one == other)
    return _encoder.encode(one) == _encoder.encode(other)


def _same_members(one: Array, other: Array) -> bool:
    """Tell whether two lists say the same, whatever the order of names inside."""
    return len(one) == len(other) and all(
        next(_compare((), *pair), None) is None for pair in zip(one, other, strict=True)
    )
