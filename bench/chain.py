"""P16: queries on a loaded chain of 1,000 vendors with 40 uses each.

.venv/bin/python bench/chain.py
"""

from __future__ import annotations

import datetime as dt
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

import goals

import sample_register
from register_api.core import model
from register_api.sending.database import opened
from register_api.watch.chain import load
from register_api.watch.chain_questions import by_company, by_country, outside_eea, paths_to
from register_api.watch.schema import STEPS
from register_api.watch.vendor_uses import rewrite_uses
from register_api.watch.vendors import Vendor, interests_of, save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from register_api.sending.database import Database
    from register_api.watch.chain import Chain

VENDORS = 1_000
USES = 40
TIMES = 5
GIANTS = 50
"""Number of companies with a third of all uses; the rest is spread over 2,000 companies."""

MAX_MS = 100
DAY = dt.date(2026, 5, 10)
PLACES = ("DE", "FI", "IE", "US", "US", "IN", "SG", "GB", "BR", "worldwide")


def _listed(number: int, chance: random.Random) -> model.Subprocessor:
    place = model.Location(country=chance.choice(PLACES))
    use = sample_register.engagement("use", "operations", locations=(place,))
    return model.Subprocessor(
        id=f"c{number}", name=f"Company {number}", domain=f"c{number}.example", engagements=(use,)
    )


def fill(database: Database) -> None:
    """Record a register for each vendor; vendors are sub-processors of each other."""
    chance = random.Random(16)  # noqa: S311 - examples, no secret
    for number in range(VENDORS):
        vendor = Vendor(id=f"v{number}", name=f"Company {number}", website=f"https://c{number}.example/")
        used: set[int] = set()
        while len(used) < USES:
            used.add(chance.randrange(GIANTS) if chance.random() < 1 / 3 else chance.randrange(2 * VENDORS))
        register = sample_register.register(
            subprocessors=tuple(_listed(each, chance) for each in sorted(used)),
            publisher=model.Publisher(name=vendor.name, time_zone="UTC", language="en"),
        )
        with database.transaction() as run:
            save(run, vendor)
            rewrite_uses(run, vendor.id, interests_of(vendor), register)


def questions(chain: Chain) -> dict[str, Callable[[], object]]:
    """Return all queries; those about a company ask for a large one."""
    giant = chain.find("c0.example")
    return {
        "uses": lambda: paths_to(chain, giant),
        "depends-on": lambda: paths_to(chain, giant, None),
        "outside-eea": lambda: outside_eea(chain),
        "concentration by company": lambda: by_company(chain),
        "concentration by country": lambda: by_country(chain),
    }


def measure(folder: Path) -> Iterator[goals.Result]:
    """Fill a database, load the chain, and run all queries."""
    with opened(str(folder / "chain.sqlite3"), STEPS) as database:
        fill(database)
        begun = time.process_time()
        chain = load(database, DAY)
        print(f"{len(chain.uses)} uses loaded in {time.process_time() - begun:.2f} s")
    for name, ask in questions(chain).items():
        took = statistics.median(_took(ask) for _ in range(TIMES))
        yield goals.Result(f"P16: chain, {name}", took * 1000, MAX_MS, "ms")


def _took(ask: Callable[[], object]) -> float:
    begun = time.process_time()
    ask()
    return time.process_time() - begun


if __name__ == "__main__":
    goals.run(measure)
