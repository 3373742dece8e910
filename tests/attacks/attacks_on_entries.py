"""Attacks on the log's entries: what they name, of which version, under which paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from attack import Room, poll

from memory_log import MemoryLog
from memory_publisher import MemoryPublisher
from register_api.core.canonical import encode
from register_api.core.format import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from attack import Lie

ROOM = Room("entries", "Entries that are in the log, signed, and say what they should not.")


def _entry_saying(change: Callable[[MemoryPublisher, object], object]) -> Lie:
    """Return the lie that logs, as version 4's entry, something else than it should say."""

    def lie(publisher: MemoryPublisher) -> None:
        register = publisher.next_register()
        draft = publisher.copy().publish_made(register, publisher.diff(register))
        publisher.publish_made(
            register, publisher.diff(register), encode(change(publisher, draft.entry(register)))
        )

    return lie


def _files(entry: object, change: Callable[[dict], object]) -> object:
    """Return an entry whose second file, the register, is described in another way."""
    plain = msgspec.to_builtins(entry)
    change(plain["files"][1])
    return plain


def _paths(name: str, path: str) -> None:
    ROOM.add(
        f"entry with {name}",
        "Logs an entry that names a file elsewhere.",
        _entry_saying(lambda _, entry: _files(entry, lambda file: file.update(path=path))),
        11,
        "V11",
        arguments=poll,
    )


for _name, _path in (
    ("a path that leads out", "v1/versions/4/../../../../etc/passwd"),
    ("a path that leads to another version", "v1/versions/3/register.json"),
    ("a percent-encoded path", "v1/versions/4/%2e%2e/%2e%2e/keys.json"),
    ("a path with backslashes", "v1/versions/4/..\\..\\keys.json"),
    ("an absolute path", "/etc/passwd"),
    ("an address as path", "https://evil.example/register.json"),
    ("a NUL in a path", "v1/versions/4/register.json\0.txt"),
):
    _paths(_name, _path)


def _further(path: str) -> Lie:
    """Return the lie that logs a further file of the version."""
    return _entry_saying(
        lambda _, entry: {
            **msgspec.to_builtins(entry),
            "files": sorted(
                [*msgspec.to_builtins(entry)["files"], {"path": path, "sha256": "0" * 64, "size": 1}],
                key=lambda file: file["path"],
            ),
        }
    )


for _name, _path in (
    ("a further file that leads out", "v1/versions/4/../../../etc/passwd"),
    ("a further file, percent-encoded", "v1/versions/4/%2e%2e/x"),
    ("a further file with a backslash", "v1/versions/4/..\\x"),
    ("a further file with a question mark", "v1/versions/4/x?y=z"),
    ("a further file with two slashes", "v1/versions/4//x"),
):
    ROOM.add(f"entry with {_name}", "Logs an entry that names a file elsewhere.", _further(_path), 11, "V16")
ROOM.add(
    "entry with a further file that is not there",
    "Logs a file and withholds it.",
    _further("v1/versions/4/notice.txt"),
    10,
    "V16",
)
ROOM.add(
    "entry with a digest in capital letters",
    "Spells a digest in capital letters.",
    _entry_saying(lambda _, entry: _files(entry, lambda file: file.update(sha256=file["sha256"].upper()))),
    11,
    "V11",
    arguments=poll,
)
ROOM.add(
    "entry of another version",
    "Logs an entry that says to be of version 3.",
    _entry_saying(lambda _, entry: msgspec.structs.replace(entry, version=3)),
    18,
    "V11",
    arguments=poll,
)
ROOM.add(
    "entry of another register",
    "Logs an entry that says to be of another register.",
    _entry_saying(lambda _, entry: msgspec.structs.replace(entry, register="other.example/list")),
    18,
    "V11",
    arguments=poll,
)
ROOM.add(
    "entry with another size",
    "Logs an entry that gives a file another length.",
    _entry_saying(lambda _, entry: _files(entry, lambda file: file.update(size=file["size"] + 1))),
    18,
    "V16",
)
ROOM.add(
    "entry with a file twice",
    "Logs an entry that names one file twice.",
    _entry_saying(
        lambda _, entry: {**msgspec.to_builtins(entry), "files": [msgspec.to_builtins(entry)["files"][1]] * 2}
    ),
    11,
    "V11",
    arguments=poll,
)
ROOM.add(
    "entry without its diff",
    "Logs an entry that names the register only.",
    _entry_saying(
        lambda _, entry: {**msgspec.to_builtins(entry), "files": msgspec.to_builtins(entry)["files"][1:]}
    ),
    11,
    "V11",
    arguments=poll,
)
ROOM.add(
    "entry at another instant",
    "Logs an entry that gives another instant than the register.",
    _entry_saying(lambda publisher, entry: msgspec.structs.replace(entry, published_at=publisher.now)),
    18,
    "V19",
)


@ROOM.attack(18, "V13")
def double_entry(publisher: MemoryPublisher) -> None:
    """Logs version 3 a second time, as the fourth entry, and publishes version 4 without one."""
    register = publisher.next_register()
    publisher.publish_made(register, publisher.diff(register), publisher.files[tree.VERSION_ENTRY.path(3)])


@ROOM.attack(18, "V08", why="The log's size is the newest version; a gap makes them differ.")
def gap_in_the_versions(publisher: MemoryPublisher) -> None:
    """Publishes version 5 after version 3."""
    register = publisher.next_register(version=5)
    publisher.registers.append(register)
    documents = {tree.VERSION_REGISTER.path(5): encode(register), tree.VERSION_DIFF.path(5): b"{}"}
    for path, data in documents.items():
        publisher.write_signed(path, data)
    publisher.files[tree.VERSION_KEYS.path(5)] = publisher.key_list()
    publisher.log.append(encode(publisher.entry(register)))
    publisher.files |= publisher.log.files
    publisher.files[tree.CHECKPOINT.path()] = publisher.log.checkpoint()
    publisher.write_signed(tree.REGISTER.path(), encode(register))
    publisher.vouch()


@ROOM.attack(18, "V13")
def entries_exchanged(_: MemoryPublisher) -> Mapping[str, bytes]:
    """Logs versions 1 and 2 in the wrong order, and signs the tree."""
    other = MemoryPublisher()
    one, two = other.next_register(), None
    other.registers.append(one)
    other.write_version(one, other.diff(one))
    two = other.next_register()
    other.registers.append(two)
    other.write_version(two, other.diff(two))
    entries = other.log.entries[::-1]
    other.log = MemoryLog(origin=other.name, key=other.log.key)
    for number, entry in enumerate(entries, 1):
        other.log.append(entry)
        other.files[tree.VERSION_ENTRY.path(number)] = entry
        other.files[tree.VERSION_PROOF.path(number)] = other.log.proof(number - 1)
    return other.publish().files
