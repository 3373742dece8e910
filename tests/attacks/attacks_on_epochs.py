"""Attacks on epochs of the log: who may let it go on under another origin, and from what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attack import Room

from memory_log import private_key
from register_api.core.strict_base64 import encode

if TYPE_CHECKING:
    from attack import Lie

    from memory_publisher import MemoryPublisher

ROOM = Room("epochs", "The log under another origin, after its key was stolen.")


@ROOM.attack(0, remembers=True, why="Allowed: the root keys say so, and the log begins as it was remembered.")
def new_epoch(publisher: MemoryPublisher) -> None:
    """Goes on under another origin, as docs/stolen-keys.md says."""
    publisher.begin_log_epoch(95)
    publisher.publish()


@ROOM.attack(0, remembers=True, why="Allowed: until the next version, the log's head stays as it is.")
def new_epoch_without_a_version(publisher: MemoryPublisher) -> None:
    """Begins an epoch, and publishes nothing in it yet."""
    publisher.begin_log_epoch(95)
    publisher.write_heads()
    publisher.vouch()


@ROOM.attack(16, "V03")
def epoch_by_the_log_key(publisher: MemoryPublisher) -> None:
    """Has stolen the log, targets and online keys, and lists a key under another origin."""
    publisher.log.origin = f"{publisher.name}#2"
    publisher.rotate_log_key(95)
    publisher.publish()


@ROOM.attack(16, "V08")
def checkpoint_of_another_epoch(publisher: MemoryPublisher) -> None:
    """Has stolen the targets and online keys, and signs the head under another origin with a key of his."""
    publisher.log.origin, publisher.log.key = f"{publisher.name}#2", private_key(95)
    publisher.publish()


@ROOM.attack(16, "V03")
def old_origin_after_the_epoch(publisher: MemoryPublisher) -> None:
    """Goes on under the old origin, although the root keys have ended it."""
    records, origin, key = publisher.records, publisher.log.origin, publisher.log.key
    publisher.begin_log_epoch(95)
    publisher.records, publisher.log.origin, publisher.log.key = records, origin, key
    publisher.publish()


@ROOM.attack(16, "V03")
def epoch_of_another_register(publisher: MemoryPublisher) -> None:
    """Lets the root name the epoch of another register's log."""
    publisher.begin_log_epoch(95, origin="other.example/list#2")
    publisher.publish()


@ROOM.attack(15, "V08")
def epoch_from_another_beginning(publisher: MemoryPublisher) -> None:
    """Serves a log that does not begin with the entries that the root keys named."""
    publisher.begin_log_epoch(95, root_hash=encode(bytes(32)))
    publisher.publish()


def _saying(said: dict[str, Any]) -> Lie:
    def lie(publisher: MemoryPublisher) -> None:
        publisher.begin_log_epoch(95, **said)
        publisher.publish()

    return lie


for _name, _said in {
    "origin is no number": {"origin": "example.com/sub-processors#two"},
    "origin skips one": {"origin": "example.com/sub-processors#3"},
    "root hash is short": {"root_hash": "AAAA"},
    "root hash is no base64": {"root_hash": "?"},
    "size is nothing": {"size": 0},
    "size is a text": {"size": "3"},
    "text is missing": {"text": None},
}.items():
    ROOM.add(
        f"epoch whose {_name}",
        "Signs a root whose epochs are not of their form.",
        _saying(_said),
        11,
        "V03",
    )
