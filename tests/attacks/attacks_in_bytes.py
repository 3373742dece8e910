"""Attacks in bytes: what is signed, logged or vouched for, and is no document of this format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attack import Room, poll, three_versions, two_versions
from changes import damaged, put, signed

from register_api.core.format import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from attack import Lie

    from memory_publisher import MemoryPublisher

ROOM = Room("bytes", "Documents that are not what the format has, signed by someone who owns the keys.")

DEPTH = 100_000


def _with_member(text: str) -> Callable[[bytes], bytes]:
    """Return a change that puts a member in front of all others, where it sorts."""
    return lambda data: b"{" + text.encode("utf-8", "surrogatepass") + b"," + data[1:]


def _reversed(data: bytes) -> bytes:
    members = json.loads(data)
    return json.dumps({name: members[name] for name in reversed(members)}, separators=(",", ":")).encode()


NONSENSE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "duplicate names": ("Says one thing first and another last.", _with_member('"a":1,"a":2')),
    "format twice": (
        "Names its format twice.",
        lambda data: put(data, b'"format":', b'"format":"x/9","format":'),
    ),
    "NaN": ("Holds a number that is none.", _with_member('"a":NaN')),
    "Infinity": ("Holds a number without end.", _with_member('"a":-Infinity')),
    "1e999": ("Holds a number beyond every float.", _with_member('"a":1e999')),
    "fraction": ("Holds a float.", _with_member('"a":1.5')),
    "float that is whole": ("Holds 1.0.", _with_member('"a":1.0')),
    "exponent": ("Spells an integer with an exponent.", _with_member('"a":1e3')),
    "minus zero": ("Holds -0.", _with_member('"a":-0')),
    "number with a leading zero": ("Holds 01.", _with_member('"a":01')),
    "integer of 2^53": ("Holds an integer that floats do not keep apart.", _with_member(f'"a":{2**53}')),
    "number of 5,000 digits": ("Holds a very long number.", _with_member('"a":' + "9" * 5000)),
    "lone surrogate": ("Holds half a character, as an escape.", _with_member('"a":"\\ud800"')),
    "lone surrogate in UTF-8": ("Holds half a character, as bytes.", _with_member('"a":"\ud800"')),
    "byte that is not UTF-8": ("Holds a byte of no character.", lambda data: b'{"a":"\xff",' + data[1:]),
    "overlong UTF-8": ("Spells a slash in two bytes.", lambda data: b'{"a":"\xc0\xaf",' + data[1:]),
    "control character": ("Holds a raw line break in a text.", _with_member('"a":"\n"')),
    "byte-order mark": ("Begins with a byte-order mark.", lambda data: b"\xef\xbb\xbf" + data),
    "UTF-16": ("Is written in UTF-16.", lambda data: data.decode().encode("utf-16")),
    "UTF-32": ("Is written in UTF-32 without a mark.", lambda data: data.decode().encode("utf-32-le")),
    "Latin-1": ("Is written in Latin-1.", lambda data: '{"a":"é",'.encode("latin-1") + data[1:]),
    "final newline": ("Ends with a newline.", lambda data: data + b"\n"),
    "white space": (
        "Is indented.",
        lambda data: json.dumps(json.loads(data), indent=1, sort_keys=True).encode(),
    ),
    "another order": ("Names its members in another order.", _reversed),
    "needless escape": (
        "Spells a letter as an escape.",
        lambda data: put(data, b"register", b"\\u0072egister"),
    ),
    "escaped slash": ("Spells a slash as an escape.", lambda data: put(data, b"example/", b"example\\/")),
    "trailing comma": ("Has a comma too many.", lambda data: data[:-1] + b",}"),
    "comment": ("Has a comment.", lambda data: b"/* */" + data),
    "trailing bytes": ("Has a second document behind it.", lambda data: data + b"{}"),
    "trailing NUL": ("Has a NUL behind it.", lambda data: data + b"\0"),
    "cut": ("Ends in the middle.", lambda data: data[: len(data) // 2]),
    "100,000 deep": ("Is nested deeper than any stack.", lambda _: b"[" * DEPTH + b"]" * DEPTH),
    "100,000 objects deep": (
        "Is nested likewise, in objects.",
        lambda _: b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    ),
    "33 deep": ("Is nested a level too deep.", _with_member('"a":' + "[" * 33 + "]" * 33)),
    "100,000 open brackets": ("Never closes what it opens.", lambda _: b"[" * DEPTH),
    "empty": ("Is empty.", lambda _: b""),
    "null": ("Is null.", lambda _: b"null"),
    "list": ("Is a list.", lambda _: b"[]"),
    "text": ("Is a text.", lambda _: b'"x"'),
    "empty object": ("Is an object without members.", lambda _: b"{}"),
    "a page": ("Is a page.", lambda _: b"<!DOCTYPE html><title>It works!</title>"),
}
"""Name to sentence and change."""


for _name, (_sentence, _change) in NONSENSE.items():
    ROOM.add(
        f"register: {_name}", _sentence, signed(tree.REGISTER.path(), _change), 11, "V04", arguments=poll
    )

EVERYWHERE = (
    "duplicate names",
    "NaN",
    "1e999",
    "number of 5,000 digits",
    "lone surrogate",
    "byte-order mark",
    "UTF-16",
    "final newline",
    "trailing bytes",
    "100,000 deep",
    "100,000 objects deep",
    "empty",
    "null",
)
"""What is tried on every kind of document."""


def _logged_entry(change: Callable[[bytes], bytes]) -> Lie:
    """Return the lie that logs nonsense as version 4's entry."""

    def lie(publisher: MemoryPublisher) -> None:
        register = publisher.next_register()
        draft = publisher.copy().publish_made(register, publisher.diff(register))
        nonsense = change(draft.files[tree.VERSION_ENTRY.path(4)])
        publisher.publish_made(register, publisher.diff(register), nonsense[:60_000])

    return lie


