"""From published registers to deadlines and the chain, by the rounds of the watcher."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from publishers import NOW, Publisher
from register_api.watch.chain import load
from register_api.watch.chain_questions import paths_to
from watching import Watcher, add_vendor, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.sending.database import Database
    from watched_host import WatchedHost

SECOND = NOW + dt.timedelta(minutes=1)
SOON, LATER = (NOW.date() + dt.timedelta(days=days) for days in (35, 90))


def watched(folder: Path, database: Database, host: WatchedHost, name: str, **contract: object) -> Publisher:
    """Return a publisher whose register is watched for a vendor."""
    (folder / name).mkdir()
    publisher = Publisher(folder / name)
    publisher.publish()
    host.trees[name] = publisher.store / "public"
    add_vendor(database, name, register=host.address(name), **contract)
    return publisher


def test_what_comes_sooner_than_the_contract_allows_is_told(
    folder: Path, database: Database, host: WatchedHost
) -> None:
    """A register that keeps its own promise of 30 days, and contracts that ask for more or less."""
    for name, days in (("less", 20), ("more", 60)):
        publisher = watched(folder, database, host, name, notice_days=days, objection_days=5)
    watcher = Watcher(database, settings_for(folder))
    assert watcher.round() == []
    for name in ("less", "more"):
        publisher = Publisher(folder / name)
        publisher.list("beta", f"starts_on = {SOON}\n")
        publisher.publish(SECOND)
    found = [(row["vendor"], row["class"]) for row in watcher.round()]
    assert found == [("less", "added"), ("more", "added"), ("more", "short")]
    until = (SECOND.date() + dt.timedelta(days=5)).isoformat()
    assert {row["deadline"] for row in watcher.news() if row["class"] == "added"} == {until}
    assert "60 calendar days of notice in the contract" in watcher.news()[-1]["title"]
    assert watcher.round() == []


def test_what_was_announced_before_the_first_look_counts_as_seen_then(
    folder: Path, database: Database, host: WatchedHost
) -> None:
    publisher = watched(folder, database, host, "acme", objection_days=20, counts_from="seen")
    publisher.list("beta", f"starts_on = {SOON}\n")
    publisher.publish(SECOND)
    watcher = Watcher(database, settings_for(folder))
    (row,) = watcher.round()
    assert (row["class"], row["deadline"]) == ("added", (SECOND.date() + dt.timedelta(days=20)).isoformat())


def test_the_chain_follows_each_version(folder: Path, database: Database, host: WatchedHost) -> None:
    publisher = watched(folder, database, host, "acme")
    watched(folder, database, host, "beta")
    watcher = Watcher(database, settings_for(folder))
    watcher.round()
    publisher.list("hoster", f"starts_on = {SOON}\n")
    hoster = publisher.source / "subprocessors/hoster.toml"
    hoster.write_text(hoster.read_text("utf-8").replace("1234567-8", "7654321-0"), "utf-8")
    publisher.publish(SECOND)
    watcher.round()
    for day, users in ((SOON - dt.timedelta(days=1), 0), (SOON, 1), (LATER, 1)):
        chain = load(database, day)
        assert len(paths_to(chain, chain.find("acme/hoster"), 1)) == users


def test_news_say_where_to_object(folder: Path, database: Database, host: WatchedHost) -> None:
    to = "mailto:privacy@example.com"
    publisher = watched(folder, database, host, "acme")
    publisher.say(notice=f'objection = {{ days = 14, contact = "{to}" }}\n')
    publisher.list("beta", f"starts_on = {SOON}\n")
    publisher.publish(SECOND)
    watcher = Watcher(database, settings_for(folder))
    assert [json.loads(row["detail"])["object_to"] for row in watcher.round()] == [to]
