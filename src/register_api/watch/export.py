"""What is known of vendors and their news, as files for spreadsheets, calendars and other programs."""

from __future__ import annotations

import datetime as dt
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import icalendar
import msgspec
import xlsxwriter

from register_api.clock import zone_of
from register_api.core.calendar import local_day
from register_api.core.canonical import decode
from register_api.core.exports.columns import UseAtPlace, uses_at_places
from register_api.core.exports.csv_table import csv_bytes, guarded
from register_api.core.exports.dora import CHAIN, PROVIDERS, Cells, chain_rows, provider_rows
from register_api.core.instant import format_instant
from register_api.core.model import Register
from register_api.core.printable import escaped
from register_api.core.timeline import engagement_states
from register_api.errors import Malformed
from register_api.sending.database import Database
from register_api.watch.export_cyclonedx import cyclonedx_of_vendors
from register_api.watch.vendors import Vendor, all_vendors
from register_api.watch.vendors_file import COLUMNS

NEWS = (
    *("news", "vendor", "vendor_name", "critical", "kind", "title", "version", "change", "concerns"),
    *("first_seen", "deadline", "deadline_of", "owner", "decision", "reason", "decided_by", "decided_at"),
)
"""The columns of news."""

_NEWS = """
    SELECT news.id AS news, vendor, vendors.name AS vendor_name, critical, class AS kind, title, version,
        change_id AS change, concerns, seen_at AS first_seen, deadline, deadline_of, news.owner,
        decision, reason, decisions.by AS decided_by, at AS decided_at, coalesce(number, 0) AS number
    FROM news JOIN vendors ON vendors.id = news.vendor
        LEFT JOIN decisions ON decisions.news = news.id AND number = (
            SELECT max(number) FROM decisions AS others WHERE others.news = news.id)
    WHERE vendors.closed_at IS NULL ORDER BY seen_at, news.id
"""
_NEWEST = """
    SELECT vendor, document FROM versions JOIN vendors ON vendors.id = vendor WHERE closed_at IS NULL
        AND version = (SELECT max(version) FROM versions AS others WHERE others.vendor = versions.vendor
            AND others.document IS NOT NULL) ORDER BY vendor
"""

DRATA = MappingProxyType(
    {
        "name": "name",
        "url": "website",
        "critical": "critical",
        "servicesProvided": "products",
        "dataStored": "data",
    }
)
VANTA = MappingProxyType({"name": "name", "websiteUrl": "website"})
"""Names of fields by which Drata and Vanta take vendors, with ours: those that are known here."""

CISO_ASSISTANT = MappingProxyType({"ref_id": "id", "name": "name", "description": "website"})
"""Columns of the sheet *Entities* that CISO Assistant's import of third parties reads, with ours.

Known from its source (``backend/data_wizard/views.py`` of intuitem/ciso-assistant-community): ``ref_id`` and
``name`` must be there; a website has no column of its own; sheets that are missing are passed over.
"""


class Watched(NamedTuple):
    """All that files are made from.

    Attributes:
        news: Each piece with its newest decision, the oldest first.
        registers: The newest version of each register, by vendor.
        now: The present instant, UTC.
        today: Its day in our time zone.
    """

    vendors: Sequence[Vendor]
    news: Sequence[Mapping[str, Any]]
    registers: Mapping[str, Register]
    now: dt.datetime
    today: dt.date

    @classmethod
    def of(cls, database: Database, now: dt.datetime, time_zone: str) -> Watched:
        """Read it from the database."""
        return cls(
            vendors=all_vendors(database),
            news=[_news(row) for row in database.query(_NEWS)],
            registers={
                row["vendor"]: decode(zlib.decompress(row["document"]), Register)
                for row in database.query(_NEWEST)
            },
            now=now,
            today=local_day(now, zone_of(time_zone)),
        )


def _news(row: Mapping[str, Any]) -> dict[str, Any]:
    instants = {
        name: row[name] and format_instant(dt.datetime.fromtimestamp(row[name], dt.UTC))
        for name in ("first_seen", "decided_at")
    }
    return {**row, **instants, "critical": bool(row["critical"]), "concerns": bool(row["concerns"])}


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _csv(header: Sequence[str], rows: Iterator[Sequence[Any]]) -> bytes:
    return csv_bytes(header, ([guarded(_text(cell)) for cell in row] for row in rows))


