"""How many examples are tried for a property: some in everyday runs, all in continuous integration."""

from __future__ import annotations

import os

EVERY_EXAMPLE = os.environ.get("EXAMPLES") == "all"
"""Whether ``EXAMPLES=all`` is set, as by ``make test-all``."""

_FEWEST = 10


def examples(most: int) -> int:
    """Return the number of examples for a property: a quarter in everyday runs, drawn afresh each time."""
    return most if EVERY_EXAMPLE else max(most // 4, min(most, _FEWEST))
