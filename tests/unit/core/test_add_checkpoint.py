"""The request of add-checkpoint: one form, read back as it was meant."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register_api.core.log.merkle import MAX_PROOF_HASHES, MAX_SIZE
from register_api.core.log.proofs import (
    MAX_REQUEST_BYTES,
    AddCheckpoint,
    format_request,
    format_size,
    parse_request,
    parse_size,
)
from register_api.errors import Malformed

HASH = base64.b64encode(bytes(32)).decode()

EXAMPLE = (Path(__file__).parents[2] / "vectors/c2sp-add-checkpoint.txt").read_bytes()


def test_the_example_of_the_specification_is_read_and_written_alike() -> None:
    """Four hashes and the whole checkpoint."""
    read = parse_request(EXAMPLE)
    assert (read.old_size, len(read.proof)) == (20852014, 4)
    assert read.checkpoint.startswith(b"example.com/behind-the-sofa\n")
    assert format_request(read) == EXAMPLE


@given(
    st.integers(0, MAX_SIZE),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.binary(max_size=99),
)
def test_what_is_written_is_read(size: int, proof: list[bytes], checkpoint: bytes) -> None:
    """For every size, proof and checkpoint."""
    request = AddCheckpoint(old_size=size, proof=tuple(proof), checkpoint=checkpoint)
    assert parse_request(format_request(request)) == request


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 1\n",
        b"old 1",
        b"\n\nx",
        b"old  1\n\nx",
        b"old 01\n\nx",
        b"old -1\n\nx",
        b"old 1 \n\nx",
        b"Old 1\n\nx",
        b"old\t1\n\nx",
        b"old 1\r\n\r\nx",
        b"old 9223372036854775808\n\nx",
        "old \u0661\n\nx".encode(),
        b"old 1\nAAAA\n\nx",
        f"old 1\n{HASH} \n\nx".encode(),
        f"old 1\n{HASH[:-1]}\n\nx".encode(),
        f"old 1\n{HASH[:-2]}B=\n\nx".encode(),
        f"{HASH}\nold 1\n\nx".encode(),
        b"old 1\n" + f"{HASH}\n".encode() * (MAX_PROOF_HASHES + 1) + b"\nx",
        b"old 1\n\n" + bytes(MAX_REQUEST_BYTES),
    ],
)
def test_other_forms_are_refused(data: bytes) -> None:
    """Each is read in two ways by somebody, or is too large."""
    with pytest.raises(Malformed):
        parse_request(data)


def test_sixty_three_hashes_are_taken() -> None:
    """That is the limit of the protocol, included."""
    hashes = f"{HASH}\n" * MAX_PROOF_HASHES
    assert len(parse_request(f"old 1\n{hashes}\nx".encode()).proof) == MAX_PROOF_HASHES


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No other error."""
    for parse in (parse_request, parse_size):
        try:
            parse(data)
        except Malformed:
            continue


def test_a_size_is_a_decimal_on_a_line() -> None:
    """With its newline, and nothing else."""
    assert parse_size(format_size(7)) == 7
    for wrong in (b"7", b"", b"\n", b"07\n", b"7\n\n", b"7 \n", b"-1\n", b"\xff\n"):
        with pytest.raises(Malformed):
            parse_size(wrong)