def _workbook(name: str, header: Sequence[str], rows: Sequence[Sequence[Any]], now: dt.datetime) -> bytes:
    """Return a workbook of one sheet with string cells alone: no text is taken for a formula."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        book.set_properties({"created": now.replace(tzinfo=None)})
        sheet = book.add_worksheet(name)
        for number, row in enumerate([header, *rows]):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, escaped(_text(cell)))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(header) - 1)
    return data.getvalue()


def _calendar(watched: Watched) -> bytes:
    """Return the deadlines of what concerns us; what was decided is cancelled, so that calendars drop it."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//register-api//watch//EN")
    calendar.add("version", "2.0")
    calendar.add("name", "Deadlines to object")
    for row in watched.news:
        if row["deadline"] and row["concerns"] and row["deadline"] >= watched.today.isoformat():
            event = icalendar.Event()
            event.add("uid", f"{row['news']}@watch.register-api")
            event.add("dtstamp", watched.now)
            event.add("sequence", row["number"])
            event.add("dtstart", dt.date.fromisoformat(row["deadline"]))
            event.add("summary", f"Last day to object: {escaped(row['title'])}")
            event.add("status", "CANCELLED" if row["decision"] else "CONFIRMED")
            event.add("transp", "TRANSPARENT")
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _dora(
    header: Sequence[str], rows_of: Callable[[Register, Sequence[UseAtPlace]], Iterator[Cells]]
) -> Callable[[Watched], bytes]:
    def table(watched: Watched) -> bytes:
        rows = (
            row
            for register in watched.registers.values()
            for row in rows_of(register, _uses(register, watched))
        )
        return csv_bytes(header, dict.fromkeys(rows))

    return table


def _uses(register: Register, watched: Watched) -> tuple[UseAtPlace, ...]:
    """Return the uses of a register today; none of one whose days cannot be counted here."""
    try:
        zone = zone_of(register.publisher.time_zone)
        day = local_day(watched.now, zone)
        return tuple(uses_at_places(register, engagement_states(register, day), day, zone))
    except Malformed:
        return ()


def _cyclonedx(watched: Watched) -> bytes:
    uses = {vendor: _uses(register, watched) for vendor, register in watched.registers.items()}
    return cyclonedx_of_vendors(watched.vendors, uses, watched.now)


FILES: Mapping[str, Callable[[Watched], bytes]] = MappingProxyType(
    {
        "news.csv": lambda watched: _csv(NEWS, ([row[name] for name in NEWS] for row in watched.news)),
        "news.json": lambda watched: msgspec.json.encode(
            [{name: row[name] for name in NEWS} for row in watched.news]
        ),
        "news.xlsx": lambda watched: _workbook(
            "News", NEWS, [[row[name] for name in NEWS] for row in watched.news], watched.now
        ),
        "deadlines.ics": _calendar,
        "vendors.csv": lambda watched: _csv(
            COLUMNS, ([getattr(vendor, name) for name in COLUMNS] for vendor in watched.vendors)
        ),
        "drata.csv": lambda watched: _csv(
            [*DRATA], ([getattr(vendor, name) for name in DRATA.values()] for vendor in watched.vendors)
        ),
        "vanta.json": lambda watched: msgspec.json.encode(
            [{of: getattr(vendor, name) for of, name in VANTA.items()} for vendor in watched.vendors]
        ),
        "ciso-assistant.xlsx": lambda watched: _workbook(
            "Entities",
            [*CISO_ASSISTANT],
            [[getattr(vendor, name) for name in CISO_ASSISTANT.values()] for vendor in watched.vendors],
            watched.now,
        ),
        "cyclonedx.json": _cyclonedx,
        "b_05.01.csv": _dora(PROVIDERS, provider_rows),
        "b_05.02.csv": _dora(CHAIN, chain_rows),
    }
)
"""Each file, with what makes it."""
