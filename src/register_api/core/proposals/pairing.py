"""Who leaves and who arrives, side by side: which pairs are worth a look, and which stand alone."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from register_api.core.likeness import essence, marks

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Hashable, Iterator

    from register_api.core.model import Subprocessor, SubprocessorSource
    from register_api.core.proposals.scene import Arriving, Leaving, Scene

    Vendor = Subprocessor | SubprocessorSource

CLOSE_DAYS = 31
"""Days between an end and a start up to which they may be one event."""

_COMMON = 8
"""What more vendors than that share (a group's number, a host of many) tells none of them apart."""


def only_pairs(found: list[tuple[Leaving, Arriving]]) -> Iterator[tuple[Leaving, Arriving]]:
    """Yield the pairs in which neither fits anybody else."""
    ends, starts = defaultdict(set), defaultdict(set)
    for one, other in found:
        ends[one.before.id].add(other.vendor.id)
        starts[other.vendor.id].add(one.before.id)
    for one, other in found:
        if len(ends[one.before.id]) == len(starts[other.vendor.id]) == 1:
            yield one, other


def is_close(end: dt.date, start: dt.date | None) -> bool:
    """Tell whether an end and a start may be one event; an unknown start may."""
    return start is None or abs((end - start).days) <= CLOSE_DAYS


def candidates(scene: Scene) -> Iterator[tuple[Leaving, Arriving]]:
    """Yield pairs of who leaves and who arrives that have something telling in common."""
    places: dict[Hashable, tuple[list[Leaving], list[Arriving]]] = defaultdict(lambda: ([], []))
    for leaving in scene.leaving:
        for mark in _marks(leaving.before):
            places[mark][0].append(leaving)
    for arriving in scene.newcomers:
        for mark in _marks(arriving.vendor):
            places[mark][1].append(arriving)
    pairs = {
        (one.before.id, other.vendor.id): (one, other)
        for ones, others in places.values()
        if max(len(ones), len(others)) <= _COMMON
        for one in ones
        for other in others
    }
    yield from pairs.values()


def _marks(vendor: Vendor) -> set[Hashable]:
    purposes = {("purpose", item.purpose.casefold()) for item in vendor.engagements if item.purpose}
    return {essence(vendor.name), *marks(vendor), *purposes}
