"""How many examples a property is tried with: each day some, in continuous integration all."""

from __future__ import annotations

import os

EVERY_EXAMPLE = os.environ.get("EXAMPLES") == "all"
"""``EXAMPLES=all``, which ``make test-all`` sets."""

_FEWEST = 10


def examples(most: int) -> int:
    """Return with how many examples to try a property: a quarter of those in full, chosen anew each run."""
    return most if EVERY_EXAMPLE else max(most // 4, min(most, _FEWEST))
