"""Attacks on the chain of roots: forged, skipped, withheld, expired, endless."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING

from attack import Room, three_versions
from changes import damaged
from publishers_to_attack import expiring_root, rotated
from securesystemslib.formats import encode_canonical

from memory_log import private_key
from memory_publisher import NOW, MemoryPublisher, tuf_signer
from register_api.verify.fetcher import MAX_ROOT_ROTATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

ROOM = Room("roots", "The chain of roots, and where it begins.")

PAST = NOW - dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)


@ROOM.attack(16, "V02")
def expired_root(publisher: MemoryPublisher) -> None:
    """Serves on when the root keys are lost and the root has expired."""
    publisher.add_root(expires=PAST)


@ROOM.attack(0, why="Allowed: a chain may pass through expired roots, only the last one has to be good.")
def expired_root_and_a_good_one_behind(publisher: MemoryPublisher) -> None:
    """Renews the root too late, but renews it."""
    publisher.add_root(expires=PAST)
    publisher.add_root()
    publisher.publish()


@ROOM.attack(16, "V02")
def every_root_expired(publisher: MemoryPublisher) -> None:
    """Serves a chain of which no root is good any more."""
    for days in (30, 20, 10):
        publisher.add_root(expires=NOW - days * DAY)


@ROOM.attack(16, "V02")
def root_by_a_stranger(publisher: MemoryPublisher) -> None:
    """Puts a root of the attacker's own behind ours."""
    stranger = private_key(90)
    publisher.write_root(publisher.make_root([stranger]), [stranger])


def _with_true_as_version(publisher: MemoryPublisher, number: int) -> bytes:
    """Return a root, signed by its key, that says ``true`` where its version stands."""
    root = publisher.roots[number - 1].to_dict()
    signer, plain = tuf_signer(publisher.root_keys[0]), {**root, "version": True}
    signature = signer.sign(encode_canonical(plain).encode()).to_dict()
    return json.dumps({"signatures": [signature], "signed": plain}, separators=(",", ":")).encode()


@ROOM.attack(11, "V01")
def first_root_with_true_as_version(publisher: MemoryPublisher) -> None:
    """Signs a first root whose version is true, which some programs take for 1."""
    publisher.files["trust/1.root.json"] = _with_true_as_version(publisher, 1)


@ROOM.attack(11, "V02")
def next_root_with_true_as_version(publisher: MemoryPublisher) -> None:
    """Signs a second root whose version is true."""
    publisher.add_root()
    publisher.files["trust/2.root.json"] = _with_true_as_version(publisher, 2)


@ROOM.attack(16, "V02")
def root_signed_by_the_new_keys_only(publisher: MemoryPublisher) -> None:
    """Names new root keys, and lets only them sign."""
    publisher.write_root(publisher.make_root([private_key(73)]), [private_key(73)])


@ROOM.attack(16, "V02")
def root_signed_by_the_old_keys_only(publisher: MemoryPublisher) -> None:
    """Names new root keys that nobody has shown to hold."""
    publisher.write_root(publisher.make_root([private_key(73)]), publisher.root_keys)


@ROOM.attack(16, "V02", begin=rotated)
def root_signed_by_a_key_that_has_left(publisher: MemoryPublisher) -> None:
    """Lets the key that the second root took away sign the third."""
    old = private_key(14)
    publisher.write_root(publisher.make_root([old]), [old])


@ROOM.attack(18, "V02", why="The root is genuine; that it lies under another number contradicts itself.")
def root_skipped(publisher: MemoryPublisher) -> None:
    """Puts the third root where the second should be."""
    publisher.add_root()
    publisher.add_root(root_keys=[private_key(73)])
    publisher.files["trust/2.root.json"] = publisher.files.pop("trust/3.root.json")


@ROOM.attack(14, "V02")
def first_root_again(publisher: MemoryPublisher) -> None:
    """Serves the first root as the second."""
    publisher.files["trust/2.root.json"] = publisher.files["trust/1.root.json"]


@ROOM.attack(16, "V02")
def rotation_withheld(publisher: MemoryPublisher) -> None:
    """Withholds the root that names a new online key, but serves what that key signed."""
    publisher.online_key = private_key(75)
    publisher.add_root()
    publisher.publish()
    del publisher.files["trust/2.root.json"]


