"""The package as a file: the same members always give the same bytes, and no file is overwritten."""

from __future__ import annotations

import datetime as dt
import io
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

from register_api.errors import UsageError
from register_api.files import durable

_FIRST_YEAR, _LAST_YEAR = 1980, 2107
"""What the two bytes of a date in a ZIP can say (APPNOTE 4.4.6)."""

_UNIX = 3
_MODE = stat.S_IFREG | 0o644


def make_archive(files: Mapping[str, bytes], published_at: dt.datetime) -> bytes:
    """Return a ZIP of files, in order of path, stored, so that no packer's version shows.

    Args:
        files: Path to bytes.
        published_at: What every member is dated, UTC.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, _date(published_at))
            info.create_system, info.external_attr = _UNIX, _MODE << 16
            archive.writestr(info, files[path])
    return buffer.getvalue()


def _date(instant: dt.datetime) -> tuple[int, int, int, int, int, int]:
    utc = instant.astimezone(dt.UTC)
    year = min(max(utc.year, _FIRST_YEAR), _LAST_YEAR)
    return year, utc.month, utc.day, utc.hour, utc.minute, utc.second


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
