"""One vendor leaves and another takes its place."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from register_api.core.language.language import ENGLISH
from register_api.core.language.prose import shorten
from register_api.core.likeness import are_two_entities, essence, same_purpose
from register_api.core.proposals.joints import bring_back
from register_api.core.proposals.pairing import is_close, only_pairs
from register_api.core.proposals.proposal import Proposal, added_to, edit

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from register_api.core.model import EngagementSource
    from register_api.core.proposals.scene import Arriving, Leaving, Scene

_MOST_IN_CATEGORY = 8
"""Where more engagements than that end or start in a category, purposes tell no pairs."""

_MOST_QUOTED = 60


def replacements(scene: Scene) -> Iterator[Proposal]:
    """Propose ``replaces`` where one vendor leaves and another starts the same around that day.

    The same: a purpose in much the same words in the same category; or the same name for another
    legal entity. Where two fit, nothing is proposed.
    """
    pairs = {(one.before.id, other.vendor.id): (one, other) for one, other in _candidates(scene)}
    yield from (_replacement(one, other, scene.day) for one, other in only_pairs(list(pairs.values())))


def _candidates(scene: Scene) -> Iterator[tuple[Leaving, Arriving]]:
    ends, starts = defaultdict(list), defaultdict(list)
    for leaving in scene.leaving:
        for ended, day in _ended(leaving):
            ends[ended.category].append((leaving, ended, day))
    for arriving in scene.arriving:
        for started in arriving.used_for:
            starts[started.category].append((arriving, started))
    crowded = {name for found in (ends, starts) for name in found if len(found[name]) > _MOST_IN_CATEGORY}
    for category in ends.keys() & starts.keys() - crowded:
        for leaving, ended, day in ends[category]:
            for arriving, started in starts[category]:
                if is_close(day, started.starts_on or scene.day) and same_purpose(ended, started):
                    yield leaving, arriving
    yield from _same_brand(scene)


def _same_brand(scene: Scene) -> Iterator[tuple[Leaving, Arriving]]:
    """Yield who leaves and who arrives under one name, as two legal entities."""
    named = {essence(item.before.name): item for item in scene.leaving if item.how != "withdrawn"}
    for arriving in scene.newcomers:
        leaving = named.get(essence(arriving.vendor.name))
        if leaving is not None and are_two_entities(leaving.before, arriving.vendor):
            yield leaving, arriving


def _ended(leaving: Leaving) -> Iterator[tuple[EngagementSource, dt.date]]:
    """Yield the engagements that a vendor leaves behind, with their days; a mistake leaves none."""
    if leaving.how == "withdrawn":
        return
    after = {item.id: item for item in leaving.after.engagements} if leaving.after else {}
    for item in leaving.before.engagements:
        if item.status != "available" and item.ends_on is None:
            now = after.get(item.id)
            yield item, (now.ends_on if now else None) or leaving.on


def _replacement(one: Leaving, other: Arriving, today: dt.date) -> Proposal:
    old, new = one.before, other.vendor
    shared = next(
        (item for item in other.used_for for was, _ in _ended(one) if same_purpose(was, item)), None
    )
    use = f" for “{shorten(shared.purpose, _MOST_QUOTED)}”" if shared else ""
    start = min((item.starts_on or today for item in other.used_for), default=today)
    return Proposal(
        kind="replacement",
        subprocessors=(new.id, old.id),
        seen=f"{old.name} leaves on {ENGLISH.day(one.on)},"
        f" and {new.name} starts on {ENGLISH.day(start)}{use}.",
        edits=(edit(new.id, "replaces", added_to(new.replaces, old.id)),),
        advice=bring_back(one),
    )
