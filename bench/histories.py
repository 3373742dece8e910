"""Stores to measure on: made by the real publisher, quickly, with made-up vendors and instants.

Only while a history is built up are its writes not forced to the disk and its files hardly
compressed; what is measured always is as usual.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import brotli
import zstandard

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from publishers import Publisher
from register_api.publish.pipeline import PublishRequest, publish_version
from register_api.publish.preparation import PublishOptions
from register_api.store import plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MANY = 1000
"""Vendors in a large register, and versions in a long history."""

END = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(minutes=5)
"""When a history of that length ends: it has to be fresh by this machine's clock."""

REGISTER = Path(__file__).parent.parent / "register"
"""The register that comes with this repository: of the size that most have."""

_VENDOR = """\
name = "Vendor {number} GmbH"
legal_name = "Vendor {number} Gesellschaft mit beschränkter Haftung"
seat = "FI"
website = "https://vendor-{number}.example/"
privacy_url = "https://vendor-{number}.example/privacy"
contact = "privacy@vendor-{number}.example"
identifiers = [
  {{ scheme = "national", value = "1234567-{number}", country = "FI", registry = "Kaupparekisteri" }},
]

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
is_default = true
activities = ["store", "process"]

[[engagements.locations]]
country = "DE"
place = "Falkenstein"
activities = ["store"]
"""


def instant(version: int) -> dt.datetime:
    """Return when a version is published: one a second."""
    return END - dt.timedelta(seconds=MANY - version)


def small_history(folder: Path, versions: int) -> Publisher:
    """Return a publisher of a register with one vendor; each version differs in a note.

    What the folder holds already is gone on with.
    """
    publisher = Publisher(folder)
    there = publisher.snapshot().state.version if publisher.store.exists() else 0
    with quickly():
        for version in range(there + 1, versions + 1):
            publisher.say(f"note {version}", days=0)
            publisher.publish(instant(version))
    return publisher


def example_store(folder: Path) -> Path:
    """Return a store with this repository's own register, published once."""
    order = PublishRequest(
        source=REGISTER,
        store=folder / "store",
        keys=folder / "private",
        intent=PublishOptions(now=END, text="First version"),
    )
    if not order.store.exists():
        with quickly():
            publish_version(order)
    return order.store


def write_vendors(publisher: Publisher, numbers: Iterable[int], note: str) -> None:
    """Write the files of some of many vendors."""
    for number in numbers:
        path = publisher.source / "subprocessors" / f"vendor-{number}.toml"
        path.write_text(_VENDOR.format(number=number, note=note, starts_on=END.date()), "utf-8")


def grow_large(publisher: Publisher) -> None:
    """Publish a version with a thousand vendors more."""
    write_vendors(publisher, range(1, MANY + 1), "as ever")
    with quickly():
        publisher.publish(instant(publisher.snapshot().state.version + 1))


@contextlib.contextmanager
def quickly() -> Iterator[None]:
    """Write without forcing anything to the disk, and compress as fast as can be."""
    with mock.patch.object(os, "fsync"), mock.patch.object(plan, "compressed_forms", _fast_forms):
        yield


def _fast_forms(data: bytes) -> dict[str, bytes]:
    forms = {
        "br": brotli.compress(data, quality=1),
        "gzip": gzip.compress(data, compresslevel=1, mtime=0),
        "zstd": zstandard.ZstdCompressor(level=1).compress(data),
    }
    return {coding: form for coding, form in forms.items() if len(form) < len(data)}
