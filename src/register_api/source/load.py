"""The publisher's source: a folder of TOML files, read as a draft of the register.

``register.toml`` holds what is said once, ``subprocessors/<id>.toml`` one vendor each
(docs/format/source.md). Reading collects every mistake of every file (R01, R02, R05 for the time
zone, R17 for size); the other rules look at the draft (``register_api.core.rules``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from register_api.core.model import Draft, RegisterSource, SubprocessorSource
from register_api.errors import Finding, Refused, UsageError
from register_api.source.collect import collect
from register_api.source.expectation import shortened
from register_api.source.file import SourceFile, finding, read_source_file
from register_api.source.folder import REGISTER_FILE, list_strays, list_vendor_files
from register_api.source.key_path import format_key
from register_api.source.lines import index_lines, nearest_line
from register_api.source.time_zone import load_zone

__all__ = ["LoadedSource", "load", "load_zone", "locate"]

T = TypeVar("T", RegisterSource, SubprocessorSource)


class LoadedSource(msgspec.Struct, frozen=True):
    """What the source says, and what is wrong with how it is written.

    Attributes:
        draft: Register and vendors in order of reading; ``None`` if there is any error.
        findings: By file, ``register.toml`` first, then in order of lines.
    """

    draft: Draft | None
    findings: tuple[Finding, ...]


def load(folder: Path) -> LoadedSource:
    """Read a whole source folder and collect everything that is wrong with its files.

    Args:
        folder: Holds ``register.toml`` and ``subprocessors/``.

    Returns:
        A draft and warnings, or no draft and every error and warning, with lines where known.

    Raises:
        UsageError: There is no such folder, or it may not be read.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="make one with: register-api init DIR")
    head = _read_register(folder)
    vendors = [read_source_file(folder, path) for path in list_vendor_files(folder)]
    register, findings = _convert(head, RegisterSource)
    findings += _check_zone(head)
    subprocessors: list[SubprocessorSource] = []
    for file in vendors:
        vendor, problems = _convert(_with_id(file), SubprocessorSource)
        subprocessors += [vendor] if vendor else []
        findings += problems
    findings += [*_check_ids(vendors), *list_strays(folder)]
    located = _in_order(_with_lines(findings, [head, *vendors]))
    if register is None or any(item.severity == "error" for item in located):
        return LoadedSource(None, located)
    return LoadedSource(
        Draft(register=register, subprocessors=_sorted(subprocessors, register.order)), located
    )


def locate(folder: Path, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings of the rules with the lines of their keys, where the files tell them.

    Args:
        folder: The source folder that the draft was loaded from.
        findings: In any order, which is kept; lines already known stay.
    """
    names = dict.fromkeys(item.file for item in findings if item.line is None and item.key)
    return tuple(_with_lines(findings, [read_source_file(folder, folder / name) for name in names]))


def _read_register(folder: Path) -> SourceFile:
    path = folder / REGISTER_FILE
    if path.exists():
        return read_source_file(folder, path)
    missing = finding(
        REGISTER_FILE, "", f"there is no {REGISTER_FILE}", hint="register-api init DIR makes one"
    )
    return SourceFile(REGISTER_FILE, findings=(missing,))


def _convert(file: SourceFile, kind: type[T]) -> tuple[T | None, list[Finding]]:
    """Return a file's table as a struct, or its findings."""
    if file.table is None:
        return None, list(file.findings)
    record, problems = collect(file.table, kind)
    return record, [finding(file.name, format_key(p.path), p.message, hint=p.hint) for p in problems]


def _with_id(file: SourceFile) -> SourceFile:
    """Fill in a vendor's id, which may be left out: the file's name says it."""
    if file.table is None or "id" in file.table:
        return file
    return msgspec.structs.replace(file, table={"id": _stem(file.name), **file.table})


def _check_zone(head: SourceFile) -> list[Finding]:
    """Check the time zone even if the rest of the register is not yet right."""
    publisher: Any = (head.table or {}).get("publisher")
    name = publisher.get("time_zone") if isinstance(publisher, dict) else None
    if not isinstance(name, str):
        return []
    try:
        load_zone(name)
    except Refused as refusal:
        return list(refusal.findings)
    return []


def _check_ids(vendors: Iterable[SourceFile]) -> Iterator[Finding]:
    """R02: a vendor's file name is its id, and no id stands in two files."""
    first: dict[str, str] = {}
    for file in vendors:
        said = _stem(file.name) if file.table is None else file.table.get("id", _stem(file.name))
        if not isinstance(said, str):
            continue
        if said != _stem(file.name):
            message = f"the id is {shortened(said)}, but the file is named {shortened(_stem(file.name))}"
            hint = "leave id out, or give both the same name; an id that was published stays"
            yield finding(file.name, "id", message, rule="R02", hint=hint)
        other = first.setdefault(said, file.name)
        if other != file.name:
            yield finding(file.name, "id", f"the id {shortened(said)} also stands in {other}", rule="R02")


def _stem(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".toml")


def _with_lines(findings: Iterable[Finding], files: Iterable[SourceFile]) -> Iterator[Finding]:
    """Fill in the lines of findings that name a key; each text is searched at most once."""
    texts = {file.name: file.text for file in files}
    lines: dict[str, Any] = {}
    for item in findings:
        text = texts.get(item.file)
        if item.line is not None or not item.key or text is None:
            yield item
            continue
        if item.file not in lines:
            lines[item.file] = index_lines(text)
        yield msgspec.structs.replace(item, line=nearest_line(lines[item.file], item.key))


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda item: (item.file != REGISTER_FILE, item.file, item.line or 0)))


def _sorted(vendors: Sequence[SubprocessorSource], order: Sequence[str]) -> tuple[SubprocessorSource, ...]:
    """Sort vendors as ``order`` names them first, the others by id; R16 judges ``order`` itself."""
    places: dict[str, int] = {}
    for place, name in enumerate(order):
        places.setdefault(name, place)
    return tuple(sorted(vendors, key=lambda vendor: (places.get(vendor.id, len(order)), vendor.id)))
