"""What a worker asks of the database for each mail is found by an index, however much was sent before."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from notices import add_contacts, add_subscribers, record, settings_for, worker
from publishers import NOW
from register_api.sending.database import Database

if TYPE_CHECKING:
    from pathlib import Path

    from mail_peer import MailPeer
    from notices import Time
    from publishers import Publisher

GROWING = ("deliveries", "bodies", "facts", "recipients", "digest_versions")


@pytest.fixture
def asked(
    folder: Path,
    database: Database,
    publisher: Publisher,
    peer: MailPeer,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, tuple[object, ...]]:
    """Every statement of a worker that sends notices, digests and reminders, with values."""
    settings = settings_for(folder, peer)
    publisher.say("promise", notice='[notice.objection]\ndays = 14\ncontact = "mailto:privacy@example.com"\n')
    add_contacts(database, ["ann@customer.example"])
    add_subscribers(database, ["sue@reader.example"], frequency="daily")
    record(database, settings, publisher)
    publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    publisher.publish(NOW + dt.timedelta(minutes=1))
    record(database, settings, publisher)
    found: dict[str, tuple[object, ...]] = {}
    run = Database._run

    def listening(self: Database, statement: str, *values: object) -> Any:
        found[statement] = values
        return run(self, statement, *values)

    monkeypatch.setattr(Database, "_run", listening)
    time.pass_by(9 * 86_400)
    with worker(database, settings, time, []) as made:
        made.send_due()
    monkeypatch.undo()
    assert {row["kind"] for row in database.query("SELECT kind FROM deliveries")} == {
        "notice", "digest", "reminder",
    }  # fmt: skip
    return found


def test_no_table_that_grows_is_read_as_a_whole(
    database: Database, asked: dict[str, tuple[object, ...]], folder: Path
) -> None:
    is_sqlite = (folder / "notify.sqlite3").exists()
    assert len(asked) > 8
    with database.transaction() as run:
        if not is_sqlite:
            run("SET LOCAL enable_seqscan = off")  # of a small table it would read all the same
        for statement, values in asked.items():
            plan = run(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}", *values)
            lines = [str(row.get("detail") or row.get("QUERY PLAN")) for row in plan]
            for table in GROWING:
                wrong = (f"SCAN {table}", f"Seq Scan on {table}")
                assert not [line for line in lines if any(words in line for words in wrong)], statement
