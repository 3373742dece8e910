"""One TOML file of the source: from bytes on disk to a table, or findings that say why not."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import tomli  # compiled, three times as fast as tomllib: a source has a file for each sub-processor

from register_api.core.text import escaped, printable
from register_api.errors import Finding
from register_api.source.lines import longest_dotted_key
from register_api.source.toml_faults import explain

MAX_SOURCE_BYTES = 256 * 1024
"""Largest source file (docs/rules.md, R17)."""
MAX_KEY_PARTS = 16
"""Longest dotted key; the model nests four deep, and reading longer ones takes time that grows squared."""
_BOM = b"\xef\xbb\xbf"
_MOST_FAULTS = 20
"""Places of one file that are told at most."""


class SourceFile(msgspec.Struct, frozen=True):
    """What one file holds.

    Attributes:
        name: Below the source folder, with ``/``, printable.
        text: The file's text, or ``None`` if it could not be read as text.
        table: The parsed TOML, or ``None`` if there are findings.
        findings: What kept it from being read.
    """

    name: str
    text: str | None = None
    table: dict[str, Any] | None = None
    findings: tuple[Finding, ...] = ()


def read_source_file(folder: Path, path: Path) -> SourceFile:
    """Read one TOML file; whatever its bytes are, the answer is a table or findings."""
    name = name_of(folder, path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device may have no end
            return _refused(name, "this file cannot be read: it is not a regular file")
        if found.st_size > MAX_SOURCE_BYTES:
            return _too_large(name, found.st_size)
        return parse_source(name, path.read_bytes())
    except OSError as error:
        return _refused(name, f"this file cannot be read: {error.strerror or type(error).__name__}")


def parse_source(name: str, data: bytes) -> SourceFile:
    """Read the bytes of one TOML file."""
    if len(data) > MAX_SOURCE_BYTES:
        return _too_large(name, len(data))
    if data.startswith(_BOM):
        hint = "save it as UTF-8 without a byte-order mark"
        return _refused(name, "this file begins with a byte-order mark", hint=hint, line=1)
    try:
        return _parse_text(name, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _refused(name, "this file is not UTF-8 text", hint="save it as UTF-8", line=line)


def _parse_text(name: str, text: str) -> SourceFile:
    dotted = any(line.count(".") >= MAX_KEY_PARTS for line in text.split("\n"))
    if dotted and longest_dotted_key(text) > MAX_KEY_PARTS:
        return _refused(name, f"a dotted key has more than {MAX_KEY_PARTS} parts", text)
    try:
        return SourceFile(name, text, tomli.loads(text))
    except RecursionError:
        return _refused(name, "lists or tables are nested too deeply", text)
    except tomli.TOMLDecodeError as error:
        return SourceFile(name, text, None, tuple(_syntax_findings(name, text, error)))
    except ValueError as error:  # a number of more digits than Python reads
        return _refused(name, f"not valid TOML: {printable(error)}", text)


def name_of(folder: Path, path: Path) -> str:
    """Return a file's name below the source folder, with ``/``, fit to be printed and encoded."""
    # Compared as text, since there is a file for each sub-processor; the root folder ends in a slash itself.
    return escaped(path.as_posix().removeprefix(f"{folder.as_posix().rstrip('/')}/"))


def finding(name: str, key: str, message: str, **more: Any) -> Finding:
    """Return an R01 error; ``rule``, ``severity``, ``hint`` and ``line`` may be given."""
    return Finding(
        **{"rule": "R01", "severity": "error", "file": name, "key": key, "message": message, **more}
    )


def _too_large(name: str, size: int) -> SourceFile:
    message = f"this file has {size} bytes; at most {MAX_SOURCE_BYTES} (256 KiB) are allowed"
    return _refused(name, message, rule="R17", hint="move long text to a separate document")


def _syntax_findings(name: str, text: str, error: tomli.TOMLDecodeError) -> Iterator[Finding]:
    """Yield every place where a text is not TOML: a faulty line is left out, and the others read again."""
    lines = text.split("\n")
    for _ in range(_MOST_FAULTS):
        fault = explain("\n".join(lines), error)
        yield finding(
            name, "", escaped(fault.message), hint=escaped(fault.hint), line=fault.line, column=fault.column,
            excerpt=escaped(lines[fault.line - 1].strip("\r").replace("\t", " ")),
        )  # fmt: skip
        if not fault.ends_with_line:
            return
        lines[fault.line - 1] = ""
        try:
            tomli.loads("\n".join(lines))
        except tomli.TOMLDecodeError as further:
            error = further
        except (ValueError, RecursionError):
            return
        else:
            return


def _refused(name: str, message: str, text: str | None = None, **more: Any) -> SourceFile:
    return SourceFile(name, text, None, (finding(name, "", message, **more),))
