"""Roots and proofs from tiles: against the recursion of RFC 6962, and how little is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memory_log import MemoryLog
from register_api.core.log import merkle
from register_api.core.log.tiles import (
    consistency_proof,
    inclusion_proof,
    root,
)
from register_api.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.core.log.tiles import ReadTile

SIZES = [1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 700]


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    """A log of 700 entries, published one by one."""
    return MemoryLog().grow(700)


@pytest.mark.parametrize("size", [0, *SIZES])
def test_root_of_every_published_size(log: MemoryLog, size: int) -> None:
    """From that size's own tiles, and from those of the larger log, equal to the reference."""
    assert root(size, log.read) == log.reference_root(size)
    assert root(size, log.read, tree_size=700) == log.reference_root(size)


@pytest.mark.parametrize("size", SIZES)
def test_inclusion_proofs_from_tiles_hold(log: MemoryLog, size: int) -> None:
    """First, last and some entries between."""
    for index in {0, size // 3, size // 2, size - 1}:
        proof = inclusion_proof(index, size, log.read)
        leaf = merkle.leaf_hash(log.entries[index])
        merkle.verify_inclusion(leaf, index, size, proof, log.reference_root(size))


@pytest.mark.parametrize("new_size", SIZES)
def test_consistency_proofs_from_tiles_hold(log: MemoryLog, new_size: int) -> None:
    """From every smaller size of the list."""
    for old_size in (size for size in SIZES if size <= new_size):
        proof = consistency_proof(old_size, new_size, log.read)
        roots = log.reference_root(old_size), log.reference_root(new_size)
        merkle.verify_consistency(old_size, new_size, proof, *roots)


@pytest.mark.parametrize(
    ("old_size", "new_size", "paths"),
    [
        (3, 7, ["0/000.p/7"]),
        (7, 255, ["0/000.p/255"]),
        (7, 256, ["0/000", "1/000.p/1"]),
        (300, 700, ["1/000.p/2", "0/001", "0/002.p/188"]),
        (256, 700, ["1/000.p/2", "0/002.p/188"]),
        (0, 7, ["0/000.p/7"]),
        (512, 512, ["1/000.p/2"]),
    ],
)
def test_both_roots_need_at_most_three_tiles(
    log: MemoryLog, old_size: int, new_size: int, paths: list[str]
) -> None:
    """These are read (docs/format/log.md)."""
    log.reads.clear()
    root(old_size, log.read, tree_size=new_size)
    root(new_size, log.read)
    assert list(dict.fromkeys(log.reads)) == [f"log/tile/{path}" for path in paths]


def test_a_proof_reads_each_tile_once(log: MemoryLog) -> None:
    """Whatever number of hashes comes from it."""
    log.reads.clear()
    inclusion_proof(300, 700, log.read)
    assert sorted(log.reads) == sorted(set(log.reads))
    assert len(log.reads) <= 3


@pytest.mark.parametrize(
    "call",
    [
        lambda read: root(-1, read),
        lambda read: root(8, read, tree_size=7),
        lambda read: root(1, read, tree_size=2**63),
        lambda read: inclusion_proof(7, 7, read),
        lambda read: inclusion_proof(-1, 7, read),
        lambda read: consistency_proof(0, 7, read),
        lambda read: consistency_proof(8, 7, read),
    ],
)
def test_impossible_sizes_are_refused(log: MemoryLog, call: Callable[[ReadTile], object]) -> None:
    """Sizes come from foreign checkpoints."""
    with pytest.raises(Malformed):
        call(log.read)


@pytest.mark.parametrize("data", [b"", b"\x00" * 31, b"\x00" * 32 * 8])
def test_a_tile_of_the_wrong_length_is_refused(data: bytes) -> None:
    """A tile of size 7 has 224 bytes."""
    with pytest.raises(Malformed):
        root(7, lambda _: data)
