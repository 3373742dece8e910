"""Compressed forms: right, smaller, and the same each time."""

from __future__ import annotations

import gzip
import os

import brotli
import pytest
import zstandard

from register_api.store.plan import compressed_forms

DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda form: zstandard.ZstdDecompressor().decompress(form),
}


@pytest.mark.parametrize("size", [256, 5000, 64 * 1024 - 1, 64 * 1024, 200_000])
def test_every_form_gives_the_data_back_and_is_smaller(size: int) -> None:
    data = (b'{"name":"value","and":"so on"},' * (size // 20))[:size]
    forms = compressed_forms(data)
    assert forms.keys() == DECODERS.keys()
    for coding, form in forms.items():
        assert DECODERS[coding](form) == data
        assert len(form) < len(data)
    assert compressed_forms(data) == forms


@pytest.mark.parametrize("data", [b"", b"a" * 255, os.urandom(1000)], ids=["empty", "small", "random"])
def test_what_would_not_get_smaller_has_no_forms(data: bytes) -> None:
    assert compressed_forms(data) == {}


def test_gzip_carries_no_time() -> None:
    """Two publishers of the same bytes give the same file, and no build tells when it ran."""
    assert compressed_forms(b"a" * 1000)["gzip"][4:8] == b"\0\0\0\0"
