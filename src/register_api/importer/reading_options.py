"""What a row states, what the caller says beside it, and how a file is written, told by its name."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Literal, get_args

import msgspec

from register_api.errors import UsageError

FileFormat = Literal["markdown", "html", "csv", "tsv", "json", "yaml"]

FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)

_SUFFIXES: dict[str, FileFormat] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".mhtml": "html",
    ".mht": "html",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
}


def format_of(name: str) -> FileFormat:
    """Return the form of a file by its name."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"{name}: the name does not tell the form of the file", hint=f"--format {'|'.join(FILE_FORMATS)}"
        )
    return _SUFFIXES[suffix]


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller says of the tables, beside what they say themselves.

    Attributes:
        form: Form of all files; by their names if not given.
        columns: Column to field, to ``extra`` or to ``drop``.
        tables: Numbers of the tables to read; none means all, which then have the same columns.
        status: What a row is that names no status.
        category: Title of the category of a row that names none.
        defaults: Text to read for a field where a row says nothing of it, by field.
        links: Field that takes the link of a vendor's name; ``None`` keeps it as text.
        clean: Whether texts are put right, with a note for each, or refused.
    """

    form: FileFormat | None = None
    columns: dict[str, str] = {}
    tables: tuple[int, ...] = ()
    status: str | None = None
    category: str | None = None
    defaults: dict[str, str] = {}
    links: str | None = None
    clean: bool = False


class ImportedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row."""

    name: str
    category: str
    vendor: dict[str, Any]
    use: dict[str, Any]
    extra: dict[str, str]
    words: dict[str, str]
    file: str
    key: str
    line: int | None
