"""Read the publisher's source, a folder of TOML files, as a draft of the register.

``register.toml`` is about the register, each ``subprocessors/<id>.toml`` about one vendor
(docs/format/source.md). Loading reports all errors in all files (R01, R02, R05 for the time zone, R17
for size); the other rules check the draft (``register_api.core.rules``).
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from register_api.core.model import Draft, RegisterSource, SubprocessorSource
from register_api.core.text import nearest, quoted
from register_api.errors import Finding, Refused, UsageError
from register_api.source.collect import collect
from register_api.source.file import SourceFile, finding, name_of, read_source_file
from register_api.source.lines import index_lines, nearest_line

REGISTER_FILE = "register.toml"
EXAMPLE = Path(__file__).with_name("EXAMPLE.toml")
"""Example that explains every field; ``init`` copies it into the source, where it is ignored."""
VENDOR_FOLDER = "subprocessors"
T = TypeVar("T", RegisterSource, SubprocessorSource)


class LoadedSource(msgspec.Struct, frozen=True):
    """A loaded source: its draft, if there are no errors, its findings, and the texts of its files.

    Vendors are in reading order; findings are sorted by file, ``register.toml`` first, and by line.
    """

    draft: Draft | None
    findings: tuple[Finding, ...]
    texts: dict[str, str]

    def located(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return findings with the lines of their keys added; each text is indexed at most once."""
        lines = functools.cache(index_lines)
        return tuple(
            msgspec.structs.replace(item, line=nearest_line(lines(self.texts[item.file]), item.key))
            if item.line is None and item.key and item.file in self.texts
            else item
            for item in findings
        )


def load(folder: Path) -> LoadedSource:
    """Read a source folder: a draft and warnings, or all errors and warnings, with lines if known.

    Raises:
        UsageError: The folder does not exist or cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"folder not found: {folder}", hint="make one with: register-api init DIR")
    hint = "register-api init DIR makes one"
    missing = finding(REGISTER_FILE, "", f"{REGISTER_FILE} not found", hint=hint)
    head = SourceFile(REGISTER_FILE, findings=(missing,))
    if (folder / REGISTER_FILE).exists():
        head = read_source_file(folder, folder / REGISTER_FILE)
    vendors = [read_source_file(folder, path) for path in list_vendor_files(folder)]
    register, findings = _convert(head, RegisterSource)
    publisher: Any = (head.table or {}).get("publisher")
    zone = publisher.get("time_zone") if isinstance(publisher, dict) else None
    if isinstance(zone, str):  # checked even if the rest of the file is invalid
        try:
            load_zone(zone)
        except Refused as refusal:
            findings += refusal.findings
    subprocessors: list[SubprocessorSource] = []
    for file in vendors:
        vendor, problems = _convert(file, SubprocessorSource, id=_stem(file.name))
        subprocessors += [vendor] if vendor else []
        findings += problems
    findings += [*_check_ids(vendors), *_strays(folder)]
    texts = {file.name: file.text for file in (head, *vendors) if file.text is not None}
    located = sorted(
        LoadedSource(None, (), texts).located(findings),
        key=lambda item: (item.file != REGISTER_FILE, item.file, item.line or 0),
    )
    if register is None or any(item.severity == "error" for item in located):
        return LoadedSource(None, tuple(located), texts)
    # First the vendors in `order`, then the others by id; R16 checks `order` itself.
    places = {name: place for place, name in reversed(list(enumerate(register.order)))}
    subprocessors.sort(key=lambda vendor: (places.get(vendor.id, len(register.order)), vendor.id))
    draft = Draft(register=register, subprocessors=tuple(subprocessors))
    return LoadedSource(draft, tuple(located), texts)


def list_vendor_files(folder: Path) -> list[Path]:
    """Return the vendors' files in order of name, without hidden and other files."""
    vendors = folder / VENDOR_FOLDER
    try:
        names = sorted(os.listdir(vendors))  # noqa: PTH208 - names
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"the folder {vendors} cannot be read: {error.strerror}") from error
    return [vendors / name for name in names if not name.startswith(".") and _is_vendor_file(name)]


def _strays(folder: Path) -> Iterator[Finding]:
    """Yield an R01 warning for each file, at any depth, that looks like a source file but is not read."""
    vendors = folder / VENDOR_FOLDER
    if not vendors.is_dir():
        hint = f"each vendor has a file {VENDOR_FOLDER}/<id>.toml"
        yield finding(VENDOR_FOLDER, "", f"folder not found: {VENDOR_FOLDER}", severity="warning", hint=hint)
    hint = f"a vendor belongs in {VENDOR_FOLDER}/<id>.toml, all else in {REGISTER_FILE}"
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        at = Path(base)
        known = (REGISTER_FILE, EXAMPLE.name) if at == folder else ()
        for name in sorted(name for name in names if not name.startswith(".")):
            if not _is_vendor_file(name) if at == vendors else name.endswith(".toml") and name not in known:
                where = name_of(folder, at / name)
                yield finding(where, "", "this file is not read", severity="warning", hint=hint)


def _is_vendor_file(name: str) -> bool:
    return name.endswith(".toml") and name != EXAMPLE.name


def _convert(file: SourceFile, kind: type[T], **usual: str) -> tuple[T | None, list[Finding]]:
    """Return a file's table as a struct, or its findings; ``usual`` are default values."""
    if file.table is None:
        return None, list(file.findings)
    record, problems = collect({**usual, **file.table}, kind, file.name)
    return record, list(problems)


def load_zone(name: str) -> ZoneInfo:
    """Return the time zone with an IANA name, e.g. ``Europe/Berlin`` or ``UTC``.

    Names known only to this machine (``localtime``) are refused, because customers could not use them.

    Raises:
        Refused: Unknown zone, with one R05 finding on ``publisher.time_zone`` of ``register.toml``.
    """
    if name in _iana_names():
        with contextlib.suppress(OSError, ValueError):  # a damaged zone file does not load
            return ZoneInfo(name)
    near = nearest(name, _iana_names())
    hint = f"did you mean {near}?" if near else "a name such as UTC or Europe/Berlin"
    message = f"{quoted(name)} is not a known IANA time zone"
    raise Refused((finding(REGISTER_FILE, "publisher.time_zone", message, rule="R05", hint=hint),))


@functools.cache
def _iana_names() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


def _check_ids(vendors: Iterable[SourceFile]) -> Iterator[Finding]:
    """R02: a vendor's file is named after its id, and no two files have the same id."""
    first: dict[str, str] = {}
    for file in vendors:
        vendor_id = (file.table or {}).get("id", _stem(file.name))
        if not isinstance(vendor_id, str):
            continue
        if vendor_id != _stem(file.name):
            message = f"the id is {quoted(vendor_id)}, but the file is named {quoted(_stem(file.name))}"
            hint = "leave id out, or give both the same name; an id that was published stays"
            yield finding(file.name, "id", message, rule="R02", hint=hint)
        other = first.setdefault(vendor_id, file.name)
        if other != file.name:
            yield finding(file.name, "id", f"the id {quoted(vendor_id)} is also used in {other}", rule="R02")


def _stem(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".toml")
