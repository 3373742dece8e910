"""The files of watch export, read by libraries of others, and docs/watch-exports.md."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import shlex
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import icalendar
import openpyxl
import pytest
from click.testing import CliRunner
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from publishers import NOW
from register_api.cli.main import cli
from register_api.core.canonical import encode
from register_api.core.exports.columns import uses_at_places
from register_api.core.exports.csv_table import dora_chain, dora_providers
from register_api.core.timeline import engagement_states
from register_api.sending.database import opened
from register_api.watch.export import FILES, NEWS, Watched
from register_api.watch.inbox import Decision, decide
from register_api.watch.schema import STEPS
from register_api.watch.settings import WatchContext, WatchSettings
from register_api.watch.vendors import all_vendors
from register_api.watch.vendors_file import read_vendors
from sample_register import register
from watching import AT, add_news, add_vendor

if TYPE_CHECKING:
    from register_api.sending.database import Database

PAGE = (Path(__file__).parents[3] / "docs/watch-exports.md").read_text("utf-8")
SOON, PAST = NOW.date() + dt.timedelta(days=9), NOW.date() - dt.timedelta(days=9)


@pytest.fixture
def watched(database: Database) -> Watched:
    """Two vendors, one with a register; news of each kind; one decision that was made anew."""
    add_vendor(database, "acme", critical=True, website="https://acme.example/", products=("chat", "mail"))
    add_vendor(database, "beta", name='=HYPERLINK("x")', objection_days=14)
    add_news(database, "N1", deadline=SOON.isoformat(), deadline_of="register", title="Acme: \x1b[31m red")
    add_news(database, "N2", deadline=SOON.isoformat(), deadline_of="contract")
    add_news(database, "N3", deadline=PAST.isoformat(), deadline_of="contract")
    add_news(database, "N4", "beta", deadline=SOON.isoformat(), deadline_of="contract", concerns=0)
    for word in ("objected", "accepted"):
        decide(database, Decision(news="N2", decision=word, reason="seen", by="Ann", at=AT))
    with database.transaction() as run:
        for version in (6, 7):
            document = zlib.compress(encode(register(version)))
            run(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)",
                *("acme", version, "0" * 64, AT, AT, document, b""),
            )
        run("INSERT INTO versions VALUES ('acme', 8, '', 0, 0, NULL, ?)", b"")
    return Watched.of(database, WatchContext(NOW, WatchSettings()))


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_each_piece_of_news_is_a_row_with_its_newest_decision(watched: Watched) -> None:
    rows = {row["news"]: row for row in table(FILES["news.csv"](watched))}
    assert list(rows) == ["N1", "N2", "N3", "N4"]
    assert (rows["N2"]["decision"], rows["N2"]["decided_by"], rows["N1"]["decision"]) == (
        "accepted",
        "Ann",
        "",
    )
    assert (rows["N1"]["critical"], rows["N4"]["concerns"]) == ("true", "false")
    assert rows["N1"]["first_seen"] == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert rows["N4"]["vendor_name"] == '\'=HYPERLINK("x")'
    listed = json.loads(FILES["news.json"](watched))
    assert [row["news"] for row in listed] == list(rows)
    assert listed[0]["critical"] is True


def test_a_spreadsheet_runs_nothing_of_the_workbook(watched: Watched) -> None:
    book = openpyxl.load_workbook(io.BytesIO(FILES["news.xlsx"](watched)))
    header, *rows = book["News"].iter_rows()
    assert tuple(cell.value for cell in header) == NEWS
    assert len(rows) == len(watched.news)
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} == {"s"}
    assert rows[0][NEWS.index("title")].value == "Acme: \\x1b[31m red"


def test_ciso_assistant_gets_entities_as_texts(watched: Watched) -> None:
    book = openpyxl.load_workbook(io.BytesIO(FILES["ciso-assistant.xlsx"](watched)))
    header, *rows = book["Entities"].iter_rows(values_only=True)
    assert header == ("ref_id", "name", "description")
    assert {row[0]: row[1:] for row in rows} == {
        "acme": ("Acme", "https://acme.example/"),
        "beta": ('=HYPERLINK("x")', ""),
    }


def test_a_calendar_has_what_is_open_and_cancels_what_is_decided(watched: Watched) -> None:
    calendar = icalendar.Calendar.from_ical(FILES["deadlines.ics"](watched))
    events = {str(event["uid"]).partition("@")[0]: event for event in calendar.walk("VEVENT")}
    assert {uid: (str(event["status"]), event["sequence"]) for uid, event in events.items()} == {
        "N1": ("CONFIRMED", 0),
        "N2": ("CANCELLED", 2),
    }
    assert events["N1"].decoded("dtstart") == SOON


def test_vendors_come_back_as_they_were(watched: Watched, database: Database) -> None:
    """What is exported can be imported: into another watcher, or after a bulk edit."""
    read = read_vendors(FILES["vendors.csv"](watched), is_toml=False)
    assert (read.faults, read.passed_over) == ([], ())
    acme = next(row for row in read.rows.values() if row["id"] == "acme")
    (kept,) = (vendor for vendor in all_vendors(database) if vendor.id == "acme")
    assert {name: getattr(kept, name) for name in acme} == acme


def test_other_programs_get_vendors_by_their_names_of_fields(watched: Watched) -> None:
    (drata,) = (row for row in table(FILES["drata.csv"](watched)) if row["name"] == "Acme")
    assert (drata["critical"], drata["url"], drata["servicesProvided"]) == (
        "true",
        "https://acme.example/",
        "chat mail",
    )
    assert {"name": "Acme", "websiteUrl": "https://acme.example/"} in json.loads(FILES["vanta.json"](watched))


def test_the_dora_tables_are_those_of_the_newest_registers(watched: Watched) -> None:
    newest, today = register(7), NOW.date()
    rows = tuple(uses_at_places(newest, engagement_states(newest, today), today, dt.UTC))
    assert FILES["b_05.01.csv"](watched) == dora_providers(newest, rows)
    assert FILES["b_05.02.csv"](watched) == dora_chain(newest, rows)
    twice = watched._replace(registers={"acme": newest, "beta": newest})
    assert FILES["b_05.01.csv"](twice) == dora_providers(newest, rows)


def test_the_bill_of_materials_has_each_vendor_and_its_uses(watched: Watched) -> None:
    """Valid, with references that are unique and lead somewhere, also of two vendors of one register."""
    newest = register(7)
    for registers in ({"acme": newest}, {"acme": newest, "beta": newest}, {}):
        data = FILES["cyclonedx.json"](watched._replace(registers=registers))
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode()) is None
        document = json.loads(data)
        assert len(Bom.from_json(document).services) == len(document["services"])
        refs = ["customer", *(item["bom-ref"] for item in document["services"])]
        assert len(refs) == len(set(refs))
        on = {item["ref"]: item.get("dependsOn", []) for item in document["dependencies"]}
        assert set(refs) == set(on) >= {ref for needed in on.values() for ref in needed}
        assert sorted(on["customer"]) == ["vendors/acme", "vendors/beta"]
        assert [vendor for vendor in ("acme", "beta") if on[f"vendors/{vendor}"]] == list(registers)
        known = {item["aggregate"]: item["dependencies"] for item in document["compositions"]}
        assert sorted(known.get("complete", [])) == [f"vendors/{vendor}" for vendor in registers]


def test_the_commands_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("watch.toml").write_text('[watch]\ndatabase = "watch.sqlite3"\n', "utf-8")
    with opened("watch.sqlite3", STEPS) as database:
        add_vendor(database)
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    assert lines
    for line in lines:
        done = CliRunner().invoke(cli, shlex.split(line)[1:])
        assert done.exit_code == 0, (line, done.output)
    assert {path.name for path in Path("out").iterdir()} == {*FILES}
    assert all(f"`{name}`" in PAGE for name in FILES)
