"""Sub-processor chains found by trying every walk, without the program's search."""

from __future__ import annotations

from typing import NamedTuple


class Listed(NamedTuple):
    """A use: user, used company, country, and whether it concerns us."""

    user: int
    used: int
    country: str
    concerns: bool


def walks(uses: list[Listed], start: int, depth: int) -> list[tuple[Listed, ...]]:
    """Return every walk of at most ``depth`` steps from a company that begins with a use concerning us."""
    found = [(use,) for use in uses if use.user == start and use.concerns]
    level = list(found)
    for _ in range(depth - 1):
        level = [
            (*walk, use)
            for walk in level
            if walk[-1].user != walk[-1].used  # a use within one company is not a step
            for use in uses
            if use.user == walk[-1].used
        ]
        found += level
    return found


def depth_to(uses: list[Listed], start: int, target: int, depth: int) -> int | None:
    """Return the length of the shortest walk from one company to another."""
    steps = [use for use in uses if use.user != use.used]
    return min((len(walk) for walk in walks(steps, start, depth) if walk[-1].used == target), default=None)


def countries(uses: list[Listed], start: int, depth: int) -> dict[str, int]:
    """Return each country reachable from a company, with the minimum number of steps."""
    found: dict[str, int] = {}
    for walk in walks(uses, start, depth):
        found[walk[-1].country] = min(len(walk), found.get(walk[-1].country, len(walk)))
    return found
