"""Checkpoints: three lines, strictly read, and signed by the log that was asked for."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from memory_log import ORIGIN, MemoryLog, cosign, private_key, sign
from register_api.core.log.checkpoint import (
    Checkpoint,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    peek_size,
)
from register_api.core.log.note import make_note_key, parse_note
from register_api.errors import Forged, Inconsistent, Malformed, UntrustedKey

ROOT = base64.b64encode(bytes(32)).decode()
VECTORS = Path(__file__).parents[2] / "vectors"


def test_the_c2sp_example_is_read() -> None:
    """Origin, size and root; written again it is the same text."""
    data = (VECTORS / "c2sp-cosigned-checkpoint.txt").read_bytes()
    text = parse_note(data).text
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert format_checkpoint(checkpoint) == text
    assert peek_size(data) == 20852163


def test_extension_lines_are_kept() -> None:
    """They are part of what is signed."""
    text = f"{ORIGIN}\n7\n{ROOT}\nsomething else\n"
    assert parse_checkpoint(text).extensions == ("something else",)
    assert format_checkpoint(parse_checkpoint(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n7\n{ROOT}",
        f"{ORIGIN}\n7\n{ROOT}\n\n",
        f"{ORIGIN}\n7\n{ROOT}\n\nmore\n",
        f"\n7\n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n07\n{ROOT}\n",
        f"{ORIGIN}\n00\n{ROOT}\n",
        f"{ORIGIN}\n+7\n{ROOT}\n",
        f"{ORIGIN}\n-7\n{ROOT}\n",
        f"{ORIGIN}\n7 \n{ROOT}\n",
        f"{ORIGIN}\n7_0\n{ROOT}\n",
        f"{ORIGIN}\n\u0667\n{ROOT}\n",
        f"{ORIGIN}\n0x7\n{ROOT}\n",
        f"{ORIGIN}\n{2**63}\n{ROOT}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ROOT}\n",
        f"{ORIGIN}\n7\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n7\n{ROOT[:-2]}B=\n",
        f"{ORIGIN}\n7\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n7\n {ROOT}\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    """Missing or empty lines, other numbers, other base64."""
    with pytest.raises(Malformed):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(origin="", size=7, root=bytes(32)),
        Checkpoint(origin="a\nb", size=7, root=bytes(32)),
        Checkpoint(origin="a", size=-7, root=bytes(32)),
        Checkpoint(origin="a", size=7, root=bytes(31)),
        Checkpoint(origin="a", size=7, root=bytes(32), extensions=("",)),
        Checkpoint(origin="a", size=7, root=bytes(32), extensions=("b\nc",)),
    ],
)
def test_no_checkpoint_is_written_that_would_not_be_read(checkpoint: Checkpoint) -> None:
    """The writer reads what it wrote."""
    with pytest.raises(Malformed):
        format_checkpoint(checkpoint)


@pytest.fixture
def log() -> MemoryLog:
    """A log of seven entries."""
    return MemoryLog().grow(7)


def test_a_signed_checkpoint_is_opened(log: MemoryLog) -> None:
    """With the log's key, also below witnesses' lines."""
    expected = Checkpoint(origin=ORIGIN, size=7, root=log.reference_root())
    data = cosign(log.checkpoint(), "witness.example", private_key(9), 1_700_000_000)
    assert open_checkpoint(log.checkpoint(), ORIGIN, [log.note_key]) == expected
    assert open_checkpoint(data, ORIGIN, [log.note_key]) == expected


def test_a_changed_size_is_forged(log: MemoryLog) -> None:
    """The signature covers every line."""
    with pytest.raises(Forged):
        open_checkpoint(log.checkpoint().replace(b"\n7\n", b"\n8\n"), ORIGIN, [log.note_key])


def test_a_key_of_another_name_or_none_is_untrusted(log: MemoryLog) -> None:
    """A log speaks with the key of its own name only."""
    for keys in ([], [make_note_key("other.example", log.note_key.public)]):
        with pytest.raises(UntrustedKey):
            open_checkpoint(log.checkpoint(), ORIGIN, keys)
    with pytest.raises(UntrustedKey):
        open_checkpoint(log.checkpoint(), "other.example", [log.note_key])


def test_our_key_under_the_checkpoint_of_another_log_is_inconsistent(log: MemoryLog) -> None:
    """The origin line counts, not only the name in the signature line."""
    text = f"other.example/log\n7\n{ROOT}\n"
    with pytest.raises(Inconsistent):
        open_checkpoint(sign(text, [(log.note_key, log.key)]), ORIGIN, [log.note_key])


def test_a_signed_text_that_is_no_checkpoint_is_malformed(log: MemoryLog) -> None:
    """A good signature does not make the form right."""
    with pytest.raises(Malformed):
        open_checkpoint(sign("hello\n", [(log.note_key, log.key)]), ORIGIN, [log.note_key])
