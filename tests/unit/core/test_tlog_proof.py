"""Proofs of inclusion in one file."""

from __future__ import annotations

import base64

import pytest

from memory_log import ORIGIN, MemoryLog, private_key
from register_api.core.log.note import make_note_key
from register_api.core.log.proofs import (
    TlogProof,
    format_proof,
    parse_proof,
    verify_proof,
)
from register_api.errors import Forged, Malformed, UntrustedKey

LOG = MemoryLog().grow(7)
PROOF = LOG.proof(6)
HASH = base64.b64encode(bytes(32)).decode()


def test_a_proof_is_the_text_of_the_format() -> None:
    """Header, index, hashes, blank line, the checkpoint whole."""
    head, _, checkpoint = PROOF.partition(b"\n\n")
    lines = head.decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 6"]
    assert [len(base64.b64decode(line)) for line in lines[2:]] == [32, 32]
    assert checkpoint == LOG.checkpoint()
    assert format_proof(parse_proof(PROOF)) == PROOF


def test_the_first_entry_alone_needs_no_hash() -> None:
    """A tree of one leaf."""
    log = MemoryLog().grow(1)
    proof = parse_proof(log.proof(0))
    assert proof.hashes == ()
    assert verify_proof(log.entries[0], proof, ORIGIN, [log.note_key]).size == 1


@pytest.mark.parametrize("index", range(7))
def test_every_entry_is_proven_by_its_own_proof_only(index: int) -> None:
    """And by no other entry's."""
    proof = parse_proof(LOG.proof(index))
    for number, entry in enumerate(LOG.entries):
        if number == index:
            assert verify_proof(entry, proof, ORIGIN, [LOG.note_key]).root == LOG.reference_root()
        else:
            with pytest.raises(Forged):
                verify_proof(entry, proof, ORIGIN, [LOG.note_key])


def test_a_proof_is_worth_no_more_than_its_checkpoint() -> None:
    """Signed by a key that is not the log's."""
    stranger = make_note_key(ORIGIN, private_key(5).public_key().public_bytes_raw())
    with pytest.raises(UntrustedKey):
        verify_proof(LOG.entries[6], parse_proof(PROOF), ORIGIN, [stranger])


def test_extra_data_is_kept_and_proves_nothing() -> None:
    """Other programs may write it; ours does not."""
    proof = parse_proof(PROOF)
    more = TlogProof(index=6, hashes=proof.hashes, checkpoint=proof.checkpoint, extra=b"label")
    assert format_proof(more).split(b"\n")[1] == b"extra bGFiZWw="
    assert parse_proof(format_proof(more)) == more


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        PROOF.replace(b"@v1", b"@v2"),
        PROOF.replace(b"index 6", b"index 06"),
        PROOF.replace(b"index 6", b"index -6"),
        PROOF.replace(b"index 6", b"index  6"),
        PROOF.replace(b"index 6", b"Index 6"),
        PROOF.replace(b"index 6\n", b""),
        PROOF.replace(b"index 6\n", b"index 6\nindex 6\n"),
        PROOF.replace(b"index 6\n", b"extra \x80\nindex 6\n"),
        PROOF.replace(b"index 6\n", b"extra AA\nindex 6\n"),
        PROOF.replace(b"index 6\n", b"extra AA==\nextra AA==\nindex 6\n"),
        PROOF.replace(b"index 6\n", b"index 6\nAAAA\n"),
        PROOF.replace(b"index 6\n", b"index 6\n" + f"{HASH}\n".encode() * 64),
        PROOF.replace(b"\n", b"\r\n"),
        PROOF.partition(b"\n\n")[0] + b"\n",
        b"c2sp.org/tlog-proof@v1\n\nindex 6\n",
        b"c2sp.org/tlog-proof@v1",
        b"x" * (2**20),
    ],
)
def test_malformed_proofs_are_refused(data: bytes) -> None:
    """Another version, other numbers, other base64, too many hashes, other line ends."""
    with pytest.raises(Malformed):
        parse_proof(data)


def test_a_proof_with_hashes_too_few_or_too_many_is_malformed() -> None:
    """The checkpoint's size says how many there must be."""
    good = parse_proof(PROOF)
    for hashes in (good.hashes[:1], (*good.hashes, bytes(32))):
        proof = TlogProof(index=6, hashes=hashes, checkpoint=good.checkpoint)
        with pytest.raises(Malformed):
            verify_proof(LOG.entries[6], proof, ORIGIN, [LOG.note_key])


def test_no_proof_is_written_that_would_not_be_read() -> None:
    """The writer reads what it wrote."""
    with pytest.raises(Malformed):
        format_proof(TlogProof(index=-1, hashes=(), checkpoint=b""))
