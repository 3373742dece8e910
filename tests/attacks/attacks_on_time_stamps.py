"""Attacks on time stamps: missing, of something else, by somebody else, at an impossible time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from attack import Room, poll

from memory_log import MemoryLog
from memory_publisher import NOW
from register_api.core.format import tree
from register_api.core.log.proofs import parse_proof
from time_authority import authority, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from attack import Lie

    from memory_publisher import MemoryPublisher

ROOM = Room("time stamps", "When the log was like this, as an authority says that the customer accepts.")

NEWEST = 3


def _accepting(folder: Path) -> Sequence[str]:
    """Return the arguments of a customer who accepts the authority."""
    file = folder / "authority.pem"
    file.write_bytes(authority().root.read_bytes())
    return ["--stamped-by", str(file)]


def _checkpoint(publisher: MemoryPublisher) -> bytes:
    """Return the bytes that are stamped: the checkpoint in the newest version's proof."""
    return parse_proof(publisher.files[tree.VERSION_PROOF.path(NEWEST)]).checkpoint


def _stamp(make: Callable[[bytes], bytes]) -> Lie:
    """Return a lie that puts a stamp beside the newest checkpoint."""

    def lie(publisher: MemoryPublisher) -> None:
        publisher.files[tree.TIME_STAMP.path(NEWEST)] = make(_checkpoint(publisher))

    return lie


def _add(name: str, sentence: str, make: Callable[[bytes], bytes], code: int, **more: str) -> None:
    check = "V28" if code else ""
    ROOM.add(name, sentence, _stamp(make), code, check, arguments=poll, brings=_accepting, **more)


@ROOM.attack(15, "V32", brings=_accepting, says=("backdated",))
def version_dated_back_past_a_stamp(publisher: MemoryPublisher) -> None:
    """Publishes a version of yesterday, though the one before was stamped today as the newest."""
    publisher.files[tree.TIME_STAMP.path(NEWEST)] = authority().stamp_at(_checkpoint(publisher), NOW)
    publisher.publish(published_at=NOW - dt.timedelta(days=1))


_add(
    "a good stamp",
    "Nothing: this is what a stamped log is.",
    lambda data: authority().stamp_at(data, NOW),
    0,
    why="What the next ones are compared with.",
)
ROOM.add(
    "no stamp",
    "Serves a log that no authority has stamped.",
    lambda _: None,
    17,
    "V28",
    arguments=poll,
    brings=_accepting,
    why="Independent attestation that was asked for is not there, as with witnesses.",
)
_add("of other bytes", "Stamps something else.", lambda data: authority().stamp_at(data + b"\n", NOW), 12)
_add(
    "of another log",
    "Takes the stamp of another log of the same size.",
    lambda _: authority().stamp_at(MemoryLog().grow(NEWEST).checkpoint(), NOW),
    12,
)
_add(
    "by another authority",
    "Runs an authority of the attacker's own.",
    lambda data: authority("Forger").stamp_at(data, NOW),
    12,
)
_add(
    "by a certificate for something else",
    "Signs a stamp with a certificate of the same root that is not for time stamps.",
    lambda data: authority("Without", purpose=False).stamp_at(data, NOW),
    12,
)
_add(
    "by an expired certificate",
    "Signs a stamp with a key whose certificate had expired at its time.",
    lambda data: authority("Old", until=NOW.replace(year=NOW.year - 5)).stamp_at(data, NOW),
    12,
)
_add(
    "a bit of it",
    "Changes one bit of the signature.",
    lambda data: _flipped(authority().stamp_at(data, NOW)),
    12,
)
_add("by SHA-1", "Has a weak imprint stamped.", lambda data: authority().stamp(data, "sha1"), 11)
_add("cut", "Cuts the stamp.", lambda data: authority().stamp_at(data, NOW)[:-1], 11)
_add("longer", "Puts a byte behind the stamp.", lambda data: authority().stamp_at(data, NOW) + b"\0", 11)
_add("a refusal", "Serves an answer that grants nothing.", lambda _: refusal(2), 11)
_add("a page", "Serves a page.", lambda _: b"<html>", 11)
_add("nothing", "Serves an empty file.", lambda _: b"", 11)
_add("too large", "Serves more than a stamp may have.", lambda _: bytes(2**16 + 1), 11)
_add(
    "before the version",
    "Has the log stamped long before its newest version says that it was published.",
    lambda data: authority().stamp_at(data, NOW - dt.timedelta(days=300)),
    18,
    why="The two dates contradict each other; which of them is wrong cannot be seen.",
)
_add(
    "in the future",
    "Has the log stamped an hour from now.",
    lambda data: authority().stamp_at(data, NOW + dt.timedelta(hours=1)),
    19,
    why="An accepted authority has signed it, so it is this machine's clock that may be wrong.",
)


def _flipped(stamp: bytes) -> bytes:
    """Return a stamp with a bit of its last bytes changed, which are the signature."""
    return stamp[:-20] + bytes([stamp[-20] ^ 1]) + stamp[-19:]
