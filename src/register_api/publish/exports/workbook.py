"""The register as a workbook (XLSX) for people: uses, sub-processors, what lies ahead, what it is.

Every cell is a string cell, so that no text is taken for a formula, a number or an address. The bytes
follow from the version and, since they are compressed, from the build of zlib.
"""

from __future__ import annotations

import datetime as dt
import functools
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from register_api.core.ahead import upcoming
from register_api.core.canonical import Encoded
from register_api.core.exports.columns import COLUMNS, UseAtPlace
from register_api.core.fields import FIELDS
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.language.changes import EventWords
from register_api.core.language.language import Language, capital
from register_api.core.language.notice import notice_given, objection_period, promise
from register_api.core.language.values import Values
from register_api.core.model import Register, Subprocessor
from register_api.publish.feed.feed_links import xml_text

MOST_UNITS = 32_767
"""Most UTF-16 code units of a cell; what is longer is cut, and ends in an ellipsis."""

_OF_VENDORS = (
    "id", "name", "legal_name", "kind", "role", "seat", "address", "identifiers", "parent", "engaged_by",
    "formerly", "certifications", "website", "privacy_url", "dpa_url", "subprocessors_url", "contact",
    "withdrawn",
)  # fmt: skip

_WIDTH = 18


class _Sheet(Worksheet):  # type: ignore[misc] # the library has no types
    """A sheet whose rows are written at once; cell by cell they take the library three times as long."""

    lines: Sequence[str] = ()

    def write_texts(self, rows: Iterable[Sequence[str]]) -> int:
        """Put texts below the headings; return how many rows there are."""
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
        # The limit of rows is not met: a register of 16 MiB has fewer.
        self.lines, self.dim_rowmax = lines, len(lines)
        return len(lines)

    def _write_rows(self) -> None:
        super()._write_rows()  # the headings, which have a format
        self.fh.writelines(self.lines)


class _Workbook:
    """A workbook of tables, each on a sheet of its own."""

    def __init__(self, created: dt.datetime, title: str) -> None:
        self._file = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True})
        self._book.set_properties({"created": created, "title": xml_text(title)})
        self._bold = self._book.add_format({"bold": True})

    def add(self, name: str, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Add a sheet of texts; its headings stay in sight, and each column can be filtered by."""
        sheet = self._book.add_worksheet(name, _Sheet)
        sheet.set_column(0, len(heading) - 1, _WIDTH)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        for column, text in enumerate(heading):
            sheet.write_string(0, column, text, self._bold)
        sheet.autofilter(0, 0, sheet.write_texts(rows), len(heading) - 1)

    def data(self) -> bytes:
        """Return the file."""
        self._book.close()
        return self._file.getvalue()


def _fitting(text: str) -> str:
    """Return a text that XML can hold and a cell has room for."""
    text = xml_text(text)
    if len(text) * 2 <= MOST_UNITS or len(text.encode("utf-16-le")) <= 2 * MOST_UNITS:
        return text
    return text.encode("utf-16-le")[: 2 * (MOST_UNITS - 1)].decode("utf-16-le", "ignore") + "…"


def register_workbook(
    register: Encoded[Register], rows: Iterable[UseAtPlace], on: dt.date, zone: dt.tzinfo
) -> bytes:
    """Return the workbook, in the register's language."""
    said = register.document
    language = Language.of(said.publisher.language)
    text, say = language.text, _values(said, language)
    book = _Workbook(said.published_at, f"{said.publisher.name}: {said.register}")
    book.add(text("Uses"), [item.heading(language) for item in _OF_USES], _uses(rows, say))
    labels = [capital(language.template(FIELDS[Subprocessor][name].label)) for name in _OF_VENDORS]
    book.add(text("Sub-processors"), labels, _vendors(said, say))
    ahead = [text("Day"), text("What happens"), text("Notice"), text("Objections to")]
    book.add(text("Upcoming changes"), ahead, _ahead(said, on, zone, language))
    book.add(text("About"), [text("What"), text("Value")], _about(register, on, language))
    return book.data()


def _values(register: Register, language: Language) -> Values:
    return Values(
        language,
        names={item.id: item.name for item in register.subprocessors},
        titles={item.id: item.title for item in register.categories},
        day_count=register.notice.day_count,
        products={item.id: item.title for item in register.products},
    )


class _Cells:
    """What cells say in words; the same value in the same column is put into words once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Any], str] = {}

    def of(self, column: str, value: Any, say: Callable[[Any], str]) -> str:
        """Return what a cell says; days stay as they can be sorted, and what is not stated stays empty."""
        if value is None:
            return ""
        text = self._known.get((column, value))
        if text is None:
            text = self._known[column, value] = _fitting(str(value) if type(value) in _SORTED else say(value))
        return text


_SORTED = (int, dt.date)

_OF_USES = tuple(column for column in COLUMNS if column.of_use)


def _uses(rows: Iterable[UseAtPlace], say: Values) -> Iterator[list[str]]:
    cells = _Cells()
    columns = [(item.name, item.value, functools.partial(item.words, say)) for item in _OF_USES]
    for row in rows:
        yield [cells.of(name, value(row), words) for name, value, words in columns]


def _vendors(register: Register, say: Values) -> Iterator[list[str]]:
    cells = _Cells()
    columns = [(name, functools.partial(say.of_field, Subprocessor, name)) for name in _OF_VENDORS]
    for vendor in register.subprocessors:
        yield [cells.of(name, getattr(vendor, name), words) for name, words in columns]


def _ahead(register: Register, on: dt.date, zone: dt.tzinfo, language: Language) -> Iterator[list[str]]:
    words = EventWords(language, register, on)
    for event in upcoming(register, on, zone):
        notice = notice_given(language, event.notice) or ""
        yield [event.day.isoformat(), _fitting(words.title(event)), notice, _fitting(event.contact or "")]


def _about(register: Encoded[Register], on: dt.date, language: Language) -> Iterator[list[str]]:
    said, text = register.document, language.text
    yield [text("Publisher"), _fitting(said.publisher.legal_name or said.publisher.name)]
    yield [text("Register"), said.register]
    yield [text("Version"), str(said.version)]
    yield [text("Published"), format_instant(said.published_at)]
    yield [text("Status as of"), on.isoformat()]
    yield [text("Notice of changes"), promise(language, said.notice)]
    yield [text("Objections"), objection_period(language, said.notice) or ""]
    yield [text("Signed original"), f"/{tree.VERSION_REGISTER.path(said.version)}"]
    yield ["SHA-256", register.sha256]
