"""Who uses whom, by trying every walk: nothing of the program's search is used here."""

from __future__ import annotations

from typing import NamedTuple


class Listed(NamedTuple):
    """A use: by whom, of whom, where, and whether it serves us."""

    user: int
    used: int
    country: str
    concerns: bool


def walks(uses: list[Listed], start: int, depth: int) -> list[tuple[Listed, ...]]:
    """Return every walk of so many steps at most from a company, the first step one that serves us."""
    found = [(use,) for use in uses if use.user == start and use.concerns]
    level = list(found)
    for _ in range(depth - 1):
        level = [
            (*walk, use)
            for walk in level
            if walk[-1].user != walk[-1].used  # within one company it is no step
            for use in uses
            if use.user == walk[-1].used
        ]
        found += level
    return found


def depth_to(uses: list[Listed], start: int, target: int, depth: int) -> int | None:
    """Return how many steps the shortest walk from one company to another has."""
    steps = [use for use in uses if use.user != use.used]
    return min((len(walk) for walk in walks(steps, start, depth) if walk[-1].used == target), default=None)


def countries(uses: list[Listed], start: int, depth: int) -> dict[str, int]:
    """Return each country that a company reaches, with the least number of steps."""
    found: dict[str, int] = {}
    for walk in walks(uses, start, depth):
        found[walk[-1].country] = min(len(walk), found.get(walk[-1].country, len(walk)))
    return found
