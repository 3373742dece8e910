"""Which files of a source folder are read, and which lie there unread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from register_api.errors import Finding, UsageError
from register_api.source.file import finding, name_of

REGISTER_FILE = "register.toml"
EXAMPLE = Path(__file__).with_name("EXAMPLE.toml")
"""Explains every field of a source; ``init`` puts a copy beside it, which is not read."""

VENDOR_FOLDER = "subprocessors"


def list_vendor_files(folder: Path) -> list[Path]:
    """Return the vendors' files in order of name; hidden files and other kinds are left out."""
    vendors = folder / VENDOR_FOLDER
    return [vendors / name for name in _visible(vendors) if _is_vendor_file(name)]


def list_strays(folder: Path) -> Iterator[Finding]:
    """Yield an R01 warning for each file that looks like a part of the source and is not read."""
    if not (folder / VENDOR_FOLDER).is_dir():
        hint = f"each vendor has a file {VENDOR_FOLDER}/<id>.toml"
        yield finding(VENDOR_FOLDER, "", f"there is no folder {VENDOR_FOLDER}", severity="warning", hint=hint)
    vendors = folder / VENDOR_FOLDER
    for name in _visible(vendors):
        if not _is_vendor_file(name) and not (vendors / name).is_dir():
            yield _stray(folder, vendors / name)
    for path in _toml_files(folder, besides=vendors):
        yield _stray(folder, path)


def _is_vendor_file(name: str) -> bool:
    return name.endswith(".toml") and name != EXAMPLE.name


def _stray(folder: Path, path: Path) -> Finding:
    hint = f"a vendor belongs in {VENDOR_FOLDER}/<id>.toml, all else in {REGISTER_FILE}"
    return finding(name_of(folder, path), "", "this file is not read", severity="warning", hint=hint)


def _visible(folder: Path) -> list[str]:
    """Return names of what lies in a folder and is not hidden, in order; nothing if it is not there."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208 - names
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"the folder {folder} cannot be read: {error.strerror}") from error


def _toml_files(folder: Path, *, besides: Path) -> Iterator[Path]:
    """Yield TOML files at any depth, but not of one folder itself nor the two at the top that are known.

    Links are not followed.
    """
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        at = Path(base)
        if at == besides:
            continue
        known = (REGISTER_FILE, EXAMPLE.name) if at == folder else ()
        for name in sorted(names):
            if name.endswith(".toml") and not name.startswith(".") and name not in known:
                yield at / name
