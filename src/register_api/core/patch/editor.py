"""A JSON document under change by a patch: what is written to is copied first, and all work is counted."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from register_api.core.patch.pointer import list_index, member
from register_api.errors import Inconsistent, Malformed

MAX_NODES = 4_000_000
"""Most values that the operations of one patch may put in place or compare, nested ones counted."""

MAX_DEPTH = 96
"""Deepest nesting of a value that an operation puts in place."""

MAX_SHIFTS = 2_000_000_000
"""Most members of arrays and objects that may be copied or shifted, over all operations."""


class Editor:
    """One document; a container is copied before it is first written to.

    Attributes:
        document: The document as it stands now.
    """

    def __init__(self, document: Any) -> None:
        self.document = document
        self._owned: dict[int, Any] = {}
        self._nodes = MAX_NODES
        self._shifts = MAX_SHIFTS

    def find(self, path: list[str]) -> Any:
        """Return the value at a path."""
        value = self.document
        for name in path:
            value = member(value, name)
        return value

    def share(self, path: list[str]) -> Any:
        """Return the value at a path so that it may stand in two places: nothing is owned any more."""
        self._owned.clear()
        return self.find(path)

    def add(self, path: list[str], value: Any) -> None:
        """Insert into an array or set a member of an object (RFC 6902 section 4.1)."""
        self.measure(value)
        if not path:
            self.document = value
            return
        parent, name = self._open(path[:-1]), path[-1]
        if isinstance(parent, list):
            index = len(parent) if name == "-" else list_index(name, len(parent) + 1)
            self._spend_shifts(len(parent) - index)
            parent.insert(index, value)
        else:
            parent[name] = value

    def remove(self, path: list[str]) -> None:
        """Take a member away (RFC 6902 section 4.2)."""
        if not path:
            raise Inconsistent("a patch cannot take the whole document away")
        parent, name = self._open(path[:-1]), path[-1]
        member(parent, name)
        if isinstance(parent, list):
            self._spend_shifts(len(parent) - int(name))
            del parent[int(name)]
        else:
            del parent[name]

    def replace(self, path: list[str], value: Any) -> None:
        """Put a value in the place of one that is there (RFC 6902 section 4.3)."""
        self.measure(value)
        if not path:
            self.document = value
            return
        parent, name = self._open(path[:-1]), path[-1]
        member(parent, name)
        parent[int(name) if isinstance(parent, list) else name] = value

    def measure(self, value: Any) -> None:
        """Count a value and all inside it, and refuse what is too deep or too much."""
        level = [value]
        for _ in range(MAX_DEPTH):
            self._nodes -= len(level)
            if self._nodes < 0:
                raise Malformed(f"a patch that handles more than {MAX_NODES} values")
            level = list(chain.from_iterable(map(_members, filter(_is_container, level))))
            if not level:
                return
        raise Malformed(f"a patch that nests deeper than {MAX_DEPTH} levels")

    def _open(self, path: list[str]) -> Any:
        """Return the container at a path, ready to be written to, as are all that lead to it."""
        self.document = container = self._own(self.document)
        for name in path:
            child = member(container, name)
            key = int(name) if isinstance(container, list) else name
            container[key] = child = self._own(child)
            container = child
        return container

    def _own(self, container: Any) -> Any:
        if id(container) in self._owned:
            return container
        if not isinstance(container, dict | list | tuple):
            raise Inconsistent("the patch looks for members in a value that has none")
        self._spend_shifts(len(container))
        copied: Any = dict(container) if isinstance(container, dict) else list(container)
        self._owned[id(copied)] = copied
        return copied

    def _spend_shifts(self, count: int) -> None:
        self._shifts -= count
        if self._shifts < 0:
            raise Malformed("a patch that moves too much about")


def _is_container(value: Any) -> bool:
    return isinstance(value, dict | list | tuple)


def _members(container: Any) -> Iterable[Any]:
    found: Iterable[Any] = container.values() if isinstance(container, dict) else container
    return found
