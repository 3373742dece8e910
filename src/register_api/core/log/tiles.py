"""The log cut into files that never change: C2SP tlog-tiles, tiles of height 8.

A tile at level 0 holds up to 256 leaf hashes; one at level *l* holds the roots of full tiles of level
*l* - 1. Rightmost tiles are partial until they are full. An entry bundle holds the entries that the
tile at level 0 with the same number hashes, each after its length as big-endian uint16.

Roots and proofs (RFC 6962 sections 2.1.1 and 2.1.2) are computed from O(log n) tiles and are as good as
these: a reader compares a root computed here with one that is signed before it believes anything.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Literal

from register_api.core.log import merkle
from register_api.errors import Malformed

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
"""Hashes in a full tile, entries in a full bundle."""

MAX_ENTRY_LENGTH = 2**16 - 1
"""Bytes of an entry that the bundle's length field can say."""

Level = int | Literal["entries"]

ReadTile = Callable[[str], bytes]
"""From a tile's path to its bytes; raises what its caller likes."""


def tile_path(level: Level, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile at level 0 to 7, or of a bundle; below the full width it is partial."""
    name = f"{index % 1000:03d}"
    while index := index // 1000:
        name = f"x{index % 1000:03d}/{name}"
    return f"log/tile/{level}/{name}" + ("" if width == TILE_WIDTH else f".p/{width}")


def entries_in_bundle(data: bytes, width: int) -> list[bytes]:
    """Read an entry bundle, in which so many entries must be, 1 to 256.

    Raises:
        Malformed: More or fewer entries, or an entry that is cut off.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < width:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
    if at != len(data) or len(entries) != width:
        raise Malformed(f"an entry bundle that does not hold exactly {width} whole entries")
    return entries


def append(size: int, entries: Sequence[bytes], read: ReadTile) -> dict[str, bytes]:
    """Return the files that a log of a size gains by more entries, by path: every tile and bundle that grows.

    Of the log before, one partial tile is read a level that grows, and one partial bundle.
    """
    if not entries:
        return {}
    if any(len(entry) > MAX_ENTRY_LENGTH for entry in entries):
        raise Malformed(f"a log entry of more than {MAX_ENTRY_LENGTH} bytes")
    first, width = divmod(size, TILE_WIDTH)
    old = entries_in_bundle(read(tile_path("entries", first, width)), width) if width else []
    files = {
        tile_path("entries", first + number, len(bundle)): b"".join(
            len(entry).to_bytes(2, "big") + entry for entry in bundle
        )
        for number, bundle in enumerate(_chunks([*old, *entries]))
    }
    level, hashes, count = 0, [merkle.leaf_hash(entry) for entry in entries], size
    while hashes:
        first, width = divmod(count, TILE_WIDTH)
        row = (read_tile(level, first, width, read) if width else []) + hashes
        chunks = _chunks(row)
        files |= {tile_path(level, first + n, len(c)): b"".join(c) for n, c in enumerate(chunks)}
        hashes = [merkle.root_hash(chunk) for chunk in chunks if len(chunk) == TILE_WIDTH]
        level, count = level + 1, first
    return files


def _chunks(row: list[bytes]) -> list[list[bytes]]:
    return [row[at : at + TILE_WIDTH] for at in range(0, len(row), TILE_WIDTH)]


def read_tile(level: int, index: int, width: int, read: ReadTile) -> list[bytes]:
    """Read the hashes of one tile."""
    data = read(tile_path(level, index, width))
    if len(data) != width * merkle.HASH_BYTES:
        raise Malformed(f"{len(data)} bytes in tile {tile_path(level, index, width)}")
    return [data[at : at + merkle.HASH_BYTES] for at in range(0, len(data), merkle.HASH_BYTES)]


def tile_of_subtree(height: int, number: int, size: int) -> tuple[int, int, int]:
    """Return where a perfect subtree's hash can be computed from: level, index and width of a tile."""
    level = height // TILE_HEIGHT
    index = (number << (height % TILE_HEIGHT)) // TILE_WIDTH
    width = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH)
    return level, index, width


def _range_hashes(size: int, read: ReadTile) -> Callable[[int, int], bytes]:
    """Return what hashes a range of a log's entries that RFC 6962 splits off; each tile is read once."""
    if not 0 <= size <= merkle.MAX_SIZE:
        raise Malformed(f"no log has the size {size}")

    @functools.cache
    def tile(place: tuple[int, int, int]) -> list[bytes]:
        return read_tile(*place, read)

    def subtree(height: int, number: int) -> bytes:
        first = (number << (height % TILE_HEIGHT)) % TILE_WIDTH
        hashes = tile(tile_of_subtree(height, number, size))
        return merkle.root_hash(hashes[first : first + (1 << (height % TILE_HEIGHT))])

    def range_hash(start: int, end: int) -> bytes:
        return merkle.join_subtrees([subtree(*one) for one in merkle.perfect_subtrees(start, end)])

    return range_hash


def root(size: int, read: ReadTile, *, tree_size: int | None = None) -> bytes:
    """Return the root hash of a log, or of what it was when it was smaller than ``tree_size``.

    Raises:
        Malformed: A tile has not the form its path says, or ``tree_size`` is smaller than ``size``.
    """
    whole = size if tree_size is None else tree_size
    range_hash = _range_hashes(whole, read)
    if not 0 <= size <= whole:
        raise Malformed(f"a log of size {whole} has never had the size {size}")
    return range_hash(0, size)


def inclusion_proof(index: int, size: int, read: ReadTile) -> list[bytes]:
    """Return the proof that a log holds an entry, the leaf's neighbour first (RFC 6962 section 2.1.1)."""
    if not 0 <= index < size:
        raise Malformed(f"no entry {index} in a log of size {size}")
    return _descend(size, _range_hashes(size, read), index, to_leaf=True)[0]


def consistency_proof(old_size: int, new_size: int, read: ReadTile) -> list[bytes]:
    """Return the proof that a log continues a smaller one of at least one entry (RFC 6962 section 2.1.2)."""
    if not 1 <= old_size <= new_size:
        raise Malformed(f"no consistency proof leads from size {old_size} to size {new_size}")
    range_hash = _range_hashes(new_size, read)
    proof, start, end = _descend(new_size, range_hash, old_size - 1, to_leaf=False)
    # The old tree's own root is left out: whoever checks the proof has it.
    return ([range_hash(start, end)] if start else []) + proof


def _descend(
    size: int, range_hash: Callable[[int, int], bytes], index: int, *, to_leaf: bool
) -> tuple[list[bytes], int, int]:
    """Go down to an entry, or to where a subtree ends with it: the neighbours passed, and the range there."""
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1 if to_leaf else end > index + 1:
        middle = start + merkle.split_point(end - start)
        if index < middle:
            proof.append(range_hash(middle, end))
            end = middle
        else:
            proof.append(range_hash(start, middle))
            start = middle
    return proof[::-1], start, end
