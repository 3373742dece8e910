"""The state on any day as known on any day, from stored versions."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from examples import make_engagement, make_register, make_vendor
from register_api.core import model
from register_api.core.timeline import engagement_states, vendor_states
from register_api.serve.answer.archive import AsOf, register_as_of, version_known


def instant(text: str) -> dt.datetime:
    """Return an instant in UTC from ``2026-01-05T08:00``."""
    return dt.datetime.fromisoformat(f"{text}:00+00:00")


def day(text: str) -> dt.date:
    """Return a day from ``2026-01-05``."""
    return dt.date.fromisoformat(text)


class Stored:
    """Versions in memory; it notes which were read."""

    def __init__(self, *registers: model.Register, zone: str = "UTC") -> None:
        self._registers = registers
        self.zone = ZoneInfo(zone)
        self.newest = len(registers)
        self.published = [register.published_at for register in registers]
        self.read: list[int] = []

    def register(self, version: int) -> model.Register:
        self.read.append(version)
        return self._registers[version - 1]

    def sha256(self, version: int) -> str:
        return f"{version:064}"


def history() -> Stored:
    """Two imported versions, then two live ones: a start announced, postponed, and an end.

    Beta is announced in version 2 for 1 June, put off to 1 July by version 3; version 4 says that it
    is withdrawn and that Acme has ended with May.
    """
    acme, parked = make_vendor(), make_vendor("parked", engagements=(make_engagement(status="available"),))
    june, july = (
        make_vendor("beta", engagements=(make_engagement(starts_on=dt.date(2026, month, 1)),))
        for month in (6, 7)
    )
    over = make_vendor(engagements=(make_engagement(ends_on=day("2026-06-01")),))
    off = make_vendor("beta", withdrawn=model.WithdrawnSource(reason="x"))
    rows = [
        ("2025-02-01T12:00", "imported", (acme, parked)),
        ("2026-03-01T12:00", "imported", (acme, june, parked)),
        ("2026-04-30T23:30", "live", (acme, july, parked)),
        ("2026-08-01T12:00", "live", (over, off, parked)),
    ]
    return Stored(
        *(
            make_register(*vendors, version=number, published_at=instant(at), recorded=recorded)
            for number, (at, recorded, vendors) in enumerate(rows, start=1)
        )
    )


@pytest.mark.parametrize(
    ("on", "known_at", "version", "states"),
    [
        ("2026-06-15", None, 4, "acme ended, beta withdrawn, parked available"),
        ("2026-05-31", None, 4, "acme in_force, beta withdrawn, parked available"),
        ("2026-06-15", "2026-07-31", 3, "acme in_force, beta announced, parked available"),
        ("2026-07-01", "2026-07-31", 3, "acme in_force, beta in_force, parked available"),
        ("2026-06-15", "2026-04-29", 2, "acme in_force, beta in_force, parked available"),
        ("2026-05-31", "2026-04-29", 2, "acme in_force, beta announced, parked available"),
        ("2026-06-15", "2025-12-31", 1, "acme in_force, parked available"),
        ("1999-01-01", "2025-12-31", 1, "acme in_force, parked available"),
    ],
)
def test_states_by_valid_and_transaction_time(
    on: str, known_at: str | None, version: int, states: str
) -> None:
    """The day selects the state, the instant the version; imported versions count alike."""
    stored = history()
    known = register_as_of(stored, AsOf(on=day(on), known_at=known_at and day(known_at)))
    assert known is not None
    assert (known.register.version, known.sha256, known.on) == (version, f"{version:064}", day(on))
    assert ", ".join(f"{row.vendor.id} {row.state}" for row in known.rows()) == states
    assert stored.read == [version]


@pytest.mark.parametrize("known_at", [day("2025-01-31"), instant("2025-02-01T11:59"), dt.date.min])
def test_no_version_is_known_before_version_1(known_at: dt.datetime | dt.date) -> None:
    """Whatever day is asked about, and no version is read."""
    stored = history()
    assert register_as_of(stored, AsOf(on=day("2026-06-15"), known_at=known_at)) is None
    assert stored.read == []


@pytest.mark.parametrize("known_at", [None, day("2026-01-01"), instant("2026-01-01T00:00")])
def test_an_empty_store_knows_nothing(known_at: dt.datetime | dt.date | None) -> None:
    """Neither then nor now."""
    assert version_known(Stored(), known_at) is None


@pytest.mark.parametrize(
    ("zone", "known_at", "version"),
    [
        ("UTC", day("2026-04-30"), 3),
        ("Europe/Berlin", day("2026-04-30"), 2),
        ("Europe/Berlin", day("2026-05-01"), 3),
        ("America/New_York", day("2026-04-30"), 3),
        ("Pacific/Kiritimati", day("2026-05-01"), 3),
        ("Pacific/Kiritimati", day("2026-04-30"), 2),
        ("Europe/Berlin", instant("2026-04-30T23:30"), 3),
        ("Europe/Berlin", instant("2026-04-30T23:29"), 2),
        ("Europe/Berlin", dt.datetime.fromisoformat("2026-05-01T01:30:00+02:00"), 3),
        ("UTC", dt.datetime.fromisoformat("2026-05-01T01:29:59+02:00"), 2),
    ],
)
def test_midnight_is_the_publishers(zone: str, known_at: dt.datetime | dt.date, version: int) -> None:
    """A day ends in the publisher's zone; an instant is the same everywhere, and counts itself."""
    stored = history()
    stored.zone = ZoneInfo(zone)
    assert version_known(stored, known_at) == version


