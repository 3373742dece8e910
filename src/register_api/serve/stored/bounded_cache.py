"""A cache that never holds more than it may: what was used longest ago leaves first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """Least-recently-used cache, bounded by the sum of its values' costs.

    Attributes:
        limit: Largest sum of costs, e.g. bytes.
        cost: Sum of the costs of what is held.
    """

    def __init__(self, limit: int, cost_of: Callable[[Value], int] = lambda _: 1) -> None:
        """Make an empty cache."""
        self.limit = limit
        self.cost = 0
        self._cost_of = cost_of
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> Value | None:
        """Return a value, now the most recently used, or ``None``."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value and drop what was used longest ago until all fits."""
        old = self._values.pop(key, None)
        if old is not None:
            self.cost -= self._cost_of(old)
        cost = self._cost_of(value)
        if cost > self.limit:
            return
        self._values[key] = value
        self.cost += cost
        while self.cost > self.limit:
            _, dropped = self._values.popitem(last=False)
            self.cost -= self._cost_of(dropped)
