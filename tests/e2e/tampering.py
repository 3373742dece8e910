"""Changing bytes of a published tree on their way, and checking what arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from publications import NOW

from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.verify.report import Report


def flip(data: bytes) -> bytes:
    """Return data with the lowest bit of the middle byte flipped."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def lengthen(data: bytes) -> bytes:
    """Return data with a newline more."""
    return data + b"\n"


def check(files: Mapping[str, bytes], **options: object) -> Report:
    """Check a tree in memory like a customer of today."""
    wishes = Options(**{"wait": 0, **options})
    return verify("https://register.example/", wishes, NOW, fetcher=MemoryFetcher(files)).report
