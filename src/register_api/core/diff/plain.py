"""Structs and tuples as what a JSON reader would see: objects, arrays and scalars, shared with nobody."""

from __future__ import annotations

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def to_plain(value: object) -> Any:
    """Return a value as it would come back from the wire: ``dict``, ``list``, strings, integers, ``None``."""
    return _decoder.decode(_encoder.encode(value))
