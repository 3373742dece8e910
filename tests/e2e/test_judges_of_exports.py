"""A spreadsheet program opens what is exported, and runs none of it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING

import openpyxl
import pytest

import programs
from exported import LINK, RUN, ZONE, hostile, rows
from register_api.core.canonical import encoded
from register_api.core.exports.csv_table import uses_csv
from register_api.core.text import escaped
from register_api.publish.exports import register_workbook
from register_api.watch.export import FILES, NEWS, Watched
from register_api.watch.settings import WatchContext, WatchSettings
from sample_register import TODAY
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

FILTER = "CSV:44,34,76"
"""LibreOffice's import of CSV: comma, quotes, UTF-8; it guesses types, as it does for who opens a file."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The register whose names are meant to be run, as CSV and as a workbook."""
    said, folder = hostile(), tmp_path_factory.mktemp("exports")
    (folder / "uses.csv").write_bytes(uses_csv(rows(said)))
    (folder / "register.xlsx").write_bytes(register_workbook(encoded(said), rows(said), TODAY, ZONE))
    return folder


def converted(folder: Path, name: str, form: str, *options: str) -> Path:
    """Let LibreOffice open a file and save it in another form."""
    home = f"-env:UserInstallation=file://{folder}/home"
    target = folder / "saved"
    programs.output_of(
        need("soffice"), home, "--headless", *options, "--convert-to", form, "--outdir", target, folder / name
    )
    return target / f"{name.partition('.')[0]}.{form.partition(':')[0]}"


def test_a_csv_that_is_opened_has_no_formula(folder: Path) -> None:
    """Saved as a workbook, no cell is one; names stand there with their guard."""
    book = openpyxl.load_workbook(converted(folder, "uses.csv", "xlsx", f"--infilter={FILTER}"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert not [cell.value for cell in cells if cell.hyperlink]
    assert f"'{LINK}" in {cell.value for cell in cells}


def test_a_workbook_that_is_opened_has_the_names_as_texts(folder: Path) -> None:
    """Saved as CSV, the first sheet has them as the register says them."""
    saved = converted(folder, "register.xlsx", "csv:Text - txt - csv (StarCalc):44,34,76")
    found = list(csv.DictReader(io.StringIO(saved.read_text("utf-8"), newline="")))
    assert [row["Name"] for row in found] == list(RUN)


def test_a_workbook_of_news_that_is_opened_has_the_titles_as_texts(folder: Path) -> None:
    """And so has the watcher's; what a terminal would not print is escaped there."""
    news = [{**dict.fromkeys(NEWS), "news": str(number), "title": text} for number, text in enumerate(RUN)]
    context = WatchContext(dt.datetime.combine(TODAY, dt.time(), dt.UTC), WatchSettings())
    data = FILES["news.xlsx"](Watched(vendors=(), news=news, registers={}, context=context))
    (folder / "news.xlsx").write_bytes(data)
    saved = converted(folder, "news.xlsx", "csv:Text - txt - csv (StarCalc):44,34,76")
    found = list(csv.DictReader(io.StringIO(saved.read_text("utf-8"), newline="")))
    assert [row["title"] for row in found] == [escaped(text) for text in RUN]
