"""One row for each use and place, and the CSV that it becomes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path

import duckdb
import pytest

from exported import RUN, hostile, rows, with_use
from register_api.core import model
from register_api.core.exports.columns import COLUMNS
from register_api.core.exports.csv_table import GUARD, GUARDED, table_schema, uses_csv
from register_api.core.language.language import Language
from register_api.core.language.values import Values
from sample_register import FIRST, TODAY, register

DOCS = Path(__file__).parents[3] / "docs"

CAST = {"string": "VARCHAR", "boolean": "BOOLEAN", "integer": "INTEGER", "date": "DATE"}
"""Types of Table Schema and of DuckDB."""


def read(version: model.Register, on: dt.date = TODAY) -> list[dict[str, str]]:
    """Return the rows of a register's CSV, as Python's reader has them."""
    return list(csv.DictReader(io.StringIO(uses_csv(rows(version, on)).decode(), newline="")))


def only(version: model.Register, subprocessor: str, on: dt.date = TODAY) -> dict[str, str]:
    """Return the one row of a vendor."""
    (row,) = (row for row in read(version, on) if row["subprocessor"] == subprocessor)
    return row


def test_a_row_for_each_use_and_place() -> None:
    """A use of which no place is stated has one, numbered 0."""
    found = [(row["subprocessor"], row["use"], row["location"], row["country"]) for row in read(register())]
    assert found[:3] == [
        ("nordic-hosting", "compute", "1", "FI"),
        ("nordic-hosting", "compute", "2", "DE"),
        ("acme", "inference", "1", "US"),
    ]
    assert ("counter", "web", "0", "") in found
    assert len(found) == len(set(found)) == 9


def test_states_are_those_of_the_day() -> None:
    states = {day: only(register(), "acme", day)["state"] for day in (TODAY, dt.date(2026, 6, 10))}
    assert states == {TODAY: "announced", dt.date(2026, 6, 10): "in_force"}


def test_a_planned_change_holds_from_its_day_on() -> None:
    """And before it the row says when."""
    change = model.PlannedChange(
        id="move",
        effective_on=dt.date(2026, 7, 1),
        set={"purpose": "Backups"},
        announced=model.Announced(version=7, at=FIRST),
    )
    version = with_use(register(), planned=(change,))
    before, after = (read(version, day)[0] for day in (TODAY, change.effective_on))
    assert (before["purpose"][:7], before["planned_on"]) == ("Compute", "2026-07-01")
    assert (after["purpose"], after["planned_on"]) == ("Backups", "")


@pytest.mark.parametrize(
    ("country", "changed", "expected"),
    [
        ("FI", {}, ("true", "", "")),
        ("EEA", {}, ("true", "", "")),
        ("US", {}, ("false", "unstated", "")),
        ("varies", {}, ("", "unstated", "")),
        ("worldwide", {}, ("false", "unstated", "")),
        ("US", {"data_scope": ()}, ("false", "", "")),
        (
            "US",
            {"transfers": (model.Transfer(destination="US", mechanism="unstated"),)},
            ("false", "unstated", ""),
        ),
        (
            "US",
            {"transfers": (model.Transfer(destination="worldwide", mechanism="scc", reference="2021/914"),)},
            ("false", "scc", "2021/914"),
        ),
        (
            "IN",
            {"transfers": (model.Transfer(destination="US", mechanism="dpf"),)},
            ("false", "unstated", ""),
        ),
    ],
)
def test_each_place_has_its_eea_membership_and_transfer_mechanism(
    country: str, changed: dict[str, object], expected: tuple[str, str, str]
) -> None:
    version = with_use(register(), **{"locations": (model.Location(country=country),), **changed})
    row = read(version)[0]
    assert (row["in_eea"], row["transfer_mechanism"], row["transfer_reference"]) == expected


def test_transfers_to_no_place_of_the_use_are_not_lost() -> None:
    transfers = (
        model.Transfer(destination="US", mechanism="dpf"),
        model.Transfer(destination="IN", mechanism="scc", reference="Module Three"),
    )
    row = read(with_use(register(), transfers=transfers))[0]
    assert row["transfers"] == "US: dpf; IN: scc (Module Three)"


def test_unstated_is_empty_and_an_empty_list_is_none() -> None:
    version = with_use(register(), data_scope=(), data_categories=None, products=model.ProductScope(all=True))
    row = read(version)[0]
    assert (row["data_scope"], row["data_categories"], row["products"]) == ("none", "", "all")


def test_the_entity_of_a_use_takes_precedence() -> None:
    entity = model.Entity(legal_name="Nordic Hosting GmbH", seat="DE")
    row = read(with_use(register(), entity=entity))[0]
    assert (row["name"], row["legal_name"], row["seat"]) == ("Nordic Hosting", "Nordic Hosting GmbH", "DE")


def test_safeguards_of_the_category_belong_to_each_of_its_uses() -> None:
    assert only(register(), "acme")["safeguards"] == "Never used to train a model"


def test_the_dialect_is_rfc_4180() -> None:
    """UTF-8 without a mark, CRLF behind each row, the last one too, and one header row."""
    data = uses_csv(rows(register()))
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    header, _, rest = data.partition(b"\r\n")
    assert header.decode().split(",") == [column.name for column in COLUMNS]
    assert rest


def test_nothing_that_is_exported_begins_like_a_formula() -> None:
    """Of no cell, not even of lists and numbers; and who takes the guard away has the text again."""
    found = read(hostile())
    for row in found:
        for column in COLUMNS:
            if column.type != "integer":
                assert not row[column.name].startswith(tuple(set(GUARDED) - {GUARD})), column.name
    for name in (
        "name",
        "legal_name",
        "purpose",
        "place",
        "place_note",
        "notes",
        "contact",
        "data_categories",
    ):
        assert [row[name].removeprefix(GUARD) for row in found] == list(RUN)
    assert found[0]["name"] == '\'=HYPERLINK("https://evil.example","x")'
    assert found[4]["name"] == "''quoted"


def test_notice_given_late_stays_a_number() -> None:
    late = model.Announced(
        version=7, at=FIRST, required=True, promised_days=30, days=-5, day_count="calendar", met=False
    )
    row = read(with_use(register(), announced=late))[0]
    assert (row["notice_promised"], row["notice_given"], row["notice_kept"]) == ("30", "-5", "false")


def test_the_schema_describes_the_csv(tmp_path: Path) -> None:
    """Names in their order, each cell of its type, required ones there, and keys that are keys."""
    schema = table_schema()
    path = tmp_path / "uses.csv"
    path.write_bytes(uses_csv([*rows(register()), *rows(hostile())]))
    types = {field["name"]: CAST[field["type"]] for field in schema["fields"]}
    with duckdb.connect() as base:
        found = base.read_csv(
            str(path), header=True, columns=types, na_values="", quotechar='"', escapechar='"'
        )
        columns, read_back = found.columns, found.fetchall()
    assert columns == list(types)
    assert len(read_back) == len(rows(register())) + len(RUN)
    required = [field["constraints"]["required"] for field in schema["fields"]]
    assert all(
        cell is not None for row in read_back for cell, must in zip(row, required, strict=True) if must
    )
    key = [columns.index(name) for name in schema["primaryKey"]]
    assert len({tuple(row[at] for at in key) for row in read_back}) == len(read_back)


def test_the_csv_becomes_parquet_as_is_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the documented command."""
    (command,) = re.findall(r"`(COPY .*?)`", (DOCS / "exports.md").read_text("utf-8"))
    (tmp_path / "uses.csv").write_bytes(uses_csv(rows(register())))
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as base:
        base.execute(command)
        found = base.read_parquet("uses.parquet")
        assert found.columns == [column.name for column in COLUMNS]
        assert len(found.fetchall()) == len(rows(register()))


def test_every_column_has_words_in_each_language() -> None:
    """What the workbook says: for each value that occurs."""
    all_rows = [*rows(register()), *rows(hostile())]
    for tag in ("en", "de"):
        values = Values(Language.of(tag))
        for column in COLUMNS:
            assert column.heading(values.language)
            assert all(
                column.words(values, value) for row in all_rows if (value := column.value(row)) is not None
            )
