"""What may have been a mistake: an entry published by accident, a country or seat that was wrong."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from register_api.core.calendar import local_day
from register_api.core.language.language import ENGLISH
from register_api.core.language.prose import count, shorten
from register_api.core.proposals.proposal import Edit, Proposal
from register_api.core.rules.table import vendor_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from register_api.core.model import EngagementSource, Register, Subprocessor, SubprocessorSource
    from register_api.core.proposals.scene import Kept, Leaving, Scene

    Vendor = Subprocessor | SubprocessorSource

SOON = dt.timedelta(days=14)
"""How long after a country was first said a change of it may be a correction."""

AT_ONCE = dt.timedelta(days=1)
"""How long after an entry was announced its end may mean that it was an accident."""

_MOST_VERSIONS = 50
"""Versions that are read back to find the one that brought a mistake in."""

_NAMED = 3


def accidents(scene: Scene, zone: dt.tzinfo) -> Iterator[Proposal]:
    """Propose ``withdrawn`` where a vendor leaves within a day of being announced."""
    for item in scene.leaving:
        engagements = item.before.engagements
        since = min((local_day(entry.announced.at, zone) for entry in engagements), default=None)
        if since is not None and scene.day - since <= AT_ONCE and _never_ran(item, scene.day):
            yield _accident(item)


def _never_ran(item: Leaving, day: dt.date) -> bool:
    """Tell whether a vendor vanishes, or every engagement ends within a day of now or of its start."""
    if item.after is None:
        return True
    running = [entry for entry in item.after.engagements if entry.status != "available"]
    return item.how == "ended" and bool(running) and all(_ends_at_once(entry, day) for entry in running)


def _ends_at_once(entry: EngagementSource, day: dt.date) -> bool:
    start = max(day, entry.starts_on or day)
    return entry.ends_on is not None and entry.ends_on - start <= AT_ONCE


def _accident(item: Leaving) -> Proposal:
    old = item.before
    version = max(entry.announced.version for entry in old.engagements)
    file = vendor_file(old.id)
    how = f"Bring {file} back and write this in it." if item.how == "vanished" else "Take its ends_on out."
    return Proposal(
        kind="accident",
        subprocessors=(old.id,),
        seen=f"{old.name} was announced by version {version} and leaves within a day.",
        edits=(Edit(file=file, key="withdrawn", value='{ reason = "Listed by mistake" }'),),
        advice=f"If it was never engaged, say so by withdrawing it. {how}",
    )


def corrections(
    scene: Scene, previous: Register, zone: dt.tzinfo, earlier: Iterable[Register]
) -> Iterator[Proposal]:
    """Propose ``--corrects`` where nothing but a country or seat changes soon after it was first said.

    Args:
        scene: Who leaves, arrives and stays.
        previous: The newest version.
        zone: The publisher's time zone.
        earlier: Versions before it, newest first; read only if there is something to ask.
    """
    changed = [item for item in scene.kept if _moved_only(item.before, item.after)]
    if not changed:
        return
    versions = [previous, *islice(earlier, _MOST_VERSIONS)]
    found: dict[int, list[Kept]] = defaultdict(list)
    days: dict[int, dt.date] = {}
    for item in changed:
        first = _first_said(item.before, versions)
        day = local_day(first.published_at, zone)
        if scene.day - day <= SOON:
            found[first.version].append(item)
            days[first.version] = day
    for version, items in sorted(found.items()):
        yield _correction(version, days[version], items)


def _moved_only(before: Subprocessor, after: SubprocessorSource) -> bool:
    """Tell whether countries or the seat differ, in the same number of places, and nothing else."""
    same_numbers = all(
        len(old.locations) == len(new.locations)
        for old, new in zip(before.engagements, after.engagements, strict=False)
    )
    stated = before.seat is not None and after.seat is not None
    return (
        _places(before) != _places(after)
        and same_numbers
        and (stated or before.seat == after.seat)
        and _rest(before) == _rest(after)
    )


def _places(vendor: Vendor) -> tuple[object, ...]:
    """Return where a vendor sits and in which countries each engagement happens."""
    countries = {
        item.id: tuple(sorted(Counter(place.country for place in item.locations).items()))
        for item in vendor.engagements
    }
    return vendor.seat, countries


def _rest(vendor: Vendor) -> dict[str, object]:
    """Return all that is said of a vendor but for places and what follows from them."""
    said = {name: getattr(vendor, name) for name in vendor.__struct_fields__}
    engagements = [_rest_of(item) for item in vendor.engagements]
    return {**said, "seat": None, "address": None, "engagements": engagements}


def _rest_of(engagement: EngagementSource) -> dict[str, object]:
    said = msgspec.structs.asdict(engagement)
    said.pop("announced", None)
    return {**said, "locations": None, "transfers": None}


def _first_said(vendor: Subprocessor, versions: list[Register]) -> Register:
    """Return the oldest version, going back without a gap, that said the same of a vendor's places."""
    first = versions[0]
    for register in versions[1:]:
        old = next((item for item in register.subprocessors if item.id == vendor.id), None)
        if old is None or _places(old) != _places(vendor):
            break
        first = register
    return first


def _correction(version: int, day: dt.date, items: list[Kept]) -> Proposal:
    names = [item.after.name for item in items]
    listed = names if len(names) <= _NAMED else [*names[:_NAMED], f"{count(len(names) - _NAMED, 'other')}"]
    what = "; ".join(_difference(item) for item in items[:_NAMED])
    return Proposal(
        kind="correction",
        subprocessors=tuple(item.before.id for item in items),
        seen=f"Of {ENGLISH.list(listed)} nothing changes but the country ({shorten(what)}),"
        f" first said by version {version} on {ENGLISH.day(day)}.",
        options=f"--corrects {version}",
        advice="Only if it was wrong from the start. What really moved is a change.",
    )


def _difference(item: Kept) -> str:
    old, new = _countries(item.before), _countries(item.after)
    return f"{', '.join(old - new) or 'none'} → {', '.join(new - old) or 'none'}"


def _countries(vendor: Vendor) -> Counter[str]:
    places = [place.country for item in vendor.engagements for place in item.locations]
    return Counter([*places, *([vendor.seat] if vendor.seat else [])])
