"""How a file is written, told by its name."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, get_args

from register_api.errors import UsageError

FileFormat = Literal["markdown", "html", "csv", "tsv", "json"]

FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)

_SUFFIXES: dict[str, FileFormat] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
}


def format_of(name: str) -> FileFormat:
    """Return the form of a file by its name."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"{name}: the name does not tell the form of the file", hint=f"--format {'|'.join(FILE_FORMATS)}"
        )
    return _SUFFIXES[suffix]