def _frozen_before_rotation(
    later: dt.timedelta,
) -> Callable[[MemoryPublisher], Mapping[str, bytes]]:
    """Serve everything as it was before the rotation; the old online key renews freshness up to a day."""

    def frozen(publisher: MemoryPublisher) -> Mapping[str, bytes]:
        before, thief = dict(publisher.files), publisher
        thief.refresh(expires=NOW + later + 31 * DAY, signed_at=NOW + later)
        return {**before, "trust/timestamp.json": thief.files["trust/timestamp.json"]}

    return frozen


_WITHHELD = ROOM.add(
    "rotation withheld by a thief",
    "Serves the old root on, and renews freshness with the stolen online key that a new root has ended.",
    _frozen_before_rotation(100 * DAY),
    0,
    why="Not found as long as the old root is good, at most 400 days: what-a-thief-gets.md says so.",
    later=100 * DAY,
    says=("Fresh until:",),
)
ROOM.again(
    _WITHHELD,
    "rotation withheld, a second before the root expires",
    "Does so to the end.",
    lie=_frozen_before_rotation(400 * DAY - dt.timedelta(seconds=1)),
    later=400 * DAY - dt.timedelta(seconds=1),
)
ROOM.again(
    _WITHHELD,
    "rotation withheld, when the root expires",
    "Does so for longer than the old root is good.",
    lie=_frozen_before_rotation(400 * DAY),
    code=16,
    check="V02",
    why="",
    later=400 * DAY,
    says=(),
)


ROOM.add(
    "root that expires before the timestamp",
    "Lets the root end while the timestamp is good.",
    lambda _: None,
    16,
    "V02",
    begin=expiring_root,
    later=DAY,
)
ROOM.add(
    "next root is a page",
    "Answers 200 with a page for a root that is not there.",
    lambda publisher: publisher.files.update({"trust/2.root.json": b"<html>"}),
    11,
    "V02",
)
ROOM.add(
    "next root is a timestamp",
    "Answers with other metadata for a root that is not there.",
    lambda publisher: publisher.files.update({"trust/2.root.json": publisher.files["trust/timestamp.json"]}),
    11,
    "V02",
)


@ROOM.attack(11, "V02", why="Over a limit: beyond it nobody can say which root is the newest.")
def endless_roots(publisher: MemoryPublisher) -> None:
    """Publishes more roots than anybody follows."""
    for _ in range(MAX_ROOT_ROTATIONS + 1):
        publisher.add_root()


def _digest(publisher: MemoryPublisher) -> Sequence[str]:
    return ("--root-sha256", hashlib.sha256(publisher.files["trust/1.root.json"]).hexdigest())


@ROOM.attack(12, "V01", arguments=_digest)
def whole_tree_of_another(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Serves a tree of the attacker's own, with keys of his own, to a customer with a contract."""
    return MemoryPublisher(keys=40).publish().files


@ROOM.attack(16, "V02", remembers=True)
def whole_tree_of_another_to_who_remembers(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Serves a tree of the attacker's own to a customer who has seen ours."""
    return MemoryPublisher(keys=40).publish().files


@ROOM.attack(0, why="Not found, and said: first use is taken on trust.", says=("TAKEN ON TRUST",))
def whole_tree_of_another_to_a_stranger(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Serves a tree of the attacker's own to a customer without contract or memory."""
    return MemoryPublisher(keys=40).publish().files


ROOM.add(
    "first root with a newline, against a contract",
    "Adds a byte that no signature covers.",
    damaged("trust/1.root.json", lambda data: data + b"\n"),
    12,
    "V01",
    arguments=_digest,
    why="The digest in the contract is over the bytes, and is compared before anything is read.",
)


def _our_root(folder: Path) -> Sequence[str]:
    """Bring the first root as a file."""
    folder.joinpath("1.root.json").write_bytes(three_versions().files["trust/1.root.json"])
    return ("--root", str(folder / "1.root.json"))


@ROOM.attack(16, "V02", brings=_our_root)
def whole_tree_of_another_against_our_root(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Serves a tree of the attacker's own to a customer who brings our root as a file."""
    return MemoryPublisher(keys=40).publish().files
