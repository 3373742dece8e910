"""Attacks on witnesses: cosignatures that are missing, bad, of something else or somebody else."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING

import msgspec
from attack import Room, honest, poll, three_versions
from changes import signed

from memory_log import cosign, private_key, witness_key
from memory_publisher import NOW
from register_api.core.format import tree
from register_api.core.log.note import SignatureLine, format_note, format_verifier_key, parse_note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from attack import Lie

    from memory_publisher import MemoryPublisher

ROOM = Room("witnesses", "Who has seen the log: cosignatures that the customer asks for.")

SEEN_AT = 1_780_000_000
WITNESSES = {f"{name}.witness.example": private_key(number) for name, number in (("one", 80), ("two", 81))}


def _vkeys() -> list[str]:
    keys = [witness_key(name, key) for name, key in WITNESSES.items()]
    return [format_verifier_key(key.name, key.public, key.algorithm) for key in keys]


def _both(publisher: MemoryPublisher) -> Sequence[str]:
    """Return the arguments of a customer who asks for both witnesses."""
    return [*poll(publisher), *(argument for text in _vkeys() for argument in ("--witness", text))]


@functools.cache
def witnessed(seen_at: int = SEEN_AT) -> MemoryPublisher:
    """Return a publisher whose checkpoint both witnesses have signed."""
    publisher = three_versions().copy()
    for name, key in WITNESSES.items():
        publisher.files[tree.CHECKPOINT.path()] = cosign(
            publisher.files[tree.CHECKPOINT.path()], name, key, seen_at
        )
    publisher.vouch()
    return publisher


ROOM.add(
    "both witnesses",
    "Nothing: this is what a witnessed log is.",
    honest,
    0,
    begin=witnessed,
    arguments=_both,
    why="What the next ones are compared with.",
    says=("one.witness.example at ", "two.witness.example at "),
)


@ROOM.attack(15, "V32", begin=lambda: witnessed(int(NOW.timestamp())), remembers=True, arguments=_both)
def version_dated_back_past_a_cosignature(publisher: MemoryPublisher) -> None:
    """Publishes a version of yesterday, though witnesses have signed the one before today."""
    publisher.publish(published_at=NOW - dt.timedelta(days=1))


ROOM.add("no witness", "Serves a log that nobody has witnessed.", honest, 17, "V09", arguments=_both)


def _lines(change: Callable[[tuple[SignatureLine, ...]], Sequence[SignatureLine]]) -> Lie:
    return signed(
        tree.CHECKPOINT.path(),
        lambda data: format_note(parse_note(data).text, change(parse_note(data).signatures)),
    )


ROOM.add(
    "one witness of two",
    "Shows one customer a log that one witness has not seen.",
    _lines(lambda lines: lines[:2]),
    17,
    "V09",
    begin=witnessed,
    arguments=_both,
)
ROOM.add(
    "one witness twice",
    "Lists one witness's signature twice.",
    _lines(lambda lines: [*lines[:2], lines[1]]),
    17,
    "V09",
    begin=witnessed,
    arguments=_both,
)
ROOM.add(
    "a witness's bad signature",
    "Changes a cosignature.",
    _lines(lambda lines: [*lines[:2], msgspec.structs.replace(lines[2], signature=bytes(8) + bytes(64))]),
    12,
    "V09",
    begin=witnessed,
    arguments=_both,
)
ROOM.add(
    "a witness's time changed",
    "Lets a witness have seen the log later.",
    _lines(
        lambda lines: [
            *lines[:2],
            msgspec.structs.replace(
                lines[2], signature=(SEEN_AT + 9).to_bytes(8, "big") + lines[2].signature[8:]
            ),
        ]
    ),
    12,
    "V09",
    begin=witnessed,
    arguments=_both,
)
ROOM.add(
    "a witness's signature cut",
    "Cuts a cosignature.",
    _lines(lambda lines: [*lines[:2], msgspec.structs.replace(lines[2], signature=lines[2].signature[:-1])]),
    11,
    "V09",
    begin=witnessed,
    arguments=_both,
)


@ROOM.attack(12, "V09", begin=witnessed, arguments=_both)
def witnesses_of_another_log(publisher: MemoryPublisher) -> None:
    """Puts the cosignatures of an older checkpoint below the newest."""
    old = parse_note(publisher.files[tree.CHECKPOINT.path()]).signatures[1:]
    publisher.publish()
    note = parse_note(publisher.files[tree.CHECKPOINT.path()])
    publisher.files[tree.CHECKPOINT.path()] = format_note(note.text, [*note.signatures, *old])
    publisher.vouch()


@ROOM.attack(17, "V09", arguments=_both, why="A line of an unknown key is passed over: it counts for nobody.")
def strangers_as_witnesses(publisher: MemoryPublisher) -> None:
    """Signs as both witnesses with keys of the attacker's own."""
    for number, name in enumerate(WITNESSES):
        data = publisher.files[tree.CHECKPOINT.path()]
        publisher.files[tree.CHECKPOINT.path()] = cosign(data, name, private_key(93 + number), SEEN_AT)
    publisher.vouch()


@ROOM.attack(17, "V09", arguments=_both, why="Another type is another key id, and so an unknown key.")
def witnesses_signing_as_logs(publisher: MemoryPublisher) -> None:
    """Has both witnesses' keys sign the text without a time, as a log does."""
    note = parse_note(publisher.files[tree.CHECKPOINT.path()])
    lines = [
        SignatureLine(name=name, key_id=b"\1\2\3\4", signature=key.sign(note.text.encode()))
        for name, key in WITNESSES.items()
    ]
    publisher.files[tree.CHECKPOINT.path()] = format_note(note.text, [*note.signatures, *lines])
    publisher.vouch()
