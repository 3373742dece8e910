"""Vendors that become one, or one that becomes several: a name that carries the names of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.language.language import ENGLISH
from register_api.core.likeness import carries, essence
from register_api.core.proposals.proposal import Proposal, added_to, edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from register_api.core.model import Subprocessor, SubprocessorSource
    from register_api.core.proposals.scene import Kept, Leaving, Scene

    Vendor = Subprocessor | SubprocessorSource

MOST_PAIRS = 100_000
"""Pairs of names that are looked at; who changes more than that at once has no likely joints."""

_TWO = 2


def merges(scene: Scene) -> Iterator[Proposal]:
    """Propose ``merged_from`` where vendors leave and a new name carries theirs.

    The name is that of a new vendor and carries two that leave, or it is a listed vendor's new name
    and carries the old one and one that leaves.
    """
    carriers = [(item.vendor, None) for item in scene.newcomers] + [
        (item.after, item.before.name) for item in _renamed(scene)
    ]
    if len(carriers) * len(scene.leaving) > MOST_PAIRS:
        return
    claimed: set[str] = set()
    for carrier, old_name in carriers:
        parts = [item for item in scene.leaving if carries(carrier.name, item.before.name)]
        names = [item.before.name for item in parts] + ([] if old_name is None else [old_name])
        ids = {item.before.id for item in parts}
        if _are_parts(carrier.name, names) and not ids & claimed:
            claimed |= ids
            yield _merge(carrier, old_name, parts)


def splits(scene: Scene) -> Iterator[Proposal]:
    """Propose ``split_from`` where new names were carried by one that leaves, or by a longer old name."""
    wholes = [(item.before, None) for item in scene.leaving] + [
        (item.before, item.after) for item in _renamed(scene)
    ]
    newcomers = scene.newcomers
    if len(wholes) * len(newcomers) > MOST_PAIRS:
        return
    claimed: set[str] = set()
    for whole, after in wholes:
        parts = [item.vendor for item in newcomers if carries(whole.name, item.vendor.name)]
        names = [item.name for item in parts] + ([] if after is None else [after.name])
        ids = {item.id for item in parts}
        if _are_parts(whole.name, names) and not ids & claimed:
            claimed |= ids
            yield _split(whole, after, parts)


def _renamed(scene: Scene) -> list[Kept]:
    return [item for item in scene.kept if essence(item.before.name) != essence(item.after.name)]


def _are_parts(whole: str, names: Sequence[str]) -> bool:
    """Tell whether names are two or more parts of a whole, none of them a part of another."""
    return (
        len(names) >= _TWO
        and all(carries(whole, name) for name in names)
        and not any(_overlap(one, other) for one in names for other in names if one is not other)
    )


def _overlap(one: str, other: str) -> bool:
    return bool(set(essence(one)) & set(essence(other))) or carries(one, other)


def _merge(carrier: SubprocessorSource, old_name: str | None, parts: Sequence[Leaving]) -> Proposal:
    ids = [item.before.id for item in parts]
    names = [item.before.name for item in parts]
    edits = [edit(carrier.id, "merged_from", added_to(carrier.merged_from, *ids))]
    seen = f"{ENGLISH.list(names)} {'leave' if len(names) > 1 else 'leaves'}, and {carrier.name} carries "
    if old_name is None:
        seen += "their names."
    else:
        seen += f"that name together with its own former one, {old_name}."
        edits.append(edit(carrier.id, "formerly", added_to(carrier.formerly, old_name)))
    return Proposal(
        kind="merge",
        subprocessors=(carrier.id, *ids),
        seen=seen,
        edits=tuple(edits),
        advice=bring_back(*parts),
    )


def _split(
    whole: Subprocessor, after: SubprocessorSource | None, parts: Sequence[SubprocessorSource]
) -> Proposal:
    names = ENGLISH.list([item.name for item in parts])
    edits = [edit(item.id, "split_from", whole.id) for item in parts]
    if after is None:
        seen = f"{whole.name} leaves, and its name carried those of {names}."
    else:
        seen = f"{whole.name} becomes {after.name}, and its former name also carried that of {names}."
        edits.append(edit(after.id, "formerly", added_to(after.formerly, whole.name)))
    ids = tuple(item.id for item in parts)
    return Proposal(kind="split", subprocessors=(whole.id, *ids), seen=seen, edits=tuple(edits))


def bring_back(*parts: Leaving) -> str:
    """Say that what was published stays, where files of vendors that leave are missing."""
    files = [f"subprocessors/{item.before.id}.toml" for item in parts if item.how == "vanished"]
    return f"Bring {ENGLISH.list(files)} back, with ends_on: what was published stays." if files else ""
