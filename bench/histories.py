"""Stores to measure on, made by the real publisher with made-up vendors and times.

To build histories quickly, fsync is skipped and compression is minimal; what is measured runs normally.
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
"""Number of vendors in a large register, and of versions in a long history."""

END = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(minutes=5)
"""End of a history of that length, which must be fresh by the system clock."""

REGISTER = Path(__file__).parent.parent / "register"
"""The register in this repository, which has a typical size."""

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
    """Return the publication time of a version, one per second."""
    return END - dt.timedelta(seconds=MANY - version)


def small_history(folder: Path, versions: int) -> Publisher:
    """Return a publisher of a register with one vendor, whose versions differ in a note.

    Versions that the folder already contains are kept.
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
        options=PublishOptions(now=END, text="First version"),
    )
    if not order.store.exists():
        with quickly():
            publish_version(order)
    return order.store


def write_vendors(publisher: Publisher, numbers: Iterable[int], note: str) -> None:
    """Write the files of the vendors with these numbers."""
    for number in numbers:
        path = publisher.source / "subprocessors" / f"vendor-{number}.toml"
        path.write_text(_VENDOR.format(number=number, note=note, starts_on=END.date()), "utf-8")


def grow_large(publisher: Publisher) -> None:
    """Publish a version with a thousand more vendors."""
    write_vendors(publisher, range(1, MANY + 1), "as ever")
    with quickly():
        publisher.publish(instant(publisher.snapshot().state.version + 1))


@contextlib.contextmanager
def quickly() -> Iterator[None]:
    """Skip fsync and use the fastest compression while the block runs."""
    with mock.patch.object(os, "fsync"), mock.patch.object(plan, "compressed_forms", _fast_forms):
        yield


def _fast_forms(data: bytes) -> dict[str, bytes]:
    forms = {
        "br": brotli.compress(data, quality=1),
        "gzip": gzip.compress(data, compresslevel=1, mtime=0),
        "zstd": zstandard.ZstdCompressor(level=1).compress(data),
    }
    return {coding: form for coding, form in forms.items() if len(form) < len(data)}
