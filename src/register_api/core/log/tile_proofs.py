"""Roots and proofs computed from tiles (RFC 6962 sections 2.1.1 and 2.1.2 over C2SP tlog-tiles).

Every function reads O(log n) tiles. The hashes are as good as the tiles they come from: a reader
compares a root computed here with one that is signed before it believes anything.
"""

from __future__ import annotations

from register_api.core.log import merkle
from register_api.core.log.tiles import HashReader, ReadTile, tile_of_subtree, tile_path
from register_api.errors import Malformed


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
