"""Published content in the form in which it is compared with plain source tables."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from naive_planned import owners, plans

if TYPE_CHECKING:
    from naive_promise import Key
    from register_api.core.timeline import EngagementState

    Table = dict[str, Any]

BESIDES = {"id", "engagements"}
"""Fields of a vendor that an answer contains elsewhere."""


def published_records(vendors: dict[str, Table]) -> tuple[dict[Key, Table], dict[Key, Table]]:
    """Return the announcement records, and those of cancellations and withdrawals."""
    found: dict[Key, Table] = {}
    final: dict[Key, Table] = {}
    for id_, vendor in vendors.items():
        for name, owner in owners(vendor):
            for item in (owner, *plans(owner)):
                key = (id_, name, None if item is owner else item["id"])
                if "announced" in item:
                    found[key] = item["announced"]
                for gone in filter(None, (item.get("cancelled"), item.get("withdrawn"))):
                    final[key] = gone["announced"]
    return found, final


def held(row: EngagementState) -> list[Any]:
    """Return an engagement of an answer, in the form of ``NaiveVersion.held``."""
    vendor = {name: value for name, value in msgspec.to_builtins(row.vendor).items() if name not in BESIDES}
    return [row.state, plain(vendor), plain(msgspec.to_builtins(row.engagement))]


def unplanned(held: Any) -> Any:
    """Return a state without its planned changes."""
    if isinstance(held, dict):
        return {name: unplanned(value) for name, value in held.items() if name != "planned"}
    return [unplanned(item) for item in held] if isinstance(held, list | tuple) else held


def events(listed: list[Table]) -> set[tuple[str, str, Key]]:
    """Return upcoming changes in the form of ``naive_ahead.ahead``."""
    return {
        (event["day"], event["what"], (event["subprocessor"], event["engagement"], event["planned"]))
        for event in listed
    }


def content(register: Table, vendors: dict[str, Table]) -> Table:
    """Return the content of a published register or a source, without empty values."""
    return {
        "notice": plain(register["notice"]),
        "extra": plain(register["extra"]),
        "vendors": {id_: plain(vendor) for id_, vendor in vendors.items()},
    }


def plain(value: Any) -> Any:
    """Return a value without empty, default and derived fields; dates as strings."""
    if isinstance(value, dict):
        added = {"announced", "also_binding"}
        items = {name: plain(item) for name, item in value.items() if name not in added}
        defaults = {"kind": "third_party", "role": "sub_processor"}
        return {
            name: item
            for name, item in items.items()
            if item not in (None, [], {}, False) and defaults.get(name) != item
        }
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value
