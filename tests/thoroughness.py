"""How many examples or cases are tried: some in everyday runs, all in continuous integration."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

EVERY_EXAMPLE = os.environ.get("EXAMPLES") == "all"
"""Whether ``EXAMPLES=all`` is set, as by ``make test-all``."""

_FEWEST = 10
_SHARE = 4


def examples(most: int) -> int:
    """Return the number of examples for a property: a quarter in everyday runs, drawn afresh each time."""
    return most if EVERY_EXAMPLE else max(most // _SHARE, min(most, _FEWEST))


def cases(every: Sequence[T]) -> Sequence[T]:
    """Return all cases of a sweep; in everyday runs each fourth, from a start drawn afresh each time."""
    if EVERY_EXAMPLE or not every:
        return every
    start = random.randrange(min(_SHARE, len(every)))  # noqa: S311 - not a secret
    return every[start::_SHARE]
