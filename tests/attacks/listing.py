"""The list of all attacks, as a README: ``python tests/attacks/listing.py`` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from rooms import ATTACKS, ROOMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attack import Attack, Room

README = Path(__file__).parent / "README.md"

HEAD = """\
# Attacks

What a host that was taken over, a stranger on the way, a thief of keys or a careless publisher can do, and
what `register-api verify` must end with. `python tests/attacks/listing.py` writes this from the attacks
themselves; a test fails when they disagree.

Each attack is run through the command's own entry, over HTTP, against our service on a rewritten store and
against a plain static host; what is done on the way is run against a hostile server. Some are run as
processes of their own. `.venv/bin/python -m pytest tests/attacks` runs them, and says at its end how many
were run against what.

- *code*: the exit code, as [format.md](../../docs/format/commands.md) has it; 0 where nothing can or need
  be found.
- *found by*: the check that must find it, with that code; the other checks are made as well.
- *why*: where another code could be argued for, and what becomes of a lie that is not found.

The same lies about packages of evidence are in `tests/unit/verify/test_offline.py`; a changed bit in every
file of a really published tree is in `tests/e2e/test_tampering.py`; random damage is in
`tests/unit/verify/test_damage.py`.
"""


def render() -> str:
    """Return the README."""
    return "\n".join([HEAD, *_totals(), *(line for room in ROOMS for line in _room(room))]) + "\n"


def _totals() -> Iterator[str]:
    runs = sum(len(attack.hosts) for attack in ATTACKS)
    yield f"There are {len(ATTACKS)} attacks, which make {runs} runs.\n"
    yield "| room | attacks | about |"
    yield "|---|---|---|"
    for room in ROOMS:
        yield f"| [{room.name}](#{room.name.replace(' ', '-')}) | {len(room.attacks)} | {room.about} |"


def _room(room: Room) -> Iterator[str]:
    yield f"\n## {room.name}\n"
    yield "| attack | what is done | code | found by | why |"
    yield "|---|---|---|---|---|"
    yield from map(_row, room.attacks)


def _row(attack: Attack) -> str:
    cells = (attack.name, attack.sentence, str(attack.code), attack.check, attack.why)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    README.write_text(render(), "utf-8")
