"""Attacks on the log's files and proofs: withheld, cut, lengthened, padded, forged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attack import Room, two_versions
from changes import change, damaged, missing, put

from memory_log import MemoryLog, sign
from register_api.core.format import tree
from register_api.core.log.note import parse_note
from register_api.core.strict_base64 import encode as base64

if TYPE_CHECKING:
    from collections.abc import Callable

    from attack import Lie

    from memory_publisher import MemoryPublisher

ROOM = Room("log files", "Tiles, bundles, entries and proofs: missing, too short, too long, forged.")


TILE, BUNDLE, PROOF = "log/tile/0/000.p/2", "log/tile/entries/000.p/2", tree.VERSION_PROOF.path(2)


@ROOM.attack(16, "V15")
def proof_by_a_key_that_has_not_begun(publisher: MemoryPublisher) -> None:
    """Signs version 2's proof anew with the log key that is good from version 4."""
    publisher.rotate_log_key(64)
    publisher.publish()
    head, _, old = publisher.files[PROOF].partition(b"\n\n")
    made = sign(parse_note(old).text, [(publisher.log.note_key, publisher.log.key)])
    publisher.files[PROOF] = head + b"\n\n" + made


MISSING = (
    ("tile", TILE, "V11"),
    ("older tile", "log/tile/0/000.p/1", "V14"),
    ("entry bundle", BUNDLE, "V14"),
    ("older entry bundle", "log/tile/entries/000.p/1", "V14"),
    ("newest entry", tree.VERSION_ENTRY.path(2), "V11"),
    ("older entry", tree.VERSION_ENTRY.path(1), "V13"),
    ("proof", PROOF, "V15"),
    ("list of versions", tree.VERSIONS.path(), "V12"),
)
for _what, _path, _check in MISSING:
    ROOM.add(
        f"{_what} missing",
        "Withholds what the log vouches for.",
        missing(_path),
        10,
        _check,
        begin=two_versions,
    )
ROOM.add(
    "checkpoint missing",
    "Withholds the checkpoint at its public path.",
    missing(tree.CHECKPOINT.path()),
    10,
    "V25",
    begin=two_versions,
)

FILES: tuple[tuple[str, str, Callable[[bytes], bytes], int, str], ...] = (
    ("tile too short", TILE, lambda data: data[:-1], 11, "V11"),
    ("tile too long", TILE, lambda data: data + b"\n", 11, "V11"),
    ("tile padded", TILE, lambda data: data.ljust(8192, b"\0"), 11, "V11"),
    ("tile empty", TILE, lambda _: b"", 11, "V11"),
    ("tile beyond the limit", TILE, lambda data: data.ljust(8193, b"\0"), 11, "V11"),
    ("tile forged", TILE, lambda data: bytes(len(data)), 12, "V11"),
    ("older tile too short", "log/tile/0/000.p/1", lambda data: data[:-1], 11, "V14"),
    ("older tile too long", "log/tile/0/000.p/1", lambda data: data + bytes(32), 11, "V14"),
    ("older tile forged", "log/tile/0/000.p/1", lambda _: bytes(32), 12, "V14"),
    ("bundle too short", BUNDLE, lambda data: data[:-1], 11, "V14"),
    ("bundle too long", BUNDLE, lambda data: data + b"\0\0", 11, "V14"),
    ("bundle that ends in the air", BUNDLE, lambda data: b"\xff\xff" + data[2:], 11, "V14"),
    ("bundle forged", BUNDLE, lambda data: put(data, b"register", b"registre"), 12, "V14"),
    ("entry too short", tree.VERSION_ENTRY.path(1), lambda data: data[:-1], 12, "V13"),
    ("entry too long", tree.VERSION_ENTRY.path(1), lambda data: data + b" ", 12, "V13"),
    ("entry beyond the limit", tree.VERSION_ENTRY.path(1), lambda data: data.ljust(4097), 11, "V13"),
    ("proof cut", PROOF, lambda data: data[:-30], 11, "V15"),
    ("proof with a byte more", PROOF, lambda data: data + b"\n", 11, "V15"),
    ("proof empty", PROOF, lambda _: b"", 11, "V15"),
    ("proof of another form", PROOF, lambda data: put(data, b"proof@v1", b"proof@v2"), 11, "V15"),
    ("proof without its index", PROOF, lambda data: put(data, b"index 1\n", b""), 11, "V15"),
    ("proof with CR", PROOF, lambda data: data.replace(b"\n", b"\r\n"), 11, "V15"),
    ("root in a proof changed", PROOF, lambda data: change(data, rb"\n\n\S+\n\d+\n(.)"), 12, "V15"),
    ("signer of a proof renamed", PROOF, lambda data: change(data, rb"\xe2\x80\x94 (.)"), 16, "V15"),
    ("index beyond the log", PROOF, lambda data: put(data, b"index 1\n", b"index 2\n"), 11, "V15"),
    ("index of another entry", PROOF, lambda data: put(data, b"index 1\n", b"index 0\n"), 12, "V15"),
    ("index with a leading zero", PROOF, lambda data: put(data, b"index 1\n", b"index 01\n"), 11, "V15"),
    ("index with a sign", PROOF, lambda data: put(data, b"index 1\n", b"index +1\n"), 11, "V15"),
    ("index below zero", PROOF, lambda data: put(data, b"index 1\n", b"index -1\n"), 11, "V15"),
    (
        "index in other digits",
        PROOF,
        lambda data: put(data, b"index 1\n", "index \u0661\n".encode()),
        11,
        "V15",
    ),
    (
        "index of 64 bits",
        PROOF,
        lambda data: put(data, b"index 1\n", b"index 9223372036854775808\n"),
        11,
        "V15",
    ),
    (
        "index of 5,000 digits",
        PROOF,
        lambda data: put(data, b"index 1\n", b"index 1" + b"0" * 5000 + b"\n"),
        11,
        "V15",
    ),
)
for _name, _path, _change, _code, _check in FILES:
    ROOM.add(
        _name,
        "Changes a file of the log on its way.",
        damaged(_path, _change),
        _code,
        _check,
        begin=two_versions,
    )


