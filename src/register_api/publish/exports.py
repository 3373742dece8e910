"""Exports of the register: a workbook (XLSX), and JSON-LD in the terms of DPV 2.3.

All cells are strings, so no text is interpreted as a formula, a number or an address.
"""

from __future__ import annotations

import datetime as dt
import functools
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from register_api.core.canonical import Encoded, encode
from register_api.core.exports.columns import COLUMNS, UseAtPlace, cells
from register_api.core.exports.csv_table import plain
from register_api.core.fields import FIELDS
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.language.changes import EventTitles
from register_api.core.language.language import Language, capital
from register_api.core.language.notice import notice_given, objection_period, promise
from register_api.core.language.values import Values
from register_api.core.model import Register, Subprocessor
from register_api.core.timeline import State
from register_api.core.upcoming_events import upcoming
from register_api.publish.feed.entry import xml_text

MAX_UNITS = 32_767
"""Maximum UTF-16 code units of a cell; longer text is cut and ends in an ellipsis."""

_OF_VENDORS = (
    "id", "name", "legal_name", "kind", "role", "seat", "address", "identifiers", "parent", "engaged_by",
    "formerly", "certifications", "website", "privacy_url", "dpa_url", "subprocessors_url", "contact",
    "withdrawn",
)  # fmt: skip

_WIDTH = 18


class _Sheet(Worksheet):  # type: ignore[misc] # the library has no types
    """A sheet whose rows are written at once: cell by cell, the library takes three times as long."""

    lines: Sequence[str] = ()

    def write_texts(self, rows: Iterable[Sequence[str]]) -> int:
        index = self.str_table._get_shared_string_index  # noqa: SLF001 - what write_string does with a text
        columns = [xl_col_to_name(column) for column in range(self.dim_colmax + 1)]
        lines = []
        for number, row in enumerate(rows, start=2):
            cells = [
                f'<c r="{column}{number}" t="s"><v>{index(text)}</v></c>'
                for column, text in zip(columns, row, strict=True)
                if text
            ]
            lines.append(f'<row r="{number}">{"".join(cells)}</row>')
        # The row limit of XLSX is not reached: a register of 16 MiB has fewer rows.
        self.lines, self.dim_rowmax = lines, len(lines)
        return len(lines)

    def _write_rows(self) -> None:
        super()._write_rows()  # the headings, which have a format
        self.fh.writelines(self.lines)


def _fitting(text: str) -> str:
    text = xml_text(text)
    if len(text) * 2 <= MAX_UNITS or len(text.encode("utf-16-le")) <= 2 * MAX_UNITS:
        return text
    return text.encode("utf-16-le")[: 2 * (MAX_UNITS - 1)].decode("utf-16-le", "ignore") + "…"


def register_workbook(
    register: Encoded[Register], rows: Iterable[UseAtPlace], on: dt.date, zone: dt.tzinfo
) -> bytes:
    """Return the workbook, in the register's language."""
    document = register.document
    language = Language.of(document.publisher.language)
    text = language.text
    say = Values(
        language,
        names={item.id: item.name for item in document.subprocessors},
        titles={item.id: item.title for item in document.categories},
        day_count=document.notice.day_count,
        products={item.id: item.title for item in document.products},
    )
    uses = cells(_OF_USES, rows, lambda item, row: _cell(item.value(row), functools.partial(item.words, say)))
    fields = [(name, functools.partial(say.of_field, Subprocessor, name)) for name in _OF_VENDORS]
    tables: list[tuple[str, Sequence[str], Iterable[Sequence[str]]]] = [
        (text("Uses"), [item.heading(language) for item in _OF_USES], uses),
        (
            text("Sub-processors"),
            [capital(language.template(FIELDS[Subprocessor][name].label)) for name in _OF_VENDORS],
            (
                [_cell(getattr(each, name), words) for name, words in fields]
                for each in document.subprocessors
            ),
        ),
        (
            text("Upcoming changes"),
            [text("Day"), text("What happens"), text("Notice"), text("Objections to")],
            _upcoming_rows(document, on, zone, language),
        ),
        (text("About"), [text("What"), text("Value")], _about(register, on, language)),
    ]
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    title = xml_text(f"{document.publisher.name}: {document.register}")
    book.set_properties({"created": document.published_at, "title": title})
    bold = book.add_format({"bold": True})
    for name, heading, texts in tables:
        # The heading is frozen, and every column has a filter.
        sheet = book.add_worksheet(name, _Sheet)
        sheet.set_column(0, len(heading) - 1, _WIDTH)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        for column, label in enumerate(heading):
            sheet.write_string(0, column, label, bold)
        sheet.autofilter(0, 0, sheet.write_texts(texts), len(heading) - 1)
    book.close()
    return file.getvalue()


