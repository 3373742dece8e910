"""Stores to measure on: made by the real publisher, quickly, with made-up vendors and instants.

Only while a history is built up are its writes not forced to the disk; what is measured always is.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from publishers import Publisher
from register_api.store import durable

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGE = 1000
"""Vendors in a large register, and versions in a long history."""

END = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(minutes=5)
"""When a history ends: it has to be fresh by this machine's clock."""

_VENDOR = """\
name = "Vendor {number} GmbH"
legal_name = "Vendor {number} Gesellschaft mit beschränkter Haftung"
seat = "FI"
website = "https://vendor-{number}.example/"
privacy_url = "https://vendor-{number}.example/privacy"
contact = "privacy@vendor-{number}.example"
identifiers = [{{ scheme = "national", value = "1234567-{number}" }}]

[[engagements]]
id = "hosting"
category = "infrastructure"
status = "active"
purpose = "Runs part {number} of the application: servers, storage and what belongs to them, {note}"
data_scope = ["customer_content", "customer_account"]
data_categories = ["Names and addresses of people", "Messages and what is attached to them"]
safeguards = ["Data processing agreement", "Encryption at rest and on the way"]
starts_on = {starts_on}

[[engagements.locations]]
country = "FI"
place = "Helsinki"
default = true
activities = ["store", "process"]

[[engagements.locations]]
country = "DE"
place = "Falkenstein"
activities = ["store"]
"""


def publish_notes(publisher: Publisher, versions: Iterable[int], last: int) -> None:
    """Publish versions that differ in a note, one a second, the last one at the end of history."""
    with unsynced():
        for version in versions:
            publisher.say(f"note {version}", days=0)
            publisher.publish(END - dt.timedelta(seconds=last - version))


def unsynced() -> mock._patch[object]:
    """Return a context in which writes are not forced to the disk."""
    return mock.patch.object(durable, "_sync_one")


def small_history(folder: Path, versions: int) -> Publisher:
    """Return a publisher of a small register with so many versions; what a folder has is gone on with."""
    publisher = Publisher(folder)
    public = publisher.store / "public/v1/versions"
    there = len(os.listdir(public)) if public.is_dir() else 0
    publish_notes(publisher, range(there + 1, versions + 1), LARGE)
    return publisher


def write_large(publisher: Publisher, *, note: str = "first", only: Iterable[int] | None = None) -> None:
    """Write a thousand vendors, or some of them, into a source."""
    starts_on = END.date()
    for number in range(1, LARGE + 1) if only is None else only:
        path = publisher.source / "subprocessors" / f"vendor-{number}.toml"
        path.write_text(_VENDOR.format(number=number, note=note, starts_on=starts_on), "utf-8")
