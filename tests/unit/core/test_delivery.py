"""Trees of records: every path leads to the root, by the recursion of RFC 6962 and by its verification."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishers import NOW
from register_api.core.canonical import decode
from register_api.core.delivery import (
    SMALLEST_TREE,
    Opening,
    Seal,
    address_mac,
    audit_path,
    make_seal,
    reply_mac,
    tree_size,
)
from register_api.core.log.merkle import root_hash, verify_inclusion
from register_api.errors import Forged

LEAVES = st.integers(0, 7).flatmap(
    lambda height: st.lists(st.binary(min_size=32, max_size=32), min_size=1 << height, max_size=1 << height)
)


@given(leaves=LEAVES, data=st.data())
def test_a_path_leads_to_the_root_of_rfc_6962(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path, root = audit_path(leaves, index)
    assert root == root_hash(leaves)
    verify_inclusion(leaves[index], index, len(leaves), path, root)
    with pytest.raises(Forged):
        verify_inclusion(hashlib.sha256(leaves[index]).digest(), index, len(leaves), path, root)


@pytest.mark.parametrize(
    ("records", "leaves"),
    [(1, SMALLEST_TREE), (1024, 1024), (1025, 2048), (65_536, 65_536), (65_537, 131_072)],
)
def test_a_trees_size_says_the_number_of_records_within_a_factor_alone(records: int, leaves: int) -> None:
    assert tree_size(records) == leaves


def test_a_seal_names_register_root_size_and_instant() -> None:
    leaves = [bytes([number]) * 32 for number in range(4)]
    root, data = make_seal("example.com/register", leaves, NOW)
    seal = decode(data, Seal)
    assert (seal.root, seal.size, seal.sealed_at) == (root, 4, NOW)
    assert root == root_hash(leaves).hex()


def test_a_reply_is_never_taken_for_an_address() -> None:
    key = bytes(range(32))
    assert reply_mac(key, "ann@c.example") != address_mac(key, "ann@c.example")
    assert Opening(address="ann@c.example", key=key.hex()).recipient == address_mac(key, "ann@c.example")
