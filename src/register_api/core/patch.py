"""JSON Patch (RFC 6902): computes the patch between two documents, and applies one.

Lists of objects with an ``id`` are compared by entry, so that an edited vendor is a small operation; other
lists are replaced as a whole. Patches are treated as hostile: their work is limited, and they apply
completely or raise. Input documents are not modified: changed containers are copied.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from register_api.errors import Inconsistent, Malformed

Path = tuple[str | int, ...]

MAX_OPERATIONS = 500_000
"""Maximum number of operations in a patch."""

MAX_NODES = 4_000_000
"""Maximum number of values, including nested ones, that one patch may insert or compare."""

MAX_DEPTH = 96
"""Maximum nesting of an inserted value."""

MAX_COPIED = 2_000_000_000
"""Maximum number of array and object members copied, over all operations."""

MAX_TOKENS = 64
"""Maximum number of reference tokens in a pointer."""

_BAD_ESCAPE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")

_sorted_bytes = msgspec.json.Encoder(order="sorted").encode


def make_patch(older: Any | None, newer: Any) -> list[dict[str, Any]]:
    """Return the operations that turn one document into the other exactly."""
    if older is None:
        return [_operation("add", (), value=newer)]
    return list(_compare((), older, newer))


def _compare(path: Path, older: Any, newer: Any) -> Iterator[dict[str, Any]]:
    """Yield the operations that turn one value into the other."""
    if _same(older, newer):
        return
    if isinstance(older, dict) and isinstance(newer, dict):
        for name in sorted(older.keys() - newer.keys()):
            yield _operation("remove", (*path, name))
        for name in sorted(newer):
            if name in older:
                yield from _compare((*path, name), older[name], newer[name])
            else:
                yield _operation("add", (*path, name), value=newer[name])
        return
    before, after = _keyed(older), _keyed(newer)
    if before is not None and after is not None:
        yield from _compare_keyed(path, before, after)
    else:
        yield _operation("replace", path, value=newer)


def _compare_keyed(path: Path, older: dict[str, Any], newer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Remove, move, insert, and only then edit, so that edits use the indices of the newer list."""
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


def _keyed(entries: Any) -> dict[str, Any] | None:
    """Return the entries of a list by id, or ``None`` if an id is missing or duplicated."""
    if not isinstance(entries, list | tuple):
        return None
    found = {}
    for entry in entries:
        name = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name in found:
            return None
        found[name] = entry
    return found


def _operation(name: str, path: Path, **members: Any) -> dict[str, Any]:
    return {"op": name, "path": format_pointer(path), **members}


def plan_moves(older: Sequence[Any], newer: Sequence[Any]) -> list[tuple[int, int]]:
    """Return the minimal moves that turn one order into the other, to be applied in sequence.

    The items that stay are a longest increasing subsequence (C. Schensted, "Longest increasing and decreasing
    subsequences", 1961); every other item moves once, to just after its new predecessor.
    """
    current, place = list(older), {item: index for index, item in enumerate(older)}
    kept = {newer[index] for index in _longest_increasing([place[item] for item in newer])}
    moves = []
    for index, item in enumerate(newer):
        if item not in kept:
            source = current.index(item)
            current.remove(item)
            target = current.index(newer[index - 1]) + 1 if index else 0
            current.insert(target, item)
            moves.append((source, target))
    return [move for move in moves if move[0] != move[1]]


