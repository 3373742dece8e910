"""The examples in the texts of C2SP: checkpoints, proofs and the paths of tiles."""

from __future__ import annotations

from typing import Any

import pytest

from memory_log import ORIGIN, private_key
from register_api.core.log import tiles
from register_api.core.log.checkpoint import format_checkpoint, open_checkpoint, parse_checkpoint, peek_size
from register_api.core.log.note import format_note, make_note_key, parse_note
from register_api.core.log.proofs import format_proof, parse_proof, verify_proof
from register_api.errors import Malformed, UntrustedKey
from vectors_of_others import vector_bytes, vectors

CHECKPOINT = vector_bytes("c2sp-checkpoint.txt")
PROOF = vector_bytes("c2sp-tlog-proof.txt")
TILES = vectors("c2sp-tlog-tiles.json")
STRANGER = make_note_key(ORIGIN, private_key(1).public_key().public_bytes_raw())


def test_the_checkpoint_is_read_and_written_alike() -> None:
    """tlog-checkpoint's example: note and text are printed as they were read."""
    note = parse_note(CHECKPOINT)
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert format_checkpoint(checkpoint) == note.text
    assert format_note(note.text, note.signatures) == CHECKPOINT
    assert peek_size(CHECKPOINT) == checkpoint.size


def test_the_checkpoint_is_not_trusted_without_its_key() -> None:
    """No key is published with the example; another one vouches for nothing."""
    with pytest.raises(UntrustedKey):
        open_checkpoint(CHECKPOINT, "example.com/behind-the-sofa", [STRANGER])


def test_the_proof_is_read_and_written_alike() -> None:
    """tlog-proof's example, extra data and all; what the text abridges is the checkpoint's signatures."""
    proof = parse_proof(PROOF)
    assert (proof.index, len(proof.hashes)) == (73894, 5)
    assert (proof.extra or b"").startswith(b"age-v1.2.1-darwin-arm64.tar.gz")
    assert proof.checkpoint.startswith(b"example.com/fancylog\n109482\n")
    assert format_proof(proof) == PROOF


def test_the_proof_is_not_trusted() -> None:
    """Its signature lines, cut in the middle, are none."""
    with pytest.raises(Malformed):
        verify_proof(b"an entry", parse_proof(PROOF), "example.com/fancylog", [STRANGER])


@pytest.mark.parametrize("case", TILES["paths"], ids=lambda case: str(case["index"]))
def test_paths_of_tiles(case: dict[str, Any]) -> None:
    """Three digits an element, an x before all but the last; partial ones name their width."""
    assert tiles.tile_path(0, case["index"]) == f"log/tile/0/{case['path']}"
    assert tiles.tile_path("entries", case["index"], 8) == f"log/tile/entries/{case['path']}.p/8"


@pytest.mark.parametrize("case", TILES["trees"], ids=lambda case: str(case["size"]))
def test_tiles_of_a_tree(case: dict[str, Any]) -> None:
    """As many full tiles, and partial ones as wide, as tlog-tiles counts for its example sizes."""
    count = case["size"]
    for level, (full, partial) in enumerate(zip(case["full"], case["partial"], strict=True)):
        assert divmod(count, tiles.TILE_WIDTH) == (full, partial)
        width = partial or tiles.TILE_WIDTH
        last = (full if partial else full - 1) << (tiles.TILE_HEIGHT * (level + 1))
        height = tiles.TILE_HEIGHT * level
        assert tiles.tile_of_subtree(height, last >> height, case["size"]) == (
            level, last >> (tiles.TILE_HEIGHT * (level + 1)), width,
        )  # fmt: skip
        count = full
    assert count == 0
