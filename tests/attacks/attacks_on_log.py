"""Attacks on history: rewritten, forked and shortened logs, and entries in the wrong place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attack import Room, honest, poll, three_versions
from changes import change

from memory_publisher import MemoryPublisher
from register_api.core.format import tree
from register_api.core.log import merkle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


ROOM = Room("log", "History: rewritten, forked, shortened, told in another order.")


def _other_past(versions: int) -> MemoryPublisher:
    """Return a publisher with the same keys whose version 1 said something else, and newer metadata."""
    other = MemoryPublisher().publish(corrects=1)
    while len(other.registers) < versions:
        other.publish()
    for _ in range(5):
        other.vouch()
    return other


@ROOM.attack(15, "V10", remembers=True)
def old_version_rewritten(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Rewrites version 1, recomputes the whole tree, signs it with all keys, and adds versions."""
    return _other_past(5).files


@ROOM.attack(15, "V10", remembers=True)
def two_roots_for_one_size(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Shows a customer another history of the same size than the one he knows."""
    return _other_past(3).files


@ROOM.attack(14, "V10", remembers=True)
def smaller_than_remembered(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Takes the newest version back, with all keys and newer metadata."""
    shorter = MemoryPublisher().publish().publish()
    for _ in range(5):
        shorter.vouch()
    return shorter.files


@ROOM.attack(12, "V13")
def entries_exchanged_on_the_way(publisher: MemoryPublisher) -> None:
    """Serves version 1's entry as version 2's, and the other way round."""
    one, two = tree.VERSION_ENTRY.path(1), tree.VERSION_ENTRY.path(2)
    publisher.files |= {one: publisher.files[two], two: publisher.files[one]}


@ROOM.attack(12, "V13")
def inner_node_given_as_leaf(publisher: MemoryPublisher) -> None:
    """Serves two hashes, of which the log's tree has the parent, as an entry (RFC 6962 section 2.1)."""
    leaves = [merkle.leaf_hash(entry) for entry in publisher.log.entries]
    publisher.files[tree.VERSION_ENTRY.path(2)] = leaves[0] + leaves[1]


@ROOM.attack(
    11, "V14", why="The hashes are right for the inner node: as a tile they are too few for its width."
)
def inner_node_given_as_tile(publisher: MemoryPublisher) -> None:
    """Serves a tile of two nodes, an inner one first, in place of three leaves."""
    leaves = [merkle.leaf_hash(entry) for entry in publisher.log.entries]
    publisher.files["log/tile/0/000.p/2"] = merkle.node_hash(leaves[0], leaves[1])


def _comparing(data: bytes) -> Callable[[Path], Sequence[str]]:
    """Return what hands another customer's checkpoint to the command."""

    def bring(folder: Path) -> Sequence[str]:
        folder.joinpath("theirs.checkpoint").write_bytes(data)
        return (*poll(three_versions()), "--compare", str(folder / "theirs.checkpoint"))

    return bring


COMPARED: tuple[tuple[str, str, bytes, int], ...] = (
    (
        "two customers, two histories",
        "Shows two customers two logs of one size.",
        _other_past(3).files[tree.CHECKPOINT.path()],
        15,
    ),
    (
        "two customers, two histories of two sizes",
        "Shows another customer an earlier log that this one does not continue.",
        _other_past(2).files[tree.CHECKPOINT.path()],
        15,
    ),
    (
        "two customers, one of them behind",
        "Shows this customer less than another.",
        three_versions().copy().publish().files[tree.CHECKPOINT.path()],
        14,
    ),
    (
        "another customer's checkpoint by a stranger",
        "Gives another customer a checkpoint that a stranger signed.",
        MemoryPublisher(keys=40).publish().files[tree.CHECKPOINT.path()],
        16,
    ),
    (
        "another customer's checkpoint changed",
        "Changes the root in another customer's checkpoint.",
        change(three_versions().files[tree.CHECKPOINT.path()], rb"\n3\n(.)"),
        12,
    ),
)
for _name, _sentence, _data, _code in COMPARED:
    ROOM.add(_name, _sentence, honest, _code, "V27", brings=_comparing(_data))
