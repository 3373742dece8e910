"""The Merkle tree of RFC 6962 section 2.1: hashes, inclusion proofs and consistency proofs.

A tree over entries 0 to n-1 splits at the largest power of two below n. Verification walks up from the leaf
by the bits of its index (RFC 9162 sections 2.1.3.2 and 2.1.4.2, same trees), so the cost of any proof is
bounded by its length. Every hash is a SHA-256 of 32 bytes.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence

from register_api.core import strict_base64
from register_api.errors import Forged, Malformed

HASH_BYTES = 32

MAX_SIZE = 2**63 - 1
"""Largest number of entries that such logs support."""

MAX_PROOF_HASHES = 63
"""Length of an inclusion proof for ``MAX_SIZE`` entries; a consistency proof has at most one more."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the empty tree."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry, with prefix 0x00."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbouring subtrees, with prefix 0x01."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_hash(leaves: Sequence[bytes]) -> bytes:
    """Return the root of leaf hashes, or of roots of equally large perfect subtrees."""
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
    """Return height and number of the perfect subtrees that make up a range, largest first."""
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return found


def join_subtrees(hashes: Sequence[bytes]) -> bytes:
    """Return the hash of perfect subtrees of decreasing size, in the order of ``perfect_subtrees``."""
    if not hashes:
        return EMPTY_ROOT
    return functools.reduce(lambda right, left: node_hash(left, right), reversed(hashes))


def read_hashes(lines: Sequence[str], most: int) -> tuple[bytes, ...]:
    """Read hashes from lines of strict base64; raise ``Malformed`` if there are more than ``most``."""
    if len(lines) > most:
        raise Malformed(f"a proof of more than {most} hashes")
    hashes = tuple(map(strict_base64.decode, lines))
    check_hashes(hashes)
    return hashes


def check_hashes(hashes: Iterable[bytes]) -> None:
    """Raise ``Malformed`` if a hash has the wrong length."""
    if any(len(found) != HASH_BYTES for found in hashes):
        raise Malformed(f"a hash that is not {HASH_BYTES} bytes long")


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Verify that a tree contains a leaf at an index from 0 (RFC 9162 section 2.1.3.2).

    Raises:
        Malformed: Index outside the tree, a hash not of 32 bytes, or a wrong number of hashes.
        Forged: The proof leads to another root.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise Malformed(f"no entry {index} in a log of size {size}")
    check_hashes((leaf, root, *proof[: MAX_PROOF_HASHES + 1]))
    _, found = _climb(index, size - 1, proof, leaf)
    if found != root:
        raise Forged(f"the inclusion proof does not lead from entry {index} to the root of size {size}")


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Verify that a larger tree begins with all entries of a smaller one (RFC 9162 section 2.1.4.2).

    The smaller tree must have an entry: consistency with an empty tree proves nothing.

    Raises:
        Malformed: Sizes out of order, a hash not of 32 bytes, or a wrong number of hashes.
        Forged: The proof does not lead to both roots.
    """
    if not 1 <= old_size <= new_size <= MAX_SIZE:
        raise Malformed(f"no consistency proof leads from size {old_size} to size {new_size}")
    if old_size == new_size:  # equal sizes have equal roots and an empty proof (RFC 6962 section 2.1.2)
        if proof:
            raise Malformed("a consistency proof with hashes between two equal sizes")
        if old_root != new_root:
            raise Forged(f"two roots for the same size {old_size}")
        return
    check_hashes((old_root, new_root, *proof[: MAX_PROOF_HASHES + 2]))
    place, last = old_size - 1, new_size - 1
    while place & 1:  # up to the largest perfect subtree that ends at the old tree's last leaf
        place, last = place >> 1, last >> 1
    # If the old tree is perfect, its root is the start of the walk and omitted from the proof.
    path = list(proof) if place else [old_root, *proof]
    if not path:
        raise Malformed("a consistency proof without hashes")
    if _climb(place, last, path[1:], path[0]) != (old_root, new_root):
        raise Forged(f"the log of size {new_size} does not continue the log of size {old_size}")


def _climb(place: int, last: int, proof: Sequence[bytes], first: bytes) -> tuple[bytes, bytes]:
    """Walk up from a node; return the root of everything up to the node, and the root of the whole tree."""
    left = whole = first
    for neighbour in proof:
        if last == 0:
            raise Malformed("a proof that is longer than the tree is high")
        if place & 1 or place == last:  # the sibling is on the left, or the node is the last of its level
            left, whole = node_hash(neighbour, left), node_hash(neighbour, whole)
            while place and not place & 1:  # a left child without a sibling equals its parent
                place, last = place >> 1, last >> 1
        else:
            whole = node_hash(whole, neighbour)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise Malformed("a proof that ends below the root")
    return left, whole
