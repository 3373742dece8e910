"""Vendors and their news as files for spreadsheets, calendars and other programs."""

from __future__ import annotations

import datetime as dt
import functools
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import icalendar
import msgspec
import xlsxwriter

from register_api.clock import zone_of
from register_api.core.canonical import decode, encode
from register_api.core.exports.columns import UseAtPlace, uses_at_places
from register_api.core.exports.csv_table import (
    CHAIN,
    PROVIDERS,
    Cells,
    chain_rows,
    csv_bytes,
    guarded,
    provider_rows,
)
from register_api.core.exports.cyclonedx import service, uses_by_reference
from register_api.core.instant import format_instant, local_day
from register_api.core.model import Register
from register_api.core.text import escaped
from register_api.core.timeline import engagement_states
from register_api.errors import Malformed
from register_api.sending.database import Database
from register_api.watch import inbox
from register_api.watch.settings import WatchContext
from register_api.watch.vendors import Vendor, all_vendors
from register_api.watch.vendors_file import COLUMNS

NEWS = (
    *("news", "vendor", "vendor_name", "critical", "kind", "title", "version", "change", "concerns"),
    *("first_seen", "deadline", "deadline_of", "owner", "decision", "reason", "decided_by", "decided_at"),
)
"""The columns of news."""

_NEWEST = """
    SELECT vendor, document FROM versions JOIN vendors ON vendors.id = vendor WHERE closed_at IS NULL
        AND version = (SELECT max(version) FROM versions AS others WHERE others.vendor = versions.vendor
            AND others.document IS NOT NULL) ORDER BY vendor
"""
_US = "customer"
"""``bom-ref`` of our own component; all others contain a slash."""


class Watched(NamedTuple):
    """The data for exports: news with their newest decisions, and registers by vendor."""

    vendors: Sequence[Vendor]
    news: Sequence[Mapping[str, Any]]
    registers: Mapping[str, Register]
    context: WatchContext

    @classmethod
    def of(cls, database: Database, context: WatchContext) -> Watched:
        """Read the data from the database."""
        registers = {
            row["vendor"]: decode(zlib.decompress(row["document"]), Register)
            for row in database.query(_NEWEST)
        }
        news = database.query(f"{inbox.NEWS} WHERE vendors.closed_at IS NULL ORDER BY seen_at, news.id")
        for row in news:
            row |= {"news": row["id"], "change": row["change_id"], "first_seen": row["seen_at"]}
            for name in ("first_seen", "decided_at"):
                row[name] = row[name] and format_instant(dt.datetime.fromtimestamp(row[name], dt.UTC))
            row |= {name: bool(row[name]) for name in ("critical", "concerns")}
        return cls(all_vendors(database), news, registers, context)

    def table(self, fields: Mapping[str, str] | None = None) -> _Rows:
        """Return the news; with ``fields`` (our field names by column) the vendors."""
        if fields is None:
            return [{name: row[name] for name in NEWS} for row in self.news]
        return [{name: getattr(each, of) for name, of in fields.items()} for each in self.vendors]


_Rows = Sequence[Mapping[str, Any]]


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _csv(columns: Iterable[str], rows: _Rows) -> bytes:
    return csv_bytes([*columns], ([guarded(_text(cell)) for cell in row.values()] for row in rows))


def _workbook(name: str, columns: Iterable[str], cells: _Rows, now: dt.datetime) -> bytes:
    """Return a workbook with one sheet of string cells only, so that no text is read as a formula."""
    data, rows = io.BytesIO(), [[*columns], *(row.values() for row in cells)]
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        book.set_properties({"created": now.replace(tzinfo=None)})
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, escaped(_text(cell)))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows) - 1, len(rows[0]) - 1)
    return data.getvalue()


