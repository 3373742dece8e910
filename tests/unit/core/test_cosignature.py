"""Cosignatures: witnesses that are known count once each; others are passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory_log import MemoryLog, cosign, private_key, witness_key
from register_api.core.log.checkpoint import Cosignature, cosigned_bytes, verify_cosignatures
from register_api.core.log.note import SignatureLine, format_note, make_note_key, parse_note
from register_api.errors import Forged, Malformed

AT = 1_700_000_000
W1, W2 = private_key(11), private_key(12)
KEY_1, KEY_2 = witness_key("w1.example", W1), witness_key("w2.example", W2)
VECTORS = Path(__file__).parents[2] / "vectors"


@pytest.fixture
def checkpoint() -> bytes:
    """A checkpoint that the log alone has signed."""
    return MemoryLog().grow(7).checkpoint()


def test_what_is_signed_is_that_of_tlog_cosignature() -> None:
    """The example of the specification: its line says the time that its text names."""
    note = parse_note((VECTORS / "c2sp-cosigned-checkpoint.txt").read_bytes())
    at = int.from_bytes(note.signatures[1].signature[:8], "big")
    assert at == 1679315147
    assert cosigned_bytes(note.text, at) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )


def test_known_witnesses_are_counted_and_unknown_ones_skipped(checkpoint: bytes) -> None:
    """In the order of the keys."""
    data = cosign(cosign(checkpoint, "w2.example", W2, AT), "w1.example", W1, AT + 1)
    first = Cosignature(witness="w1.example", at=AT + 1, public=KEY_1.public)
    second = Cosignature(witness="w2.example", at=AT, public=KEY_2.public)
    assert verify_cosignatures(data, [KEY_1, KEY_2]) == (first, second)
    assert verify_cosignatures(data, [KEY_2]) == (second,)
    assert verify_cosignatures(data, []) == ()
    assert verify_cosignatures(checkpoint, [KEY_1, KEY_2]) == ()


def test_one_witness_counts_once(checkpoint: bytes) -> None:
    """Two lines of one witness, or one key under two names: the newest line counts."""
    data = cosign(cosign(checkpoint, "w1.example", W1, AT), "w1.example", W1, AT + 60)
    data = cosign(data, "alias.example", W1, AT + 30)
    alias = witness_key("alias.example", W1)
    newest = Cosignature(witness="w1.example", at=AT + 60, public=KEY_1.public)
    assert verify_cosignatures(data, [KEY_1, alias]) == (newest,)


def test_a_plain_key_is_no_witness(checkpoint: bytes) -> None:
    """A line of type 0x01 is not a cosignature, whoever made it."""
    log = MemoryLog()
    assert verify_cosignatures(checkpoint, [log.note_key]) == ()
    assert verify_cosignatures(checkpoint, [make_note_key("w1.example", KEY_1.public)]) == ()


def test_a_cosignature_of_another_checkpoint_is_forged(checkpoint: bytes) -> None:
    """Moved below another text."""
    moved = parse_note(cosign(checkpoint, "w1.example", W1, AT)).signatures
    other = parse_note(MemoryLog().grow(8).checkpoint())
    with pytest.raises(Forged):
        verify_cosignatures(format_note(other.text, moved), [KEY_1])


def _with_signature(checkpoint: bytes, signature: bytes) -> bytes:
    note = parse_note(checkpoint)
    line = SignatureLine(name=KEY_1.name, key_id=KEY_1.key_id, signature=signature)
    return format_note(note.text, [*note.signatures, line])


@pytest.mark.parametrize("signature", [b"x", bytes(64), bytes(71), bytes(73), b"\x80" + bytes(71)])
def test_a_cosignature_of_another_form_is_malformed(checkpoint: bytes, signature: bytes) -> None:
    """Wrong length, or a time beyond 2^63-1."""
    with pytest.raises(Malformed):
        verify_cosignatures(_with_signature(checkpoint, signature), [KEY_1])


def test_a_changed_time_is_forged(checkpoint: bytes) -> None:
    """The time is part of what the witness signs."""
    good = W1.sign(cosigned_bytes(parse_note(checkpoint).text, AT))
    with pytest.raises(Forged):
        verify_cosignatures(_with_signature(checkpoint, (AT + 1).to_bytes(8, "big") + good), [KEY_1])
