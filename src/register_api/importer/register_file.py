"""``register.toml``, as an import makes or edits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import tomlkit

from register_api.core.text import quoted
from register_api.importer.import_report import Reporter
from register_api.importer.vendor_list import ImportedList
from register_api.source.toml_values import HEADS, dump, parse, plain, put, table_of

REGISTER_FILE = "register.toml"
_NEW = f"""\
{HEADS["register"]}\
# The register: all but the vendors, who have a file each in subprocessors/. Begun by `register-api import`.
# What breaks a rule is found by `register-api check`; what publishing would tell customers is shown by
# `register-api preview`.

# The register's name for ever: your domain, a slash, a word. Feeds and log carry it.
register = ""

# The day that the content is of.
updated_on = 1970-01-01

# The order of reading.
order = []

[publisher]
name = ""
time_zone = "UTC"
language = "en"

# The promise that `register-api publish` holds you to. 0 days for no kind of change promises nothing.
[notice]
days = 0
day_count = "calendar"
applies_to = []

[[statuses]]
id = "active"
title = "Active"

[[statuses]]
id = "conditional"
title = "Conditional"

[[statuses]]
id = "available"
title = "Available"
"""
_USUAL = {"register": "example.com/sub-processors", "publisher": "Example Company",
          "time_zone": "UTC", "language": "en"}  # fmt: skip
_SENSIBLE = ("time_zone", "language")
_PROMISED = ["addition", "replacement", "activation"]


class RegisterDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller says of the register, where there is no ``register.toml`` yet."""

    register: str | None = None
    publisher: str | None = None
    updated_on: str | None = None
    time_zone: str | None = None
    language: str | None = None
    notice_days: int | None = None


def with_others(order: Sequence[str], before: Sequence[str]) -> list[str]:
    """Return an order with those that it leaves out put back, each behind the one it stood behind.

    What left the table so keeps its place in the reading order, and nothing seems to have moved.
    """
    merged = list(order)
    for above, item in zip((None, *before), before, strict=False):
        if item not in merged:
            merged.insert(merged.index(above) + 1 if above is not None else 0, item)
    return merged


class RegisterFile:
    """The register's file, new or as it was."""

    def __init__(self, text: str | None) -> None:
        """Read the file's text, or begin a new one."""
        self.is_new = text is None
        self.document = parse(REGISTER_FILE, _NEW if text is None else text)

    @property
    def time_zone(self) -> str:
        """Name of the publisher's time zone."""
        publisher = plain(self.document.get("publisher"))
        return str(publisher.get("time_zone", "UTC")) if isinstance(publisher, dict) else "UTC"

    @property
    def order(self) -> list[str]:
        """Ids in order of reading."""
        listed = plain(self.document.get("order"))
        return [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []

    def ids(self, of: str) -> dict[str, str]:
        """Return title to id of the ``categories`` or ``products`` that are there."""
        listed = plain(self.document.get(of))
        rows = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
        return {str(item.get("title", item.get("id"))): str(item.get("id")) for item in rows}

    def begin(self, defaults: RegisterDefaults, reporter: Reporter) -> None:
        """Fill in a new file but for its day; what was not given is assumed, in the open."""
        given = msgspec.structs.asdict(defaults)
        for field, usual in _USUAL.items():
            section: Any = self.document if field == "register" else self.document["publisher"]
            section["name" if field == "publisher" else field] = given[field] or usual
            option = f"--{field.replace('_', '-')}"
            said = f"{option} says otherwise" if field in _SENSIBLE else f"to be replaced; {option} says it"
            if given[field] is None:
                reporter.note("assumed", f"{field} is {quoted(usual)}: {said}", file=REGISTER_FILE)
        if defaults.notice_days is None:
            message = "no notice is promised, since nothing is known of it; --notice-days says how much is"
            reporter.note("assumed", message, file=REGISTER_FILE, key="notice")
        else:
            notice: Any = self.document["notice"]
            notice["days"], notice["applies_to"] = defaults.notice_days, _PROMISED

    def update(self, listing: ImportedList, day: str | None, *, arrange: bool) -> None:
        """Set the day that the content is of, add categories and products, and arrange vendors as listed."""
        if day is not None and plain(self.document.get("updated_on")) != day:
            put(self.document, "updated_on", day)
        for field, titles in (("categories", listing.categories), ("products", listing.products)):
            there = set(self.ids(field).values())
            for id_ in [id_ for id_ in titles if id_ not in there]:
                table = table_of({"id": id_, "title": titles[id_]}, "" if self.ids(field) else "\n")
                self.document.setdefault(field, tomlkit.aot()).append(table)
        order = with_others([item.id for item in listing.vendors], self.order)
        if (arrange or not self.order) and self.order != order:
            array = tomlkit.array()
            array.extend(order)
            self.document["order"] = array.multiline(multiline=len(order) > 1)

    @property
    def text(self) -> str:
        """The text of the file as it is now."""
        return dump(REGISTER_FILE, self.document)
