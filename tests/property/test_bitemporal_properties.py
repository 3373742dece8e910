"""The state on any day as known on any day equals what a loop over all versions and days finds."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.core.bitemporal import AsOf, register_as_of
from strategies import ZONES, registers

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from register_api.core import model

START = dt.datetime(2009, 10, 30, tzinfo=dt.UTC)


class Stored:
    """Versions in memory."""

    def __init__(self, versions: list[model.Register], zone: ZoneInfo) -> None:
        self.versions = versions
        self.zone = zone
        self.newest = len(versions)
        self.published = [register.published_at for register in versions]

    def register(self, version: int) -> model.Register:
        return self.versions[version - 1]

    def sha256(self, version: int) -> str:
        return f"{version:064}"


@st.composite
def histories(draw: st.DrawFn) -> Stored:
    """Draw up to four versions, minutes or days apart, with dates near enough to matter."""
    drawn = draw(st.lists(registers(), max_size=4))
    gaps = st.integers(1, 3000).map(lambda minutes: dt.timedelta(minutes=minutes))
    at, versions = START, []
    for number, register in enumerate(drawn, start=1):
        at += draw(gaps)
        versions.append(msgspec.structs.replace(_near(draw, register), version=number, published_at=at))
    return Stored(versions, draw(st.sampled_from(ZONES)))


def _near(draw: st.DrawFn, register: model.Register) -> model.Register:
    """Return a register with its dates moved into the days of the history."""
    days = st.none() | st.integers(-3, 12).map(lambda days: START.date() + dt.timedelta(days=days))
    vendors = (
        msgspec.structs.replace(
            vendor,
            engagements=tuple(
                msgspec.structs.replace(item, starts_on=draw(days), ends_on=draw(days))
                for item in vendor.engagements
            ),
        )
        for vendor in register.subprocessors
    )
    return msgspec.structs.replace(register, subprocessors=tuple(vendors))


def naive_version(stored: Stored, known_at: dt.datetime | dt.date | None) -> model.Register | None:
    """Go through all versions and keep the last that had been said."""
    found = None
    for register in stored.versions:
        at = register.published_at
        if isinstance(known_at, dt.datetime):
            said = at <= known_at
        else:
            said = known_at is None or at.astimezone(stored.zone).date() <= known_at
        found = register if said else found
    return found


def naive_state(vendor: model.Subprocessor, item: model.Engagement, on: dt.date) -> str:
    """Live through the days from long before and keep the last thing that happened."""
    if vendor.withdrawn or item.status == "available":
        return "withdrawn" if vendor.withdrawn else "available"
    state, today = "announced" if item.starts_on else "in_force", START.date() - dt.timedelta(days=10)
    while today <= on:
        if today == item.starts_on and state == "announced":
            state = "in_force"
        if today == item.ends_on:
            state = "ended"
        today += dt.timedelta(days=1)
    return state


@settings(max_examples=60, deadline=None)
@given(
    histories(),
    st.integers(-5, 20).map(lambda days: START.date() + dt.timedelta(days=days)),
    st.none()
    | st.integers(-3, 12).map(lambda days: START.date() + dt.timedelta(days=days))
    | st.integers(-9, 12000).map(lambda minutes: START + dt.timedelta(minutes=minutes)),
)
def test_it_is_what_a_loop_finds(stored: Stored, on: dt.date, known_at: dt.datetime | dt.date | None) -> None:
    """Same version, same rows, same states."""
    known = register_as_of(stored, AsOf(on=on, known_at=known_at))
    register = naive_version(stored, known_at)
    if known is None or register is None:
        assert known is register
        return
    assert known.register == register
    assert known.sha256 == stored.sha256(register.version)
    assert [(row.vendor.id, row.engagement.id, row.state) for row in known.rows()] == [
        (vendor.id, item.id, naive_state(vendor, item, on))
        for vendor in register.subprocessors
        for item in vendor.engagements
    ]