def _proof_hash(change: Callable[[bytes], bytes]) -> Lie:
    """Return the lie that changes the hashes of version 2's proof."""

    def lie(publisher: MemoryPublisher) -> None:
        head, blank, checkpoint = publisher.files[PROOF].partition(b"\n\n")
        publisher.files[PROOF] = change(head) + blank + checkpoint

    return lie


_HASH = base64(bytes(32)).encode()
ROOM.add(
    "proof with a hash more",
    "Lengthens a proof.",
    _proof_hash(lambda head: head + b"\n" + _HASH),
    11,
    "V15",
    begin=two_versions,
)
ROOM.add(
    "proof without a hash",
    "Cuts a proof.",
    _proof_hash(lambda head: head.rpartition(b"\n")[0]),
    11,
    "V15",
    begin=two_versions,
)
ROOM.add(
    "proof with a forged hash",
    "Forges a proof.",
    _proof_hash(lambda head: head.rpartition(b"\n")[0] + b"\n" + _HASH),
    12,
    "V15",
    begin=two_versions,
)
ROOM.add(
    "proof with 10,000 hashes",
    "Makes a proof that is long to check.",
    _proof_hash(lambda head: head + (b"\n" + _HASH) * 10_000),
    11,
    "V15",
    begin=two_versions,
)


@ROOM.attack(12, "V15")
def proof_of_another_entry(publisher: MemoryPublisher) -> None:
    """Serves version 1's proof for version 2."""
    publisher.files[PROOF] = publisher.files[tree.VERSION_PROOF.path(1)]


@ROOM.attack(18, "V15", why="It proves the entry truly, but at another size than the version's.")
def proof_made_anew(publisher: MemoryPublisher) -> None:
    """Serves a proof of version 2 by the newest checkpoint, though proofs are never rewritten."""
    publisher.files[PROOF] = publisher.log.proof(1)


@ROOM.attack(15, "V15")
def proof_of_another_history(publisher: MemoryPublisher) -> None:
    """Proves version 2 by a signed checkpoint of another log."""
    other = MemoryLog(origin=publisher.name, key=publisher.log.key)
    other.append(b"something else")
    other.append(publisher.files[tree.VERSION_ENTRY.path(2)])
    publisher.files[PROOF] = other.proof(1)
