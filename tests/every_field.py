"""A source in which every field is set: ``EXAMPLE.toml``, as tables to edit."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from register_api.core.model import Draft, RegisterSource, SubprocessorSource
from register_api.source.collect import collect
from register_api.source.load import EXAMPLE
from toml_source import write_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Table = dict[str, Any]

_EXAMPLE = EXAMPLE.read_text("utf-8")
_REFERRED_TO = ("example-group", "old-mail", "mail-one", "mail-two", "example-suite")
"""Vendors that the example's vendor refers to."""


class EveryField:
    """The source, to be edited and written.

    Attributes:
        register: Table of ``register.toml``.
        vendors: Tables of the vendors' files by id: one with every field but ``withdrawn`` and
            ``cancelled``, one that is withdrawn, and those that the first one refers to.
    """

    def __init__(self) -> None:
        """Read the example."""
        head = (line[3:] for line in _EXAMPLE.splitlines(keepends=True) if line.startswith("#: "))
        self.register: Table = tomllib.loads("".join(head))
        vendor = tomllib.loads(_EXAMPLE)
        withdrawn = vendor.pop("withdrawn")
        use = vendor["engagements"][0]
        use.pop("cancelled")  # it is in use
        plans = [*vendor["planned"], *use["planned"]]
        self._cancelled = [(plan, plan.pop("cancelled")) for plan in plans if "cancelled" in plan]
        self.vendors: dict[str, Table] = {
            vendor["id"]: vendor,
            "mistake": {"name": "Mistake", "withdrawn": withdrawn},
            **{id_: {"name": id_.title()} for id_ in _REFERRED_TO},
        }

    def note(self, text: str) -> None:
        """Make an editorial change, so that there is a version to publish."""
        self.register["extra"]["edition"] = text

    def cancel(self) -> None:
        """Cancel the planned changes, which must have been published before."""
        for plan, cancelled in self._cancelled:
            plan["cancelled"] = cancelled

    def edit(self, change: Callable[[Table, inspect.StructType], None]) -> None:
        """Call a function on each table, with the struct that the table is converted to."""
        _walk(self.register, inspect.type_info(RegisterSource), change)
        for vendor in self.vendors.values():
            _walk(vendor, inspect.type_info(SubprocessorSource), change)

    def draft(self) -> Draft:
        """Return the parsed source."""
        vendors = ({"id": id_, **vendor} for id_, vendor in self.vendors.items())
        read = (collect(vendor, SubprocessorSource)[0] for vendor in vendors)
        return Draft(
            register=msgspec.convert(self.register, RegisterSource),
            subprocessors=tuple(vendor for vendor in read if vendor is not None),
        )

    def write(self, folder: Path) -> None:
        """Write the files of the source."""
        write_source(folder, self.register, self.vendors)


def _walk(value: Any, kind: Any, change: Callable[[Table, inspect.StructType], None]) -> None:
    """Visit all nested tables, following the types of their fields."""
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        for field in kind.fields:
            _walk(value.get(field.encode_name), field.type, change)
        change(value, kind)
    for part in getattr(kind, "types", ()):
        _walk(value, part, change)
    if isinstance(value, list) and hasattr(kind, "item_type"):
        for item in value:
            _walk(item, kind.item_type, change)
