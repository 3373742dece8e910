"""What the last import said: so that a later one tells the table's changes from edits by hand."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from register_api.core.printable import printable
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
    """Read the memory file; none there means that nothing was imported before.

    Raises:
        Refused: It is damaged.
    """
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