def _longest_increasing(numbers: Sequence[int]) -> list[int]:
    """Return the indices of a longest strictly increasing subsequence, last first."""
    tails: list[int] = []
    ends: list[int] = []  # index of the last number of the best subsequence of each length
    previous: list[int] = []
    for index, number in enumerate(numbers):
        length = bisect_left(tails, number)
        previous.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [number]
        ends[length : length + 1] = [index]
    found = []
    index = ends[-1] if ends else -1
    while index >= 0:
        found.append(index)
        index = previous[index]
    return found


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON (RFC 6902 section 4.6): ``true`` differs from 1, and member order is irrelevant."""
    return bool(one == other) and _sorted_bytes(one) == _sorted_bytes(other)


def apply_patch(document: Any, patch: Any) -> Any:
    """Return a document with a patch applied.

    Raises:
        Malformed: Not a valid patch, or one that exceeds the limits.
        Inconsistent: It does not apply to the document.
    """
    if not isinstance(patch, list | tuple):
        raise Malformed("a patch is a list of operations")
    if len(patch) > MAX_OPERATIONS:
        raise Malformed(f"a patch of {len(patch)} operations where {MAX_OPERATIONS} are allowed")
    editor = _Editor(document)
    for number, operation in enumerate(patch):
        try:
            editor.apply(operation)
        except (Malformed, Inconsistent) as error:
            raise type(error)(f"operation {number} of the patch: {error.message}") from error
    return editor.document


class _Editor:
    """The document after the operations so far, and the remaining budget."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self._nodes = MAX_NODES
        self._copied = MAX_COPIED

    def apply(self, operation: Any) -> None:
        if not isinstance(operation, dict):
            raise Malformed("an operation is an object")
        name, path = operation.get("op"), parse_pointer(operation.get("path"))
        match name:
            case "add" | "replace":
                self._put(path, _value(operation), insert=name == "add")
            case "remove":
                self._remove(path)
            case "move":
                source = parse_pointer(operation.get("from"))
                if path[: len(source)] == source and len(path) > len(source):
                    raise Inconsistent("a value cannot move into itself")
                value = self._find(source)
                if path != source:
                    self._remove(source)
                    self._put(path, value, insert=True)
            case "copy":
                self._put(path, self._find(parse_pointer(operation.get("from"))), insert=True)
            case "test":
                value = _value(operation)
                self._measure(value)
                if not _same(self._find(path), value):
                    raise Inconsistent("a test of the patch does not hold")
            case _:
                raise Malformed(f"no operation is called {str(name)[:20]!r}")

    def _find(self, path: list[str]) -> Any:
        value = self.document
        for name in path:
            value = member(value, name)
        return value

    def _put(self, path: list[str], value: Any, *, insert: bool) -> None:
        """Add a value (RFC 6902 section 4.1), or replace one (section 4.3)."""

        def put(parent: Any, name: str) -> None:
            if insert and isinstance(parent, list):
                parent.insert(len(parent) if name == "-" else list_index(name, len(parent) + 1), value)
            else:
                if not insert:
                    member(parent, name)
                parent[_key(parent, name)] = value

        self._measure(value)
        self.document = self._changed(self.document, path, put) if path else value

    def _remove(self, path: list[str]) -> None:
        if not path:
            raise Inconsistent("a patch cannot remove the whole document")

        def remove(parent: Any, name: str) -> None:
            member(parent, name)
            del parent[_key(parent, name)]

        self.document = self._changed(self.document, path, remove)

    def _changed(self, container: Any, path: list[str], change: Callable[[Any, str], None]) -> Any:
        """Return a copy of a container in which the last container on a path is changed."""
        if not isinstance(container, dict | list | tuple):
            raise Inconsistent("the patch refers to members of a value that has none")
        self._copied -= len(container)
        if self._copied < 0:
            raise Malformed("a patch that copies too much")
        copied: Any = dict(container) if isinstance(container, dict) else list(container)
        name, *rest = path
        if rest:
            copied[_key(copied, name)] = self._changed(member(copied, name), rest, change)
        else:
            change(copied, name)
        return copied

    def _measure(self, value: Any) -> None:
        """Deduct a value and its nested values from the budget; refuse too many or too deep ones."""
        level = [value]
        for _ in range(MAX_DEPTH):
            self._nodes -= len(level)
            if self._nodes < 0:
                raise Malformed(f"a patch that handles more than {MAX_NODES} values")
            level = [
                inner
                for each in level
                if isinstance(each, dict | list | tuple)
                for inner in (each.values() if isinstance(each, dict) else each)
            ]
            if not level:
                return
        raise Malformed(f"a patch that nests deeper than {MAX_DEPTH} levels")


def _value(operation: dict[str, Any]) -> Any:
    if "value" not in operation:
        raise Malformed("an operation lacks its value")
    return operation["value"]


def _key(container: Any, token: str) -> int | str:
    return int(token) if isinstance(container, list) else token


def format_pointer(tokens: Iterable[str | int]) -> str:
    """Return the JSON pointer for a path of names and indices (RFC 6901 section 3)."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def parse_pointer(text: object) -> list[str]:
    """Return the unescaped reference tokens of a pointer (RFC 6901 sections 3 and 4).

    Raises:
        Malformed: Not a string, no leading slash, a bad escape, or more than ``MAX_TOKENS`` tokens.
    """
    if not isinstance(text, str):
        raise Malformed("a JSON pointer is not a string")
    if not text:
        return []
    if not text.startswith("/") or _BAD_ESCAPE.search(text):
        raise Malformed(f"{text[:80]!r} is not a JSON pointer")
    if text.count("/") > MAX_TOKENS:
        raise Malformed(f"a JSON pointer has more than {MAX_TOKENS} parts")
    return [token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/")]


def list_index(token: str, length: int) -> int:
    """Return the array index that a token denotes (RFC 6901 section 4)."""
    if not _INDEX.fullmatch(token) or int(token) >= length:
        raise Inconsistent(f"the patch refers to position {token[:20]!r} in a list of {length}")
    return int(token)


def member(container: Any, token: str) -> Any:
    """Return the member of an object or array that a token denotes."""
    if isinstance(container, list | tuple):
        return container[list_index(token, len(container))]
    if isinstance(container, dict) and token in container:
        return container[token]
    raise Inconsistent(f"the patch refers to {token[:80]!r}, which is not there")
