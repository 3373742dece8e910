"""Attacks on who may sign: thresholds, keys under two ids, keys in two roles, keys of other kinds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attack import Room
from publishers_to_attack import ROOT_KEYS, guarded
from tuf.api.metadata import Root

from memory_publisher import MemoryPublisher, sign_metadata

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM = Room("root keys", "Who may sign: thresholds, keys that count twice, keys in two places.")


def _third_root(publisher: MemoryPublisher, *signers: int) -> bytes:
    """Return another root of three people, signed by some of them."""
    root = publisher.make_root(ROOT_KEYS, threshold=2)
    return sign_metadata(root, *(ROOT_KEYS[number] for number in signers))


@ROOM.attack(16, "V02", begin=guarded)
def one_signature_of_two(publisher: MemoryPublisher) -> None:
    """Makes the next root with one stolen key of two that are asked for."""
    publisher.files["trust/3.root.json"] = _third_root(publisher, 0)


@ROOM.attack(11, "V02", begin=guarded, why="Two signatures of one key are not of the form that TUF has.")
def the_same_signature_twice(publisher: MemoryPublisher) -> None:
    """Makes the next root with one stolen key, whose signature is listed twice."""
    document = json.loads(_third_root(publisher, 0))
    document["signatures"] *= 2
    publisher.files["trust/3.root.json"] = json.dumps(document, separators=(",", ":")).encode()


@ROOM.attack(16, "V02", begin=guarded)
def one_signature_under_two_names(publisher: MemoryPublisher) -> None:
    """Lists the one signature again under the name of another root key."""
    document = json.loads(_third_root(publisher, 0, 1))
    document["signatures"][1]["sig"] = document["signatures"][0]["sig"]
    publisher.files["trust/3.root.json"] = json.dumps(document, separators=(",", ":")).encode()


def _with_two_ids(publisher: MemoryPublisher, threshold: int) -> Root:
    plain = publisher.make_root(publisher.root_keys).to_dict()
    keyid = plain["roles"]["root"]["keyids"][0]
    plain["keys"]["a" * 64] = dict(plain["keys"][keyid])
    plain["roles"]["root"]["keyids"].append("a" * 64)
    plain["roles"]["root"]["threshold"] = threshold
    return Root.from_dict(plain)


@ROOM.attack(16, "V02")
def one_root_key_under_two_ids(publisher: MemoryPublisher) -> None:
    """Lets one person count twice."""
    publisher.write_root(_with_two_ids(publisher, 1), publisher.root_keys)


@ROOM.attack(16, "V02")
def one_person_meets_a_threshold_of_two(publisher: MemoryPublisher) -> None:
    """Asks for two signatures, and gives one key's under both its ids."""
    document = json.loads(sign_metadata(_with_two_ids(publisher, 2), *publisher.root_keys))
    document["signatures"].append({**document["signatures"][0], "keyid": "a" * 64})
    publisher.files["trust/2.root.json"] = json.dumps(document, separators=(",", ":")).encode()


@ROOM.attack(16, "V02")
def online_key_is_the_targets_key(publisher: MemoryPublisher) -> None:
    """Lets the online key sign targets."""
    publisher.targets_key = publisher.online_key
    publisher.add_root()
    publisher.vouch()


@ROOM.attack(16, "V02")
def online_key_is_a_root_key(publisher: MemoryPublisher) -> None:
    """Lets a key that lies on a machine with a network sign roots."""
    publisher.online_key = publisher.root_keys[0]
    publisher.add_root()
    publisher.vouch()


@ROOM.attack(16, "V03")
def document_key_is_a_root_key(publisher: MemoryPublisher) -> None:
    """Uses one key for documents and for the root."""
    publisher.add_root(root_keys=[publisher.document.private])
    publisher.publish()


@ROOM.attack(16, "V03")
def log_key_is_the_online_key(publisher: MemoryPublisher) -> None:
    """Uses one key for checkpoints and for freshness."""
    publisher.online_key = publisher.log.key
    publisher.add_root()
    publisher.publish()


@ROOM.attack(16, "V02")
def threshold_without_enough_keys(publisher: MemoryPublisher) -> None:
    """Asks for more signatures of the next root than there are keys for."""
    _resign(publisher, lambda plain: plain["roles"]["targets"].update(threshold=2))


@ROOM.attack(16, "V02")
def key_of_another_kind_in_the_root(publisher: MemoryPublisher) -> None:
    """Names an RSA key."""
    _resign(
        publisher,
        lambda plain: _only_key(plain, "targets").update(keytype="rsa", scheme="rsa-pkcs1v15-sha256"),
    )


@ROOM.attack(16, "V02")
def key_of_small_order_in_the_root(publisher: MemoryPublisher) -> None:
    """Names a root key under which anybody can sign."""
    _resign(publisher, lambda plain: _only_key(plain, "targets").update(keyval={"public": "01" + "00" * 31}))


def _only_key(plain: dict, role: str) -> dict:
    return plain["keys"][plain["roles"][role]["keyids"][0]]


def _resign(publisher: MemoryPublisher, change: Callable[[dict], object]) -> None:
    plain = publisher.make_root(publisher.root_keys).to_dict()
    change(plain)
    publisher.write_root(Root.from_dict(plain), publisher.root_keys)


@ROOM.attack(11, "V02")
def snapshots_that_are_not_consistent(publisher: MemoryPublisher) -> None:
    """Lets the root say that snapshots are not consistent."""
    _resign(publisher, lambda plain: plain.update(consistent_snapshot=False))
    publisher.files |= {
        f"trust/{name}.json": publisher.files[f"trust/3.{name}.json"] for name in ("snapshot", "targets")
    }
