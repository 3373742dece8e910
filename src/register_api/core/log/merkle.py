"""The Merkle tree of RFC 6962 section 2.1: hashes, and the two kinds of proof about them.

A tree over entries 0 to n-1 splits at the largest power of two below n. Verification walks up from
the leaf by the bits of its index (RFC 9162 sections 2.1.3.2 and 2.1.4.2, same trees), so a proof of
any form costs no more than its own length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from register_api.errors import Forged, Malformed

HASH_BYTES = 32
"""Length of every hash here: SHA-256."""

MAX_SIZE = 2**63 - 1
"""Largest number of entries that tools for such logs can count."""

MAX_PROOF_HASHES = 63
"""An inclusion proof in a tree of ``MAX_SIZE`` entries; a consistency proof has at most one more."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without entries."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry, told apart from a node's by its prefix 0x00."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two neighbouring subtrees, with prefix 0x01."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_hash(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, by the very recursion of RFC 6962 section 2.1.

    Args:
        leaves: Leaf hashes in order, 32 bytes each; or roots of equally large perfect subtrees.
    """
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = split_point(len(leaves))
    return node_hash(root_hash(leaves[:split]), root_hash(leaves[split:]))


def split_point(size: int) -> int:
    """Return the largest power of two smaller than a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def perfect_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Return the perfect subtrees that a range of a split tree consists of, largest first."""
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return found


def join_subtrees(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over perfect subtrees of falling size, as ``perfect_subtrees`` orders them."""
    if not hashes:
        return EMPTY_ROOT
    joined = hashes[-1]
    for left in reversed(hashes[:-1]):
        joined = node_hash(left, joined)
    return joined


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a tree holds a leaf at an index (RFC 9162 section 2.1.3.2).

    Args:
        leaf: Leaf hash, 32 bytes.
        index: Place of the leaf, from 0.
        size: Number of entries of the tree.
        proof: Hashes of the neighbours on the way up, the leaf's own first.
        root: The tree's root hash.

    Raises:
        Malformed: Index outside the tree, a hash not of 32 bytes, or not as many as this place needs.
        Forged: The hashes lead to another root.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise Malformed(f"no entry {index} in a log of size {size}")
    _check_hashes((leaf, root, *proof[: MAX_PROOF_HASHES + 1]))
    place, last, found = index, size - 1, leaf
    for neighbour in proof:
        if last == 0:
            raise Malformed("an inclusion proof that is longer than the tree is high")
        if _is_right_child(place, last):
            found = node_hash(neighbour, found)
            place, last = _skip_lone_levels(place, last)
        else:
            found = node_hash(found, neighbour)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise Malformed("an inclusion proof that ends below the root")
    if found != root:
        raise Forged(f"the inclusion proof does not lead from entry {index} to the root of size {size}")


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that a larger tree begins with all entries of a smaller one (RFC 9162 section 2.1.4.2).

    Args:
        old_size: Entries of the smaller tree, at least 1: an empty one proves nothing.
        new_size: Entries of the larger tree.
        proof: RFC 6962 consistency proof.
        old_root: Root hash of the smaller tree.
        new_root: Root hash of the larger tree.

    Raises:
        Malformed: Sizes out of order, a hash not of 32 bytes, or not as many as these sizes need.
        Forged: The hashes lead to another root than one of the two.
    """
    if not 1 <= old_size <= new_size <= MAX_SIZE:
        raise Malformed(f"no consistency proof leads from size {old_size} to size {new_size}")
    if old_size == new_size:
        _verify_same(old_size, proof, old_root, new_root)
        return
    _check_hashes((old_root, new_root, *proof[: MAX_PROOF_HASHES + 2]))
    place, last = _skip_right_edges(old_size - 1, new_size - 1)
    # A perfect old tree is itself the first node of the walk and is not repeated in the proof.
    path = list(proof) if place else [old_root, *proof]
    if not path:
        raise Malformed("a consistency proof without hashes")
    old_found = new_found = path[0]
    for neighbour in path[1:]:
        if last == 0:
            raise Malformed("a consistency proof that is longer than the tree is high")
        if _is_right_child(place, last):
            old_found = node_hash(neighbour, old_found)
            new_found = node_hash(neighbour, new_found)
            place, last = _skip_lone_levels(place, last)
        else:
            new_found = node_hash(new_found, neighbour)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise Malformed("a consistency proof that ends below the root")
    if (old_found, new_found) != (old_root, new_root):
        raise Forged(f"the log of size {new_size} does not continue the log of size {old_size}")


def _verify_same(size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that one size has one root; its proof is empty (RFC 6962 section 2.1.2)."""
    if proof:
        raise Malformed("a consistency proof with hashes between two equal sizes")
    if old_root != new_root:
        raise Forged(f"two roots for the same size {size}")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(found) != HASH_BYTES for found in hashes):
        raise Malformed(f"a hash that is not {HASH_BYTES} bytes long")


def _is_right_child(place: int, last: int) -> bool:
    """Tell whether the neighbour stands to the left; the last node of a level has no other."""
    return place & 1 == 1 or place == last


def _skip_lone_levels(place: int, last: int) -> tuple[int, int]:
    """Go up while the node is a left child without a neighbour: it is its own parent."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _skip_right_edges(place: int, last: int) -> tuple[int, int]:
    """Go up from the old tree's last leaf to the largest perfect subtree that ends with it."""
    while place & 1:
        place, last = place >> 1, last >> 1
    return place, last
