"""Small changes to bytes that more than one attack makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tuf.api.metadata import Metadata

from memory_publisher import MemoryPublisher, sign_metadata
from register_api.core.format import tree
from register_api.core.format.paths import is_signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from attack import Lie

DIGEST = re.compile(r"[0-9a-f]{64}")


def flip(data: bytes, at: int) -> bytes:
    """Return data with the lowest bit of one byte flipped."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def change(data: bytes, pattern: bytes) -> bytes:
    """Return data with the byte in a pattern's group replaced by another of the same kind."""
    found = re.search(pattern, data, re.DOTALL)
    assert found, pattern
    other = b"2" if found[1] == b"1" else b"1"
    return data[: found.start(1)] + other + data[found.end(1) :]


def put(data: bytes, old: bytes, new: bytes) -> bytes:
    """Return data with the first place where something stands replaced.

    Raises:
        AssertionError: It stands nowhere, so this would be no change.
    """
    assert old in data, old
    return data.replace(old, new, 1)


def damaged(path: str, change_it: Callable[[bytes], bytes]) -> Lie:
    """Return the lie that changes one file, and signs nothing anew."""

    def lie(publisher: MemoryPublisher) -> None:
        before = publisher.files[path]
        publisher.files[path] = change_it(before)
        assert publisher.files[path] != before

    return lie


def missing(path: str) -> Lie:
    """Return the lie that withholds one file."""

    def lie(publisher: MemoryPublisher) -> None:
        del publisher.files[path]

    return lie


def signed(path: str, change_it: Callable[[bytes], bytes]) -> Lie:
    """Return the lie that changes a head file, signs it if such a file is signed, and has it vouched for."""

    def lie(publisher: MemoryPublisher) -> None:
        data = change_it(publisher.files[path])
        if path == tree.FEED_ATOM.path():
            publisher.write_feed(path, data)
        elif is_signed(path):
            publisher.write_signed(path, data)
        else:
            publisher.files[path] = data
        publisher.vouch()

    return lie


def resigned(publisher: MemoryPublisher, path: str, change_it: Callable[[dict], object]) -> None:
    """Change what metadata says, and sign it with the keys that signed it."""
    metadata = Metadata.from_bytes(publisher.files[path])
    plain = metadata.signed.to_dict()
    change_it(plain)
    keys = {"root": publisher.root_keys, "targets": [publisher.targets_key]}
    signers = keys.get(metadata.signed.type, [publisher.online_key])
    publisher.files[path] = sign_metadata(type(metadata.signed).from_dict(plain), *signers)
