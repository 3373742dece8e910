"""Attacks on checkpoints: texts and notes that the log's own key has signed, or nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from attack import Room, poll
from changes import signed

from memory_log import MemoryLog, private_key
from register_api.core.canonical import encode
from register_api.core.format import tree
from register_api.core.log.note import format_note, parse_note
from register_api.core.strict_base64 import encode as base64

if TYPE_CHECKING:
    from collections.abc import Callable

    from attack import Lie

    from memory_publisher import MemoryPublisher

ROOM = Room("checkpoints", "The log's head: its text, its form as a note, its keys, its size.")


@ROOM.attack(15, "V25")
def second_root_for_one_size(publisher: MemoryPublisher) -> None:
    """Serves a checkpoint of another log of the same size, signed by the log's key."""
    other = MemoryLog(origin=publisher.name, key=publisher.log.key).grow(3)
    publisher.files[tree.CHECKPOINT.path()] = other.checkpoint()


@ROOM.attack(14, "V25")
def older_checkpoint(publisher: MemoryPublisher) -> None:
    """Serves the checkpoint of size 2."""
    publisher.files[tree.CHECKPOINT.path()] = publisher.files[tree.VERSION_PROOF.path(2)].partition(b"\n\n")[
        2
    ]


@ROOM.attack(16, "V08", arguments=poll)
def checkpoint_by_a_stranger(publisher: MemoryPublisher) -> None:
    """Signs the log with a key of the attacker's own, and has it vouched for."""
    publisher.log.key = private_key(92)
    publisher.files[tree.CHECKPOINT.path()] = publisher.log.checkpoint()
    publisher.vouch()


@ROOM.attack(16, "V08", arguments=poll)
def checkpoint_by_a_key_that_has_ended(publisher: MemoryPublisher) -> None:
    """Signs on with a log key whose range was closed."""
    old = publisher.log.key
    publisher.rotate_log_key(64)
    publisher.log.key = old
    publisher.publish()


@ROOM.attack(18, "V08", arguments=poll)
def log_ahead_of_the_register(publisher: MemoryPublisher) -> None:
    """Logs a version that is not published."""
    register = publisher.next_register()
    publisher.registers.append(register)
    publisher.write_version(register, publisher.diff(register))
    publisher.write_log()
    publisher.vouch()


@ROOM.attack(18, "V08", arguments=poll)
def register_ahead_of_the_log(publisher: MemoryPublisher) -> None:
    """Publishes a version that is not in the log."""
    publisher.write_signed(tree.REGISTER.path(), encode(publisher.next_register()))
    publisher.vouch()


@ROOM.attack(18, "V11", arguments=poll)
def newest_register_not_the_logged_one(publisher: MemoryPublisher) -> None:
    """Signs and vouches for a newest register that the log does not hold."""
    publisher.write_signed(
        tree.REGISTER.path(), encode(msgspec.structs.replace(publisher.registers[-1], corrects=1))
    )
    publisher.vouch()


def checkpoint_saying(change: Callable[[str], str]) -> Lie:
    """Return the lie whose checkpoint says something else, signed and vouched for."""

    def lie(publisher: MemoryPublisher) -> None:
        text = change(parse_note(publisher.files[tree.CHECKPOINT.path()]).text)
        signature = publisher.log.key.sign(text.encode())
        line = f"\u2014 {publisher.name} {base64(publisher.log.note_key.key_id + signature)}\n"
        publisher.files[tree.CHECKPOINT.path()] = f"{text}\n{line}".encode()
        publisher.vouch()

    return lie