def _calendar(watched: Watched) -> bytes:
    """Return the deadlines that concern us; decided ones are cancelled, so that calendars remove them."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//register-api//watch//EN")
    calendar.add("version", "2.0")
    calendar.add("name", "Deadlines to object")
    for row in watched.news:
        if row["deadline"] and row["concerns"] and row["deadline"] >= watched.context.today.isoformat():
            event = icalendar.Event()
            event.add("uid", f"{row['news']}@watch.register-api")
            event.add("dtstamp", watched.context.now)
            event.add("sequence", row["number"])
            event.add("dtstart", dt.date.fromisoformat(row["deadline"]))
            event.add("summary", f"Objection deadline: {escaped(row['title'])}")
            event.add("status", "CANCELLED" if row["decision"] else "CONFIRMED")
            event.add("transp", "TRANSPARENT")
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _dora(
    header: Sequence[str],
    rows_of: Callable[[Register, Sequence[UseAtPlace]], Iterator[Cells]],
    watched: Watched,
) -> bytes:
    rows = (
        row
        for register in watched.registers.values()
        for row in rows_of(register, _uses(register, watched.context.now))
    )
    return csv_bytes(header, dict.fromkeys(rows))


def _uses(register: Register, now: dt.datetime) -> tuple[UseAtPlace, ...]:
    """Return a register's uses today; none if its time zone is unknown."""
    try:
        zone = zone_of(register.publisher.time_zone)
        day = local_day(now, zone)
        return tuple(uses_at_places(register, engagement_states(register, day), day, zone))
    except Malformed:
        return ()


def _cyclonedx(watched: Watched) -> bytes:
    """Return a CycloneDX 1.6 bill of materials with a service for each vendor and each of its uses.

    A vendor depends on its uses in effect today; without a register they are marked as unknown.
    """
    services: list[dict[str, Any]] = [
        {
            "bom-ref": f"vendors/{vendor.id}",
            "name": vendor.name,
            "provider": {"name": vendor.name, **({"url": [vendor.website]} if vendor.website else {})},
            "x-trust-boundary": True,
        }
        for vendor in watched.vendors
    ]
    dependencies: list[dict[str, Any]] = [{"ref": _US, "dependsOn": [item["bom-ref"] for item in services]}]
    known: dict[str, list[str]] = {"complete": [], "unknown": []}
    for vendor in watched.vendors:
        register, reference = watched.registers.get(vendor.id), f"vendors/{vendor.id}"
        known["unknown" if register is None else "complete"].append(reference)
        uses = () if register is None else _uses(register, watched.context.now)
        found = uses_by_reference(uses, f"{reference}/")
        services += [service(ref, places) for ref, places in found.items()]
        in_use = [ref for ref, places in found.items() if places[0].current.state == "in_force"]
        dependencies.append({"ref": reference, "dependsOn": in_use})
        dependencies += [{"ref": ref} for ref in found]
    return encode(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": format_instant(watched.context.now),
                "component": {"type": "application", "bom-ref": _US, "name": "What vendors provide to us"},
            },
            "services": services,
            "dependencies": dependencies,
            "compositions": [
                {"aggregate": word, "dependencies": refs} for word, refs in known.items() if refs
            ],
        }
    )


_DRATA = {
    "name": "name", "url": "website", "critical": "critical", "servicesProvided": "products",
    "dataStored": "data",
}  # fmt: skip
"""Drata's vendor fields that we have data for, with our field names."""

_VANTA = {"name": "name", "websiteUrl": "website"}

# CISO Assistant imports third parties from a sheet Entities with ref_id and name, but no column for a website
# (backend/data_wizard/views.py of intuitem/ciso-assistant-community).
_ENTITIES = {"ref_id": "id", "name": "name", "description": "website"}

FILES: Mapping[str, Callable[[Watched], bytes]] = {
    "news.csv": lambda watched: _csv(NEWS, watched.table()),
    "news.json": lambda watched: msgspec.json.encode(watched.table()),
    "news.xlsx": lambda watched: _workbook("News", NEWS, watched.table(), watched.context.now),
    "deadlines.ics": _calendar,
    "vendors.csv": lambda watched: _csv(COLUMNS, watched.table({name: name for name in COLUMNS})),
    "drata.csv": lambda watched: _csv(_DRATA, watched.table(_DRATA)),
    "vanta.json": lambda watched: msgspec.json.encode(watched.table(_VANTA)),
    "ciso-assistant.xlsx": lambda watched: _workbook(
        "Entities", _ENTITIES, watched.table(_ENTITIES), watched.context.now
    ),
    "cyclonedx.json": _cyclonedx,
    "b_05.01.csv": functools.partial(_dora, PROVIDERS, provider_rows),
    "b_05.02.csv": functools.partial(_dora, CHAIN, chain_rows),
}
"""Export functions by file name."""
