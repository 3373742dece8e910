"""The folder that an import writes into (source, names file, memory), and a passing copy of its source."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from register_api.core.printable import printable
from register_api.core.text import is_slug
from register_api.errors import UsageError
from register_api.files import durable
from register_api.importer.table import refuse

MEMORY_FILE = "taken-over.json"


class RememberedVendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor as the table had it."""

    fields: dict[str, Any] = {}
    uses: dict[str, dict[str, Any]] = {}
    gone: tuple[str, ...] = ()
    listed: bool = True


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """A whole table as it was last read."""

    format: Literal["register-api-import/1"] = "register-api-import/1"
    order: tuple[str, ...] = ()
    vendors: dict[str, RememberedVendor] = {}


def read_memory(data: bytes | None) -> Memory:
    """Read the memory file; none there means that nothing was imported before."""
    if data is None:
        return Memory()
    try:
        return msgspec.json.decode(data, type=Memory)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        hint = "take it away: the next import then keeps whatever the source says and reports what differs"
        refuse(MEMORY_FILE, "", f"this file cannot be read: {printable(error)}", hint)


def write_memory(memory: Memory) -> str:
    """Return the text of the memory file."""
    return msgspec.json.format(msgspec.json.encode(memory, order="deterministic"), indent=1).decode() + "\n"


SOURCE = "register"
VENDORS = "subprocessors"
_MOST_BYTES = 64 * 1024 * 1024


def read_text(path: Path) -> str | None:
    """Return a file's text, or ``None`` if there is none."""
    data = read_bytes(path)
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        refuse(path.name, "", "this file is not UTF-8 text", "save it as UTF-8")


def read_bytes(path: Path) -> bytes | None:
    """Return a file's bytes, or ``None`` if there is none."""
    if not path.exists():
        return None
    if not path.is_file():
        raise UsageError(f"{path} is no ordinary file")
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path} is larger than {_MOST_BYTES} bytes")
    return data


def vendor_ids(folder: Path) -> list[str]:
    """Return the ids of the vendors that have a file in the folder's source."""
    listed = folder / SOURCE / VENDORS
    names = sorted(path.name for path in listed.iterdir()) if listed.is_dir() else []
    stems = [name.removesuffix(".toml") for name in names if name.endswith(".toml")]
    return [stem for stem in stems if is_slug(stem)]


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder, each whole or not at all."""
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            durable.replace(folder / name, text.encode("utf-8"))
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def passing_copy(folder: Path) -> Iterator[Path]:
    """Yield a folder with a copy of the source that a folder holds, if it holds one; gone after the block."""
    with tempfile.TemporaryDirectory() as passing:
        copy = Path(passing)
        if (folder / SOURCE).is_dir():
            shutil.copytree(folder / SOURCE, copy / SOURCE, symlinks=True)
        yield copy
