"""A ZIP from a stranger, read within bounds: names to bytes, or a refusal.

Only what a package needs is taken: regular files, stored or deflated, under paths of the tree or of a proof
of notice, each once, no larger than its kind allows.

A ZIP describes every member twice, before its bytes and in an index at the end; programs that unpack a
stream go by the first, others by the second, and between members anything may lie. Here members lie end
to end and both descriptions agree, so whatever unpacks it finds the same files.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from register_api.core.format.kind import MIB
from register_api.core.format.paths import is_path, max_bytes
from register_api.core.format.tree import TIME_STAMP
from register_api.errors import Malformed, UsageError
from register_api.files import durable
from register_api.verify.fetcher import check_path

NOTICE = "notice.json"
REGISTER = "register.zip"
MESSAGES = "messages/"
MAX_RECORDS = 300

_KIB = 1024
_BOUNDS = {
    re.compile(r"notice\.json"): MIB,
    re.compile(r"records/[1-9][0-9]{0,2}\.json"): 16 * _KIB,
    re.compile(r"seals/[0-9a-f]{64}\.json"): 4 * _KIB,
    re.compile(r"seals/[0-9a-f]{64}\.tsr"): TIME_STAMP.max_bytes,
    re.compile(r"messages/[0-9a-f]{64}\.(eml|json)"): 16 * MIB,
    re.compile(r"register\.zip"): 32 * MIB,
}


record_path, seal_path, stamp_path = "records/{}.json".format, "seals/{}.json".format, "seals/{}.tsr".format
"""Where a record lies, counted from 1; the seal of a root; and the timestamp on it."""


def message_path(sha256: str, channel: str) -> str:
    """Return where a message lies as it was sent."""
    return f"{MESSAGES}{sha256}.{'eml' if channel == 'mail' else 'json'}"


def notice_bound(path: str) -> int | None:
    """Return the most bytes of a file of such a package; ``None`` where none is called so."""
    return next((most for name, most in _BOUNDS.items() if name.fullmatch(path)), None)


_LOCAL = struct.Struct("<4s5H3L2H")
"""APPNOTE 4.3.7: signature, version, flags, method, time, date, CRC, two sizes, lengths of name, extra."""

_END = struct.Struct("<4s4H2LH")
"""APPNOTE 4.3.16: signature, disk, disk of the index, entries twice, size and offset, length of comment."""

_SIZE_BEHIND = 0x8
"""Flag of a member whose sizes follow its bytes, so that their end has to be guessed."""


def _check_layout(data: bytes, infos: Iterable[zipfile.ZipInfo], index_at: int) -> None:
    """Check that a ZIP has one reading."""
    at, members = 0, sorted(infos, key=lambda info: info.header_offset)
    for info in members:
        if info.header_offset != at:
            raise Malformed("a ZIP with something before or between its members, or members that overlap")
        if len(data) < at + _LOCAL.size:
            raise Malformed("a ZIP that ends within a member")
        signature, _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack_from(data, at)
        listed = (info.flag_bits, info.compress_type, info.CRC, info.compress_size, info.file_size)
        if (signature, flags, method, crc, packed, size) != (b"PK\x03\x04", *listed) or flags & _SIZE_BEHIND:
            raise Malformed(f"the member {info.filename[:200]!a} is described in two ways")
        at += _LOCAL.size + name + extra + packed
    expected = (b"PK\x05\x06", 0, 0, len(members), len(members), len(data) - at - _END.size, at, 0)
    if (
        index_at != at
        or len(data) < at + _END.size
        or _END.unpack_from(data, len(data) - _END.size) != expected
    ):
        raise Malformed("a ZIP with something behind its members or its index, or of several parts")


README = "README.txt"

MAX_PACKAGE_BYTES = 64 * MIB
"""Largest file that is read at all, and the most that its members may have together."""

MAX_MEMBERS = 1000
"""Most members: room for hundreds of keys and roots."""

MAX_README_BYTES = MIB

_HEADER = b"PK\x01\x02"
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
    LookupError,
    OSError,
)
"""What the library raises on bytes of any form."""


def read_archive(data: bytes) -> dict[str, bytes]:
    """Return the members of a package by path.

    Raises:
        Malformed: Not such a ZIP; the message says in which way.
    """
    if len(data) > MAX_PACKAGE_BYTES:
        raise Malformed(f"a package of more than {MAX_PACKAGE_BYTES} bytes")
    # Counted before the library makes an object of each.
    if data.count(_HEADER) > MAX_MEMBERS:
        raise Malformed(f"a package of more than {MAX_MEMBERS} members")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = list(_members(archive.infolist()))
            _check_layout(data, archive.infolist(), archive.start_dir)
            files = {}
            for info in members:
                # The library stops at the size that the header says, and checks the CRC there.
                with archive.open(info) as file:
                    files[info.filename] = file.read(_bound(info.filename) + 1)
    except _UNREADABLE as error:
        raise Malformed(f"not a ZIP that can be read: {str(error)[:200]!a}") from error
    for info in members:
        if len(files[info.filename]) != info.file_size:
            raise Malformed(f"the member {info.filename} has not the size that its header says")
    return files


def _members(infos: list[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    """Yield the files, once it is known that each is harmless by what its header says."""
    seen: set[str] = set()
    total = 0
    for info in infos:
        name = info.orig_filename
        if info.filename != name or name.lower() in seen:
            raise Malformed(f"the member {name[:200]!a} is named twice or in two ways")
        seen.add(name.lower())
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
            raise Malformed(f"the member {name[:200]!a} is neither a file nor a folder")
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
            raise Malformed(f"the member {name[:200]!a} is encrypted or packed in a way not allowed")
        check_path(name.removesuffix("/"))
        if info.is_dir():  # passed over, as programs that pack by hand add them
            if info.file_size:
                raise Malformed(f"the folder {name} has content")
            continue
        total += info.file_size
        if info.file_size > _bound(name) or total > MAX_PACKAGE_BYTES:
            raise Malformed(f"the member {name} is too large, or all are together")
        yield info


def _bound(name: str) -> int:
    most = MAX_README_BYTES if name == README else notice_bound(name)
    if most is not None:
        return most
    if not is_path(name):
        raise Malformed(f"{name[:200]} is not a path of a register's tree")
    return max_bytes(name)


_FIRST_YEAR, _LAST_YEAR = 1980, 2107
"""What the two bytes of a date in a ZIP can say (APPNOTE 4.4.6)."""

_UNIX = 3
_MODE = stat.S_IFREG | 0o644


def make_archive(files: Mapping[str, bytes], published_at: dt.datetime) -> bytes:
    """Return a ZIP of files by path, in order, stored, so that no packer's version shows, and dated."""
    utc, buffer = published_at.astimezone(dt.UTC), io.BytesIO()
    year = min(max(utc.year, _FIRST_YEAR), _LAST_YEAR)
    dated = (year, utc.month, utc.day, utc.hour, utc.minute, utc.second)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, dated)
            info.create_system, info.external_attr = _UNIX, _MODE << 16
            archive.writestr(info, files[path])
    return buffer.getvalue()


def check_free(path: Path) -> None:
    """Refuse a path at which something lies, before any work is done for it.

    Raises:
        UsageError: Something lies there, or its folder does not exist.
    """
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} exists and is not overwritten", hint="name another file with -o")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}")


def write_archive(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, whole or not at all, and durably.

    Raises:
        UsageError: It is there by now, or cannot be written.
    """
    try:
        durable.create(path, data)
    except FileExistsError as error:
        raise UsageError(f"{path} exists and is not overwritten", hint="name another file with -o") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