TEXTS: tuple[tuple[str, Callable[[str], str], int, str], ...] = (
    (
        "another origin",
        lambda text: text.replace("register.example", "other.example"),
        18,
        "The key is ours; that it speaks of another log contradicts where it was found.",
    ),
    ("size with a leading zero", lambda text: text.replace("\n3\n", "\n03\n"), 11, ""),
    ("size with a sign", lambda text: text.replace("\n3\n", "\n+3\n"), 11, ""),
    ("size with a space", lambda text: text.replace("\n3\n", "\n3 \n"), 11, ""),
    ("size in other digits", lambda text: text.replace("\n3\n", "\n\u0663\n"), 11, ""),
    ("size zero", lambda text: text.replace("\n3\n", "\n0\n"), 18, ""),
    (
        "huge size",
        lambda text: text.replace("\n3\n", "\n9223372036854775807\n"),
        18,
        "A number that may be; it is not the newest version.",
    ),
    ("size of 64 bits", lambda text: text.replace("\n3\n", "\n9223372036854775808\n"), 11, ""),
    ("size of 5,000 digits", lambda text: text.replace("\n3\n", "\n" + "9" * 5000 + "\n"), 11, ""),
    ("root of 31 bytes", lambda text: f"{text.rsplit(chr(10), 2)[0]}\n{base64(bytes(31))}\n", 11, ""),
    ("root that is not base64", lambda text: f"{text.rsplit(chr(10), 2)[0]}\n{'!' * 44}\n", 11, ""),
    ("CR at the line ends", lambda text: text.replace("\n", "\r\n"), 11, ""),
    ("empty line within", lambda text: text.replace("\n3\n", "\n\n3\n"), 11, ""),
    ("two blank lines", lambda text: text + "\n", 11, ""),
    ("two lines only", lambda text: "".join(text.splitlines(keepends=True)[:2]), 11, ""),
)
for _name, _change, _code, _why in TEXTS:
    ROOM.add(
        f"checkpoint: {_name}",
        "Signs and vouches for it.",
        checkpoint_saying(_change),
        _code,
        "V08",
        why=_why,
        arguments=poll,
    )


def _other_key_id(data: bytes) -> bytes:
    note = parse_note(data)
    line = msgspec.structs.replace(note.signatures[0], key_id=b"\0\0\0\0")
    return format_note(note.text, [line])


def _with_line_of_ours(data: bytes) -> bytes:
    note = parse_note(data)
    return format_note(
        note.text, [*note.signatures, msgspec.structs.replace(note.signatures[0], signature=bytes(64))]
    )


def _lines_of_strangers(count: int, size: int) -> bytes:
    line = f"\u2014 s {base64(bytes(4) + bytes([7]) * size)}\n".encode()
    return line * count


NOTES: tuple[tuple[str, Callable[[bytes], bytes], int], ...] = (
    ("no final newline", lambda data: data[:-1], 11),
    ("no blank line", lambda data: data.replace(b"\n\n", b"\n"), 11),
    ("no signature", lambda data: data.partition(b"\n\n")[0] + b"\n\n", 11),
    ("a signature without its dash", lambda data: data.replace("\u2014 ".encode(), b"- "), 11),
    ("wrong key id", _other_key_id, 16),
    ("not UTF-8", lambda data: data + "\u2014 ".encode() + b"\xff AAAAAAAA\n", 11),
    ("a second signature of ours that does not fit", _with_line_of_ours, 12),
    ("1,001 signatures", lambda data: data + _lines_of_strangers(1000, 1), 11),
    ("1,000 signatures of 100 kilobytes", lambda data: data + _lines_of_strangers(999, 64), 11),
)
for _name, _change, _code in NOTES:
    ROOM.add(
        f"checkpoint: {_name}",
        "Has it vouched for.",
        signed(tree.CHECKPOINT.path(), _change),
        _code,
        "V08",
        arguments=poll,
    )
ROOM.add(
    "checkpoint: 1,000 signatures",
    "Adds 999 lines of keys that nobody knows.",
    signed(tree.CHECKPOINT.path(), lambda data: data + _lines_of_strangers(999, 1)),
    0,
    why="Harmless: lines of unknown keys are passed over, up to the limits on lines and bytes.",
)
