"""The Merkle tree: known hashes, the vectors of transparency-dev, and refusals by kind of error."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from register_api.core.log import merkle
from register_api.errors import Forged, Malformed, VerificationError

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "merkle-proofs.json").read_text())

# The leaves that RFC 6962's first implementation was tested with.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "60616263646566676869" + "6a6b6c6d6e6f",
    )
]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _name(case: dict[str, Any]) -> str:
    return f"{case['file']}: {case['desc']}"


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=_name)
def test_inclusion_agrees_with_transparency_dev(case: dict[str, Any]) -> None:
    """Accepts and refuses as the vectors want it."""
    proof = [_bytes(text) for text in case["proof"] or ()]

    def verify() -> None:
        merkle.verify_inclusion(
            _bytes(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, _bytes(case["root"])
        )

    if case["wantErr"]:
        with pytest.raises(VerificationError):
            verify()
    else:
        verify()


@pytest.mark.parametrize("case", VECTORS["consistency"], ids=_name)
def test_consistency_agrees_with_transparency_dev(case: dict[str, Any]) -> None:
    """Accepts and refuses as the vectors want it."""
    proof = [_bytes(text) for text in case["proof"] or ()]

    def verify() -> None:
        merkle.verify_consistency(
            case["size1"], case["size2"], proof, _bytes(case["root1"]), _bytes(case["root2"])
        )

    if case["wantErr"]:
        with pytest.raises(VerificationError):
            verify()
    else:
        verify()


def test_vectors_are_all_there() -> None:
    """98 of each kind, 12 of them to accept."""
    cases = VECTORS["inclusion"] + VECTORS["consistency"]
    assert (len(VECTORS["inclusion"]), len(VECTORS["consistency"])) == (98, 98)
    assert sum(not case["wantErr"] for case in cases) == 12


@pytest.mark.parametrize(
    ("size", "root"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_roots_are_those_of_rfc_6962(size: int, root: str) -> None:
    """Roots that the first implementation of Certificate Transparency gives for its test leaves."""
    assert merkle.root_hash(HASHES[:size]).hex() == root


def test_leaf_and_node_cannot_be_mistaken() -> None:
    """An entry that spells two hashes does not hash like the node above them (RFC 6962 section 2.1)."""
    left, right = HASHES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


PROOF_OF_LEAF_2_IN_4 = [HASHES[3], merkle.root_hash(HASHES[:2])]
ROOT_4 = merkle.root_hash(HASHES[:4])


@pytest.mark.parametrize(
    ("index", "size", "proof", "error"),
    [
        (2, 4, PROOF_OF_LEAF_2_IN_4[:1], Malformed),
        (2, 4, [*PROOF_OF_LEAF_2_IN_4, HASHES[0]], Malformed),
        (2, 4, [PROOF_OF_LEAF_2_IN_4[0], b"short"], Malformed),
        (2, 4, [PROOF_OF_LEAF_2_IN_4[0], HASHES[0]], Forged),
        (2, 4, PROOF_OF_LEAF_2_IN_4[::-1], Forged),
        (3, 4, PROOF_OF_LEAF_2_IN_4, Forged),
        (4, 4, PROOF_OF_LEAF_2_IN_4, Malformed),
        (-1, 4, PROOF_OF_LEAF_2_IN_4, Malformed),
        (0, 0, [], Malformed),
        (0, 2**63, [HASHES[0]] * 63, Malformed),
        (2, 4, [HASHES[0]] * 100_000, Malformed),
    ],
)
def test_inclusion_tells_malformed_from_forged(
    index: int, size: int, proof: list[bytes], error: type[VerificationError]
) -> None:
    """What has the wrong form is malformed; what has the right one and leads elsewhere is forged."""
    merkle.verify_inclusion(HASHES[2], 2, 4, PROOF_OF_LEAF_2_IN_4, ROOT_4)
    with pytest.raises(error):
        merkle.verify_inclusion(HASHES[2], index, size, proof, ROOT_4)


@pytest.mark.parametrize(
    ("old_size", "new_size", "proof", "error"),
    [
        (0, 4, [], Malformed),
        (2, 1, [], Malformed),
        (2, 4, [], Malformed),
        (2, 4, [b"short"], Malformed),
        (2, 4, [HASHES[0]], Forged),
        (2, 4, [merkle.root_hash(HASHES[2:4]), HASHES[0]], Malformed),
        (3, 4, [merkle.root_hash(HASHES[2:4])], Malformed),
        (2, 2, [HASHES[0]], Malformed),
        (2, 2, [], Forged),
        (2, 2**63, [HASHES[0]], Malformed),
    ],
)
def test_consistency_tells_malformed_from_forged(
    old_size: int, new_size: int, proof: list[bytes], error: type[VerificationError]
) -> None:
    """Two roots for one size are forged too; from size 0 nothing follows."""
    old_root = merkle.root_hash(HASHES[:2])
    merkle.verify_consistency(2, 4, [merkle.root_hash(HASHES[2:4])], old_root, ROOT_4)
    with pytest.raises(error):
        merkle.verify_consistency(old_size, new_size, proof, old_root, ROOT_4)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_log_continues_itself_without_any_hash(size: int) -> None:
    """Between equal sizes the proof is empty and the roots are equal."""
    root = merkle.root_hash(HASHES[:size])
    merkle.verify_consistency(size, size, [], root, root)