def _cell(value: Any, say: Callable[[Any], str]) -> str:
    """Return the text of a cell: dates in ISO form, so that they sort; empty if not stated."""
    if value is None:
        return ""
    return _fitting(str(value) if type(value) in (int, dt.date) else say(value))


_OF_USES = tuple(column for column in COLUMNS if column.of_use)


def _upcoming_rows(
    register: Register, on: dt.date, zone: dt.tzinfo, language: Language
) -> Iterator[list[str]]:
    words = EventTitles(language, register, on)
    for event in upcoming(register, on, zone):
        notice = notice_given(language, event.notice) or ""
        yield [event.day.isoformat(), _fitting(words.title(event)), notice, _fitting(event.contact or "")]


def _about(register: Encoded[Register], on: dt.date, language: Language) -> Iterator[list[str]]:
    document, text = register.document, language.text
    yield [text("Publisher"), _fitting(document.publisher.legal_name or document.publisher.name)]
    yield [text("Register"), document.register]
    yield [text("Version"), str(document.version)]
    yield [text("Published"), format_instant(document.published_at)]
    yield [text("Status as of"), on.isoformat()]
    yield [text("Notice of changes"), promise(language, document.notice)]
    yield [text("Objections"), objection_period(language, document.notice) or ""]
    yield [text("Signed original"), f"/{tree.VERSION_REGISTER.path(document.version)}"]
    yield ["SHA-256", register.sha256]


Json = dict[str, Any]

