"""Attacks on what the customer remembers: a state folder that was emptied, damaged, exchanged or is older."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

from attack import Room, honest

from memory_publisher import NOW, MemoryPublisher
from register_api.verify.state import FORMAT, STATE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

ROOM = Room("memory", "What the customer has seen before (`--state`), and what becomes of it.")


def _changed(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def happen(folder: Path) -> None:
        file = folder / STATE_FILE
        file.write_bytes(change(file.read_bytes()))

    return happen


def _deleted(folder: Path) -> None:
    (folder / STATE_FILE).unlink()


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder)


FIRST_USE = ("TAKEN ON TRUST", "held no state")
ROOM.add(
    "state deleted",
    "Takes the state file away.",
    honest,
    0,
    remembers=True,
    memory=_deleted,
    why="A first use, and told as one: the report says so twice.",
    says=FIRST_USE,
)
ROOM.add(
    "state folder deleted",
    "Takes the whole folder away.",
    honest,
    0,
    remembers=True,
    memory=_emptied,
    why="The same.",
    says=FIRST_USE,
)


@ROOM.attack(
    0,
    remembers=True,
    memory=_deleted,
    why="Not found without memory, but told: compare size and root.",
    says=FIRST_USE,
)
def state_deleted_and_history_rewritten(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Takes the state away, and rewrites version 1 with all keys."""
    other = MemoryPublisher().publish(updated_on=NOW.date()).publish().publish()
    return other.files


def _form(name: str) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(FORMAT.encode(), name.encode(), 1)


def _cut_state(data: bytes) -> bytes:
    """Drop a member of the state, and make its digest fit: as an older program would have written it."""
    document = json.loads(data)
    del document["state"]["checked_version"]
    text = json.dumps(document["state"], separators=(",", ":"))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return f'{{"format":"{FORMAT}","sha256":"{sha256}","state":{text}}}'.encode()


DAMAGED = ("malformed: the state in", "is damaged", "bring it back from a backup")
OTHER_FORM = ("malformed: the state in", "has the form", "first use again")
NEWER_FORM = ("malformed: the state in", "was written by a newer release", "update register-api")
REFUSED = "A state that cannot be read is never passed over: it is what protects from another history."
STATES: tuple[tuple[str, str, Callable[[bytes], bytes], tuple[str, ...]], ...] = (
    ("cut", "Ends the file in the middle.", lambda data: data[: len(data) // 2], DAMAGED),
    ("empty", "Empties the file.", lambda _: b"", DAMAGED),
    (
        "a flipped bit",
        "Changes a bit of what is remembered.",
        lambda data: data[:-40] + bytes([data[-40] ^ 1]) + data[-39:],
        DAMAGED,
    ),
    ("nonsense", "Writes something else.", lambda _: b"<html>", DAMAGED),
    ("null", "Writes null.", lambda _: b"null", DAMAGED),
    (
        "without its digest",
        "Leaves the digest out.",
        lambda data: data.replace(b'"sha256"', b'"sha255"', 1),
        DAMAGED,
    ),
    ("without a member", "Was written before all was remembered that is now.", _cut_state, DAMAGED),
    (
        "of an older program",
        "Was written in an older form.",
        _form("sub-processor-register-state/0"),
        OTHER_FORM,
    ),
    (
        "of a newer program",
        "Was written in a newer form.",
        _form("sub-processor-register-state/2"),
        NEWER_FORM,
    ),
    ("of another program", "Was written by something else.", _form("x"), OTHER_FORM),
)
for _name, _sentence, _change, _says in STATES:
    ROOM.add(
        f"state {_name}",
        _sentence,
        honest,
        11,
        remembers=True,
        memory=_changed(_change),
        why=REFUSED,
        says=_says,
    )


def other_register() -> MemoryPublisher:
    """Return the register of another publisher."""
    return MemoryPublisher("other.example/list", keys=40).publish()


def sister_register() -> MemoryPublisher:
    """Return another register of the same publisher."""
    return MemoryPublisher("other.example/list").publish()


ROOM.add(
    "state of another register",
    "Exchanges the state with that of another publisher's register.",
    honest,
    18,
    "V02",
    remembers=True,
    seen=other_register,
    says=("use one state folder for each register",),
    why="The keys are others, too (16); that the folder is the wrong one explains it.",
)
ROOM.add(
    "state of a sister register",
    "Exchanges the state with that of the same publisher's other register.",
    honest,
    18,
    "V06",
    remembers=True,
    seen=sister_register,
    says=("use one state folder for each register",),
)


def _a_folder(folder: Path) -> None:
    _deleted(folder)
    (folder / STATE_FILE).mkdir()


ROOM.add(
    "state is a folder",
    "Puts a folder in the state's place.",
    honest,
    2,
    remembers=True,
    memory=_a_folder,
    why="The customer's own disk is not as it was left: nothing can be said of the publisher.",
    says=("cannot be read",),
)


@ROOM.attack(14, "V02", remembers=True)
def older_tree(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Goes back to yesterday."""
    return MemoryPublisher().publish().publish().files


@ROOM.attack(12, "V10", remembers=True, why="A fork is only what is signed; a bad tile is just a bad tile.")
def tile_between_then_and_now(publisher: MemoryPublisher) -> None:
    """Forges the tile that leads from the remembered log to today's."""
    publisher.publish()
    publisher.files["log/tile/0/000.p/4"] = bytes(128)


@ROOM.attack(10, "V16", remembers=True)
def new_version_withheld(publisher: MemoryPublisher) -> None:
    """Withholds what a new version has changed."""
    publisher.publish()
    del publisher.files["v1/versions/4/diff.json"]
