"""A proposal, as data: what was seen, and what to write if it is so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from register_api.core.rules.rule_table import vendor_file

Kind = Literal["return", "rename", "replacement", "former_name"]


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A line to write in the source.

    Attributes:
        file: File below the source folder, with ``/``.
        key: Key in that file, of the vendor itself.
        value: Its whole value in TOML.
    """

    file: str
    key: str
    value: str


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What may have been meant. The publisher decides; nothing is changed.

    Attributes:
        subprocessors: Ids of the vendors it is about.
        seen: What was seen, in a sentence.
        edits: What to write if it is so.
        advice: What else to do or to bear in mind, or an empty string.
    """

    kind: Kind
    subprocessors: tuple[str, ...]
    seen: str
    edits: tuple[Edit, ...] = ()
    advice: str = ""


def edit(vendor: str, key: str, value: str | Iterable[str]) -> Edit:
    """Return a line to write in a vendor's file."""
    text = _toml(value) if isinstance(value, str) else f"[{', '.join(map(_toml, dict.fromkeys(value)))}]"
    return Edit(file=vendor_file(vendor), key=key, value=text)


def _toml(text: str) -> str:
    """Return a text as a basic string of TOML, which takes what JSON writes."""
    return msgspec.json.encode(text).decode()