def test_where_clocks_go_back_over_midnight_a_day_ends_twice() -> None:
    """In St John's of 2010 the clocks went from 00:01 back to 23:01 of the day before."""
    instants = ["2010-11-07T02:20", "2010-11-07T02:30:30", "2010-11-07T03:00", "2010-11-07T03:31"]
    published = [dt.datetime.fromisoformat(f"{text}+00:00") for text in instants]
    stored = Stored(
        *(make_register(version=number, published_at=at) for number, at in enumerate(published, start=1)),
        zone="America/St_Johns",
    )
    assert version_known(stored, day("2010-11-06")) == 3
    assert version_known(stored, day("2010-11-07")) == 4


def test_rows_are_in_order_of_reading() -> None:
    """Vendor by vendor, engagement by engagement; a vendor without any has no row."""
    several = (make_engagement("b", ends_on=day("2026-01-01")), make_engagement("a"))
    register = make_register(
        make_vendor("z", engagements=several), make_vendor("idle", engagements=()), make_vendor("y")
    )
    rows = engagement_states(register, day("2026-01-01"))
    assert [(row.vendor.id, row.engagement.id, row.state) for row in rows] == [
        ("z", "b", "ended"),
        ("z", "a", "in_force"),
        ("y", "hosting", "in_force"),
    ]
    assert vendor_states(register.subprocessors[0], day("2026-01-01")) == rows[:2]


def test_known_at_the_end_of_a_day() -> None:
    """Of several versions on one local day the last is known at its end."""
    zone = dt.timezone(dt.timedelta(hours=2))
    published = [
        dt.datetime(2026, 6, 1, 8, tzinfo=dt.UTC),
        dt.datetime(2026, 6, 1, 21, 59, 59, tzinfo=dt.UTC),
        dt.datetime(2026, 6, 1, 22, 0, tzinfo=dt.UTC),
    ]
    versions: Any = SimpleNamespace(zone=zone, published=published)
    days = [dt.date(2026, 5, 31), dt.date(2026, 6, 1), dt.date(2026, 6, 2), dt.date(2030, 1, 1)]
    assert [version_known(versions, day) for day in days] == [None, 2, 3, 3]
    assert version_known(SimpleNamespace(zone=zone, published=[]), days[0]) is None  # type: ignore[arg-type]
