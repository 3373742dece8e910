"""Compressed forms, made once when a file is published."""

from __future__ import annotations

import gzip

import brotli
import zstandard

_SMALLEST = 256
"""Below this many bytes a compressed form is not worth its headers."""

_LARGE = 64 * 1024
"""From this many bytes on, the slowest levels cost seconds for a few per cent."""


def compressed_forms(data: bytes) -> dict[str, bytes]:
    """Return the compressed forms that are smaller than the data itself."""
    if len(data) < _SMALLEST:
        return {}
    large = len(data) >= _LARGE
    forms = {
        "br": brotli.compress(data, quality=5 if large else 11),
        "gzip": gzip.compress(data, compresslevel=6 if large else 9, mtime=0),
        "zstd": zstandard.ZstdCompressor(level=6 if large else 12).compress(data),
    }
    return {coding: form for coding, form in forms.items() if len(form) < len(data)}
