"""The log as immutable files: C2SP tlog-tiles, tiles of height 8.

A tile at level 0 holds up to 256 leaf hashes; one at a higher level holds the roots of full tiles of the
level below. Rightmost tiles are partial until they are full. An entry bundle holds the entries hashed by the
tile at level 0 with the same number, each prefixed with its length as big-endian uint16.

Roots and proofs (RFC 6962 sections 2.1.1 and 2.1.2) are computed from O(log n) tiles, which are not
authenticated: compare a computed root with a signed one before relying on it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Literal

from register_api.core.log import merkle
from register_api.errors import Malformed

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
"""Hashes in a full tile, or entries in a full bundle."""

MAX_ENTRY_LENGTH = 2**16 - 1
"""Maximum length of an entry, limited by the length field of a bundle."""

Level = int | Literal["entries"]

ReadTile = Callable[[str], bytes]
"""Returns the bytes of a tile by path; may raise any exception."""


def tile_path(level: Level, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile at level 0 to 7, or of a bundle; a smaller width means a partial one."""
    name = f"{index % 1000:03d}"
    while index := index // 1000:
        name = f"x{index % 1000:03d}/{name}"
    return f"log/tile/{level}/{name}" + ("" if width == TILE_WIDTH else f".p/{width}")


def entries_in_bundle(data: bytes, width: int) -> list[bytes]:
    """Parse an entry bundle of exactly ``width`` entries, 1 to 256.

    Raises:
        Malformed: More or fewer entries, or a truncated entry.
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
    """Return the new tiles and bundles by path when entries are appended to a log of a given size.

    Reads one partial tile of the old log for each level that grows, and one partial bundle.
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
    """Read the hashes of a tile."""
    data = read(tile_path(level, index, width))
    if len(data) != width * merkle.HASH_BYTES:
        raise Malformed(f"{len(data)} bytes in tile {tile_path(level, index, width)}")
    return [data[at : at + merkle.HASH_BYTES] for at in range(0, len(data), merkle.HASH_BYTES)]


def tile_of_subtree(height: int, number: int, size: int) -> tuple[int, int, int]:
    """Return level, index and width of the tile that contains a perfect subtree."""
    level = height // TILE_HEIGHT
    index = (number << (height % TILE_HEIGHT)) // TILE_WIDTH
    width = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH)
    return level, index, width


def _range_hashes(size: int, read: ReadTile) -> Callable[[int, int], bytes]:
    """Return a function that hashes a range of entries split as in RFC 6962; each tile is read once."""
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
    """Return the root hash of a log of ``size`` entries, from the tiles of a log of ``tree_size``.

    Raises:
        Malformed: A tile has the wrong length, or ``tree_size`` is smaller than ``size``.
    """
    whole = size if tree_size is None else tree_size
    range_hash = _range_hashes(whole, read)
    if not 0 <= size <= whole:
        raise Malformed(f"a log of size {whole} has never had the size {size}")
    return range_hash(0, size)


def inclusion_proof(index: int, size: int, read: ReadTile) -> list[bytes]:
    """Return the inclusion proof of an entry, leaf's neighbour first (RFC 6962 section 2.1.1)."""
    if not 0 <= index < size:
        raise Malformed(f"no entry {index} in a log of size {size}")
    return _descend(size, _range_hashes(size, read), index, to_leaf=True)[0]


def consistency_proof(old_size: int, new_size: int, read: ReadTile) -> list[bytes]:
    """Return the consistency proof from a smaller size of at least 1 (RFC 6962 section 2.1.2)."""
    if not 1 <= old_size <= new_size:
        raise Malformed(f"no consistency proof leads from size {old_size} to size {new_size}")
    range_hash = _range_hashes(new_size, read)
    proof, start, end = _descend(new_size, range_hash, old_size - 1, to_leaf=False)
    # The root of a perfect old tree is omitted: the verifier has it.
    return ([range_hash(start, end)] if start else []) + proof


def _descend(
    size: int, range_hash: Callable[[int, int], bytes], index: int, *, to_leaf: bool
) -> tuple[list[bytes], int, int]:
    """Descend to an entry or to the subtree that ends with it; return siblings passed and range reached."""
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
