"""What a thief of keys gets and what finds it, as a table: ``python tests/attacks/stolen_keys.py`` writes it.

A row is a set of stolen keys, beside the web host; a cell is what three customers' runs end with, and the
check that finds it: one who remembers, a stranger who has the root's digest, and one who asks for a witness.
``test_stolen_keys`` carries every cell out.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from theft import DOCUMENT, FEED, FORGERIES, LOG, ONE_ROOT, ONLINE, ROOT, TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PAGE = Path(__file__).parents[2] / "docs/what-a-thief-gets.md"

Cell = tuple[str, ...]
"""Code and check, for everybody alike or for each of the three; 0 stands for an undisturbed run."""

_HOST: Sequence[Cell] = (
    ("12 V25",),
    ("12 V05",),
    ("12 V25",),
    ("12 V34",),
    ("12 V25",),
    ("14 V02", "13 V02", "13 V02"),
)
_VOUCHES: Sequence[Cell] = (
    ("0, new keys reported", "0", "17 V09"),
    ("15 V10", "0", "17 V09"),
    ("12 V34",),
    ("12 V34",),
    ("15 V30",),
    ("14 V10", "0", "0"),
)
"""Who can sign targets and timestamp: alone, or by a root that says so."""


def _row(cells: Sequence[Cell], **changed: Cell) -> Mapping[str, Cell]:
    row = dict(zip(FORGERIES, cells, strict=True))
    return row | {name.replace("_", " "): cell for name, cell in changed.items()}


TABLE: Mapping[frozenset[str], Mapping[str, Cell]] = {
    frozenset(keys): row
    for keys, row in (
        ((), _row(_HOST)),
        ((DOCUMENT,), _row(_HOST)),
        ((LOG,), _row(_HOST, another_history=("15 V25",))),
        ((FEED,), _row(_HOST, the_feed=("18 V25",))),
        ((TARGETS,), _row(_HOST)),
        ((ONLINE,), _row(_HOST, an_older_version=("14 V02", "0", "0"))),
        ((ONE_ROOT,), _row([("16 V02",)] * len(_HOST))),
        ((TARGETS, ONLINE), _row(_VOUCHES)),
        ((ROOT,), _row(_VOUCHES)),
        ((ROOT, DOCUMENT), _row(_VOUCHES, the_feed=("16 V20",), the_JSON_Feed=("0",))),
        ((ROOT, LOG), _row(_VOUCHES, a_next_version=("0, new keys reported", "0", "0"))),
    )
}
"""What is not here follows from it: see ``expected``."""

PAIRS = [
    frozenset(pair)
    for pair in itertools.combinations((DOCUMENT, LOG, FEED, TARGETS, ONLINE, ONE_ROOT, ROOT), 2)
    if set(pair) != {ONE_ROOT, ROOT}
]
SETS = [*(keys for keys in TABLE if len(keys) < 2), *PAIRS]


def expected(keys: frozenset[str]) -> Mapping[str, Cell]:
    """Return the row of a set: its own, or for each forgery what one of its keys brings beyond the host."""
    if keys in TABLE:
        return TABLE[keys]
    if ROOT in keys:
        return TABLE[frozenset({ROOT})]
    rows = [TABLE[frozenset({key})] for key in keys - {ONE_ROOT}]
    host = TABLE[frozenset()]
    return {name: next((row[name] for row in rows if row[name] != host[name]), host[name]) for name in host}


def render() -> str:
    """Return the table of docs/what-a-thief-gets.md."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in _lines())


def _lines() -> Iterator[Sequence[str]]:
    yield ("stolen, and the web host", *FORGERIES)
    yield ("---",) * (len(FORGERIES) + 1)
    for keys, row in TABLE.items():
        yield (_named(keys), *(" / ".join(cell) for cell in row.values()))


def _named(keys: frozenset[str]) -> str:
    return (
        " and ".join(
            f"*{key}*" for key in (ROOT, TARGETS, ONLINE, DOCUMENT, LOG, FEED, ONE_ROOT) if key in keys
        )
        or "no key"
    )


def table_of_the_page() -> str:
    """Return the table as it stands in docs/what-a-thief-gets.md."""
    lines = PAGE.read_text("utf-8").splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith("| stolen, and the web host"))
    return "".join(itertools.takewhile(lambda line: line.startswith("|"), lines[first:]))


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    PAGE.write_text(text.replace(table_of_the_page(), render()), "utf-8")