CONTEXT: Mapping[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes of all terms; JSON-LD processors drop terms without one."""

_STATUS: Mapping[State, str] = {
    "announced": "dpv:ActivityPlanned",
    "available": "dpv:ActivityPlanned",
    "in_force": "dpv:ActivityOngoing",
    "ended": "dpv:ActivityCompleted",
}
"""Activity status by state; withdrawn and cancelled uses are left out."""

_ACTIVITIES: Mapping[str, str] = {"store": "dpv:Store", "access": "dpv:Access"}
"""Processing operations; ``process`` is processing in general and has no term."""

_MECHANISMS: Mapping[str, str] = {
    "adequacy": "eu-gdpr:A45-3",
    "dpf": "eu-gdpr:A45-3",
    "scc": "eu-gdpr:A46-2-c",
    "bcr": "eu-gdpr:A46-2-b",
}
"""Transfer mechanisms with a legal basis in the vocabulary; others are exported as text."""

_NO_TERM = frozenset({"XK", "worldwide", "varies"})
"""Locations without a term."""


def dpv(register: Register, rows: Iterable[UseAtPlace]) -> bytes:
    """Return the register's uses as JSON-LD in canonical bytes."""
    base = f"https://{register.register}"
    uses: dict[str, list[UseAtPlace]] = {}
    for row in rows:
        if row.current.state in _STATUS:
            uses.setdefault(f"{base}#{row.current.vendor.id}/{row.current.engagement.id}", []).append(row)
    publisher = register.publisher
    dataset = {
        "@id": base,
        "dct:title": register.register,
        "dct:identifier": str(register.version),
        "dct:issued": {"@type": "xsd:dateTime", "@value": format_instant(register.published_at)},
        "dct:publisher": _stated(
            {
                "@id": f"{base}#",
                "@type": ["dpv:DataProcessor", "dpv:Organisation"],
                "dpv:hasName": publisher.legal_name or publisher.name,
                "dpv:hasIdentifier": [plain(item) for item in publisher.identifiers or ()],
            }
        ),
    }
    vendors = [
        _stated(
            {
                "@id": f"{base}#{vendor.id}",
                "@type": [_ROLES[vendor.role], "dpv:Organisation"],
                "dpv:hasName": [vendor.name, *([vendor.legal_name] if vendor.legal_name else [])],
                "dpv:hasAddress": vendor.address,
                "dpv:hasContact": vendor.contact,
                "dpv:hasCountry": _place(vendor.seat),
                "dpv:hasIdentifier": [plain(item) for item in vendor.identifiers or ()],
            }
        )
        for vendor in register.subprocessors
        if vendor.withdrawn is None
    ]
    processes = [_process(base, name, places) for name, places in uses.items()]
    return encode({"@context": dict(CONTEXT), "@graph": [dataset, *vendors, *processes]})


_ROLES: Mapping[str, str] = {
    "sub_processor": "dpv:DataSubProcessor", "independent_controller": "dpv:DataController",
}  # fmt: skip


def _stated(node: Json) -> Json:
    return {name: value for name, value in node.items() if value not in (None, [], ())}


def _process(base: str, name: str, places: Sequence[UseAtPlace]) -> Json:
    row = places[0]
    use, vendor = row.current.engagement, {"@id": f"{base}#{row.current.vendor.id}"}
    dates = (("starts", use.starts_on), ("ends", use.ends_on))
    kept = _named("dpv:StorageCondition", use.retention) if use.retention else None
    done = [item for place in places if place.location for item in place.location.activities]
    activities = [_ACTIVITIES[item] for item in done if item in _ACTIVITIES]
    if any(place.transfers for place in places):
        activities.append("dpv:Transfer")
    # Legal basis of each transfer: the mechanism as title, and its term, if any, as type.
    bases = []
    for item in dict.fromkeys(item for place in places for item in place.transfers or ()):
        term = _MECHANISMS.get(item.mechanism)
        bases.append({"dct:title": plain(item), **({"@type": term} if term else {})})
    return _stated(
        {
            "@id": name,
            "@type": "dpv:Process",
            "dct:subject": use.category,
            "dct:valid": [f"{what} {day.isoformat()}" for what, day in dates if day],
            "dct:description": [plain(item) for item in use.conditions],
            "dpv:hasActivityStatus": _term(_STATUS[row.current.state]),
            "dpv:hasDataProcessor": None if row.current.vendor.role == "independent_controller" else vendor,
            "dpv:hasRecipient": vendor,
            "dpv:hasPurpose": [_named("dpv:Purpose", use.purpose)] if use.purpose else [],
            "dpv:hasPersonalData": [_named("dpv:PersonalData", item) for item in use.data_categories or ()],
            "dpv:hasDataSubject": [_named("dpv:DataSubject", item) for item in use.data_subjects or ()],
            "dpv:hasStorageCondition": kept,
            "dpv:hasProcessing": [_term(item) for item in dict.fromkeys(activities)],
            "dpv:hasLocation": [_place(item.location.country) for item in places if item.location],
            "dpv:hasThirdCountry": [
                _place(item.location.country) for item in places if item.location and item.in_eea is False
            ],
            "dpv:hasLegalBasis": bases,
        }
    )


def _named(type_: str, text: str) -> Json:
    return {"@type": type_, "dct:title": text}


def _term(name: str) -> Json:
    return {"@id": name}


def _place(country: str | None) -> Json | str | None:
    return country if country is None or country in _NO_TERM else {"@id": f"loc:{country}"}
