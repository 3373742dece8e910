"""A JSON file in which a program remembers its state: replaced in one step, with a digest over itself.

The digest tells a disk's error from a state that was written; it is no protection against a person.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from register_api.core.canonical import digest
from register_api.core.text import printable, quoted
from register_api.files import durable

T = TypeVar("T")


class DamagedState(Exception):
    """The file is not a state of the expected form; the text says why."""


class OtherFormat(DamagedState):
    """The file names another format; the text is that name, shortened and escaped."""


class NewerFormat(OtherFormat):
    """The file names a later number of the same format; the text is a sentence about the file."""


UPDATE = "update register-api (docs/upgrading.md)"
"""What to do about ``NewerFormat``."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    format: str


class _File(msgspec.Struct, frozen=True, kw_only=True):
    format: str
    sha256: str
    state: msgspec.Raw


def refuse_newer(data: bytes, known: str) -> None:
    """Refuse bytes that name a later number of a known format: everything else is the caller's to judge.

    Raises:
        NewerFormat: A newer release wrote them.
    """
    try:
        found = msgspec.json.decode(data, type=_Head).format
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return
    (name, _, number), (own, _, last) = found.rpartition("/"), known.rpartition("/")
    # Nobody counts formats to ten digits, and a longer text of digits is slow to read as a number.
    if name == own and number.isdecimal() and len(number) < _DIGITS and int(number) > int(last):
        raise NewerFormat(f"was written by a newer release: its format is {found}, this one reads {known}")


_DIGITS = 10


def read_state(path: Path, kind: type[T], *, format_name: str) -> T:
    """Read a state, a struct, from a file that must name its format.

    Raises:
        OSError: It cannot be read, or is missing.
        NewerFormat: A newer release wrote it.
        OtherFormat: It names another format.
        DamagedState: It is damaged.
    """
    data = path.read_bytes()
    refuse_newer(data, format_name)
    try:
        found = msgspec.json.decode(data, type=_Head).format
        if found != format_name:
            raise OtherFormat(quoted(found, 80))
        file = msgspec.json.decode(data, type=_File)
        state = msgspec.json.decode(file.state, type=kind)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise DamagedState(printable(error)) from error
    if digest(bytes(file.state)) != file.sha256:
        raise DamagedState("its digest does not fit")
    return state


def write_state(path: Path, state: msgspec.Struct, *, format_name: str) -> None:
    """Replace a state, of mode 0600 and durable on return; on an ``OSError`` the old one is there still."""
    raw = msgspec.Raw(msgspec.json.encode(state, order="sorted"))
    file = _File(format=format_name, sha256=digest(bytes(raw)), state=raw)
    durable.replace(path, msgspec.json.encode(file), secret=True)
