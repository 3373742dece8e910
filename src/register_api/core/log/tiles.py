"""The log cut into files that never change: C2SP tlog-tiles, tiles of height 8.

A tile at level 0 holds up to 256 leaf hashes; one at level *l* holds the roots of full tiles of level
*l* - 1. Rightmost tiles are partial until they are full. An entry bundle holds the entries that the
tile at level 0 with the same number hashes, each after its length as big-endian uint16.

What is read comes through a ``ReadTile``, so the same code works on a folder, on the network and in
memory. Paths are those of the tree (``core.format.tree``), without a leading slash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    """Return the path of a tile or an entry bundle (tlog-tiles, Merkle Tree).

    Args:
        level: 0 to 7, or ``"entries"`` for a bundle.
        index: Number of the tile within its level, from 0.
        width: Hashes or entries in it, 1 to 256; below 256 it is partial.
    """
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"log/tile/{level}/{'/'.join(groups)}{partial}"


def entries_in_bundle(data: bytes, width: int) -> list[bytes]:
    """Read an entry bundle.

    Args:
        data: The bytes as received.
        width: How many entries must be in it, 1 to 256.

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
    """Return the files that a log gains by more entries: every tile and bundle that grows.

    Args:
        size: Entries in the log before.
        entries: What to append, in order; at most 65,535 bytes each.
        read: Gives the partial tiles of the log before; one is read a level that grows.

    Returns:
        Path to bytes: full tiles completed on the way, and the partial tiles of the new size.

    Raises:
        Malformed: A stored tile has not the form its path says, or an entry is too long.
    """
    if not entries:
        return {}
    files = _appended_bundles(size, entries, read)
    level, hashes, count = 0, [merkle.leaf_hash(entry) for entry in entries], size
    while hashes:
        first, width = divmod(count, TILE_WIDTH)
        row = (read_tile(level, first, width, read) if width else []) + hashes
        chunks = _chunks(row)
        files |= {tile_path(level, first + n, len(c)): b"".join(c) for n, c in enumerate(chunks)}
        hashes = [merkle.root_hash(chunk) for chunk in chunks if len(chunk) == TILE_WIDTH]
        level, count = level + 1, first
    return files


def _appended_bundles(size: int, entries: Sequence[bytes], read: ReadTile) -> dict[str, bytes]:
    if any(len(entry) > MAX_ENTRY_LENGTH for entry in entries):
        raise Malformed(f"a log entry of more than {MAX_ENTRY_LENGTH} bytes")
    first, width = divmod(size, TILE_WIDTH)
    old = entries_in_bundle(read(tile_path("entries", first, width)), width) if width else []
    bundles = enumerate(_chunks([*old, *entries]))
    return {tile_path("entries", first + n, len(bundle)): _bundle(bundle) for n, bundle in bundles}


def _bundle(entries: Sequence[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


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


class HashReader:
    """Hashes of one log's subtrees, each tile read once.

    Attributes:
        size: Entries of the log whose tiles are read.
    """

    def __init__(self, size: int, read: ReadTile) -> None:
        """Begin without any tile."""
        if not 0 <= size <= merkle.MAX_SIZE:
            raise Malformed(f"no log has the size {size}")
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int, int], list[bytes]] = {}

    def range_hash(self, start: int, end: int) -> bytes:
        """Return the hash over entries ``start`` to ``end - 1``, a range that RFC 6962 splits off."""
        return merkle.join_subtrees(list(self._subtree_hashes(start, end)))

    def _subtree_hashes(self, start: int, end: int) -> Iterator[bytes]:
        for height, number in merkle.perfect_subtrees(start, end):
            first = (number << (height % TILE_HEIGHT)) % TILE_WIDTH
            tile = self._tile(tile_of_subtree(height, number, self.size))
            yield merkle.root_hash(tile[first : first + (1 << (height % TILE_HEIGHT))])

    def _tile(self, place: tuple[int, int, int]) -> list[bytes]:
        if place not in self._tiles:
            self._tiles[place] = read_tile(*place, self._read)
        return self._tiles[place]


def root(size: int, read: ReadTile, *, tree_size: int | None = None) -> bytes:
    """Return the root hash of a log, or of what it was when it was smaller.

    Args:
        size: Entries of the tree whose root is wanted.
        read: Gives the tiles.
        tree_size: Entries of the log whose tiles are read, when larger than ``size``.

    Raises:
        Malformed: A tile has not the form its path says, or ``tree_size`` is smaller than ``size``.
    """
    reader = HashReader(size if tree_size is None else tree_size, read)
    if not 0 <= size <= reader.size:
        raise Malformed(f"a log of size {reader.size} has never had the size {size}")
    return reader.range_hash(0, size)


def inclusion_proof(index: int, size: int, read: ReadTile) -> list[bytes]:
    """Return the proof that a log holds an entry, the leaf's neighbour first (RFC 6962 section 2.1.1).

    Raises:
        Malformed: The log has no such entry, or a tile has not the form its path says.
    """
    reader = HashReader(size, read)
    if not 0 <= index < size:
        raise Malformed(f"no entry {index} in a log of size {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + merkle.split_point(end - start)
        if index < middle:
            proof.append(reader.range_hash(middle, end))
            end = middle
        else:
            proof.append(reader.range_hash(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(old_size: int, new_size: int, read: ReadTile) -> list[bytes]:
    """Return the proof that a log continues a smaller one (RFC 6962 section 2.1.2).

    Args:
        old_size: Entries of the smaller tree, at least 1.
        new_size: Entries of the log whose tiles are read.
        read: Gives the tiles.

    Raises:
        Malformed: Sizes out of order, or a tile has not the form its path says.
    """
    reader = HashReader(new_size, read)
    if not 1 <= old_size <= new_size:
        raise Malformed(f"no consistency proof leads from size {old_size} to size {new_size}")
    proof: list[bytes] = []
    start, end = 0, new_size
    while old_size < end:
        middle = start + merkle.split_point(end - start)
        if old_size <= middle:
            proof.append(reader.range_hash(middle, end))
            end = middle
        else:
            proof.append(reader.range_hash(start, middle))
            start = middle
    # The old tree's own root is left out: whoever checks the proof has it.
    return ([reader.range_hash(start, end)] if start else []) + proof[::-1]


def tiles_for_consistency(old_size: int, new_size: int) -> tuple[str, ...]:
    """Return the tiles from which both roots can be computed (docs/format/log.md).

    Below 65,536 entries these are at most three: the level-1 tile, the one that holds the old last
    leaf, and the rightmost.

    Args:
        old_size: Size that is remembered.
        new_size: Size of the log whose tiles are read.

    Returns:
        Paths in the order of reading, none twice.

    Raises:
        Malformed: Sizes out of order.
    """
    if not 0 <= old_size <= new_size <= merkle.MAX_SIZE:
        raise Malformed(f"a log of size {new_size} has never had the size {old_size}")
    subtrees = merkle.perfect_subtrees(0, old_size) + merkle.perfect_subtrees(0, new_size)
    places = (tile_of_subtree(height, number, new_size) for height, number in subtrees)
    return tuple(dict.fromkeys(tile_path(*place) for place in places))