def _logged_diff(change: Callable[[bytes], bytes]) -> Lie:
    """Return the lie that logs nonsense as version 4's diff."""

    def lie(publisher: MemoryPublisher) -> None:
        register = publisher.next_register()
        draft = publisher.copy().publish_made(register, publisher.diff(register))
        publisher.publish_made(register, change(draft.files[tree.VERSION_DIFF.path(4)]))

    return lie


def _signed_versions(change: Callable[[bytes], bytes]) -> Lie:
    return signed(tree.VERSIONS.path(), change)


KINDS: tuple[tuple[str, Callable[[Callable[[bytes], bytes]], Lie], str], ...] = (
    ("keys", lambda change: signed(tree.KEYS.path(), change), "V03"),
    ("versions", _signed_versions, "V12"),
    ("entry", _logged_entry, "V11"),
    ("diff", _logged_diff, "V18"),
    ("feed.json", lambda change: signed(tree.FEED_JSON.path(), change), "V22"),
    ("discovery", lambda change: signed(tree.DISCOVERY.path(), change), "V26"),
    ("timestamp", lambda change: damaged(tree.TIMESTAMP.path(), change), "V02"),
    ("first root", lambda change: damaged("trust/1.root.json", change), "V01"),
)
for _kind, _lie_with, _check in KINDS:
    for _name in EVERYWHERE:
        _sentence, _change = NONSENSE[_name]
        _early = _check in ("V01", "V02", "V03", "V11")
        ROOM.add(
            f"{_kind}: {_name}",
            _sentence,
            _lie_with(_change),
            11,
            _check,
            arguments=poll if _early else lambda _: (),
            remembers=_check in ("V18", "V22", "V26"),
            begin=two_versions if _check == "V12" else three_versions,
        )


def _longer(path: str, size: int) -> Lie:
    return damaged(path, lambda data: data.ljust(size))


SIZES = (
    (tree.RAW_SIGNATURE.of(tree.REGISTER.path()), 1025, "V05"),
    (tree.JWS.of(tree.REGISTER.path()), 4097, "V05"),
    (tree.XML_SIGNATURE.of(tree.FEED_ATOM.path()), 65_537, "V20"),
    (tree.CHECKPOINT.path(), 65_537, "V25"),
    (tree.DISCOVERY.path(), 262_145, "V26"),
    (tree.TIMESTAMP.path(), 16_385, "V02"),
    ("trust/2.root.json", 524_289, "V02"),
)
for _path, _size, _check in SIZES:
    _lie = _longer(_path, _size)
    if _path == "trust/2.root.json":
        _lie = lambda publisher: publisher.files.update({"trust/2.root.json": b" " * 524_289})  # noqa: E731
    ROOM.add(f"{_path} beyond its limit", "Serves more bytes than such a file may have.", _lie, 11, _check)
