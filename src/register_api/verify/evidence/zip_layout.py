"""One reading of a ZIP: its members lie end to end, and both descriptions of each agree.

A ZIP describes every member twice, before its bytes and in an index at the end. Programs that unpack
a stream go by the first, others by the second, and between members anything may lie. A package has
nothing between, before or behind, so whatever unpacks it finds the same files.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from register_api.errors import Malformed

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterable

_LOCAL = struct.Struct("<4s5H3L2H")
"""APPNOTE 4.3.7: signature, version, flags, method, time, date, CRC, two sizes, lengths of name, extra."""

_END = struct.Struct("<4s4H2LH")
"""APPNOTE 4.3.16: signature, disk, disk of the index, entries twice, size and offset, length of comment."""

_SIZE_BEHIND = 0x8
"""Flag of a member whose sizes follow its bytes, so that their end has to be guessed."""


def check_layout(data: bytes, infos: Iterable[zipfile.ZipInfo], index_at: int) -> None:
    """Check that a ZIP has one reading."""
    at, members = 0, sorted(infos, key=lambda info: info.header_offset)
    for info in members:
        if info.header_offset != at:
            raise Malformed("a ZIP with something before or between its members, or members that overlap")
        at = _end_of_member(data, info)
    expected = (b"PK\x05\x06", 0, 0, len(members), len(members), len(data) - at - _END.size, at, 0)
    if (
        index_at != at
        or len(data) < at + _END.size
        or _END.unpack_from(data, len(data) - _END.size) != expected
    ):
        raise Malformed("a ZIP with something behind its members or its index, or of several parts")


def _end_of_member(data: bytes, info: zipfile.ZipInfo) -> int:
    """Return where the next member has to begin."""
    if len(data) < info.header_offset + _LOCAL.size:
        raise Malformed("a ZIP that ends within a member")
    signature, _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack_from(
        data, info.header_offset
    )
    told = (signature, flags, method, crc, packed, size)
    index = (b"PK\x03\x04", info.flag_bits, info.compress_type, info.CRC, info.compress_size, info.file_size)
    if told != index or flags & _SIZE_BEHIND:
        raise Malformed(f"the member {info.filename[:200]!a} is described in two ways")
    return int(info.header_offset + _LOCAL.size + name + extra + packed)
