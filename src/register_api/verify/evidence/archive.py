"""Strict reading and writing of ZIP files from untrusted sources.

Members must be regular files, stored or deflated, under unique paths of the tree or of a proof of notice,
and no larger than their kind allows.

A ZIP describes every member twice: in a local header and in the central directory. Programs use one or the
other, and ignore bytes between members. Here members must be contiguous and both descriptions must agree, so
every program unpacks the same files.
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
"""Paths of a record (counted from 1), of the seal of a root, and of its timestamp."""


def message_path(sha256: str, channel: str) -> str:
    """Return the path of a message in the package."""
    return f"{MESSAGES}{sha256}.{'eml' if channel == 'mail' else 'json'}"


def notice_bound(path: str) -> int | None:
    """Return the size limit of a file in a proof of notice; ``None`` if the path is not valid there."""
    return next((most for name, most in _BOUNDS.items() if name.fullmatch(path)), None)


_LOCAL = struct.Struct("<4s5H3L2H")
"""APPNOTE 4.3.7: signature, version, flags, method, time, date, CRC, two sizes, lengths of name, extra."""

_END = struct.Struct("<4s4H2LH")
"""APPNOTE 4.3.16: signature, disk, disk of the index, entries twice, size and offset, length of comment."""

_SIZE_BEHIND = 0x8
"""Flag of a member whose sizes follow its data, so that its end is ambiguous."""


def _check_layout(data: bytes, infos: Iterable[zipfile.ZipInfo], index_at: int) -> None:
    """Check that members are contiguous and that local headers match the central directory."""
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
"""Size limit of the file, and of its members together when unpacked."""

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
"""Errors that the library raises on malformed bytes."""


def read_archive(data: bytes) -> dict[str, bytes]:
    """Return the members of a package by path.

    Raises:
        Malformed: Not a valid package.
    """
    if len(data) > MAX_PACKAGE_BYTES:
        raise Malformed(f"a package of more than {MAX_PACKAGE_BYTES} bytes")
    # Counted before the library creates an object for each.
    if data.count(_HEADER) > MAX_MEMBERS:
        raise Malformed(f"a package of more than {MAX_MEMBERS} members")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = list(_members(archive.infolist()))
            _check_layout(data, archive.infolist(), archive.start_dir)
            files = {}
            for info in members:
                # The library stops at the size in the header and checks the CRC there.
                with archive.open(info) as file:
                    files[info.filename] = file.read(_bound(info.filename) + 1)
    except _UNREADABLE as error:
        raise Malformed(f"not a ZIP that can be read: {str(error)[:200]!a}") from error
    for info in members:
        if len(files[info.filename]) != info.file_size:
            raise Malformed(f"the member {info.filename} does not have the size in its header")
    return files


def _members(infos: list[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    """Yield the members that are files, after checking every header."""
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
        if info.is_dir():  # skipped: packing tools add folders
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
"""Range of dates in a ZIP (APPNOTE 4.4.6)."""

_UNIX = 3
_MODE = stat.S_IFREG | 0o644


def make_archive(files: Mapping[str, bytes], published_at: dt.datetime) -> bytes:
    """Return a reproducible ZIP: members in order of path, stored, dated by the publication."""
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
    """Refuse an output path that exists, before any work is done.

    Raises:
        UsageError: The path exists, or its folder does not.
    """
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} exists and is not overwritten", hint="name another file with -o")
    if not path.parent.is_dir():
        raise UsageError(f"folder not found: {path.parent}")


def write_archive(path: Path, data: bytes) -> None:
    """Create a file atomically and durably.

    Raises:
        UsageError: The file exists or cannot be written.
    """
    try:
        durable.create(path, data)
    except FileExistsError as error:
        raise UsageError(f"{path} exists and is not overwritten", hint="name another file with -o") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
