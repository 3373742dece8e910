"""Calendars: an event stays the same one, whatever becomes of it, and any reader has it on its day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import icalendar
import msgspec
import pytest
import vobject

from exported import RUN, ZONE, hostile, with_use
from publishers import NOW, Publisher
from register_api.core import model
from register_api.core.format import tree
from register_api.core.instant import local_day
from register_api.errors import Malformed
from register_api.publish.calendar import (
    KEPT,
    CalendarEvent,
    calendar_events,
    read_events,
    register_calendar,
    vendor_calendars,
)
from sample_register import SEVENTH, TODAY, engagement, register
from trees import read_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

JULY_1, JULY_15, AUGUST_1 = dt.date(2026, 7, 1), dt.date(2026, 7, 15), dt.date(2026, 8, 1)
START = "acme.use.-.start@example.com/sub-processors"

Events = dict[str, CalendarEvent]


def said(version: int, **use: object) -> model.Register:
    """Return a version with one vendor, whose one use says this."""
    at = model.Announced(version=version, at=SEVENTH)
    uses = (engagement("use", "operations", announced=at, purpose="Sends mail", **use),)
    return register(version, subprocessors=(model.Subprocessor(id="acme", name="Acme", engagements=uses),))


def after(*versions: model.Register) -> Events:
    """Return the events of the last of some versions, each read back from the calendar of the one before."""
    events: Events = {}
    for version in versions:
        on = local_day(version.published_at, ZONE)
        events = calendar_events(version, events, on, ZONE)
        assert read_events(register_calendar(version, events.values(), on)) == events
    return events


def edition(event: CalendarEvent) -> tuple[int, dt.date, str]:
    """Return what changes about an event."""
    return event.sequence, event.edition.day, event.edition.status


def stamp(event: CalendarEvent) -> dt.datetime:
    """Return when an edition was made, as icalendar reads it."""
    found: dt.datetime = icalendar.Event.from_ical(event.data)["dtstamp"].dt
    return found


def test_a_date_that_moves_is_the_same_event_with_a_higher_sequence() -> None:
    """Also where it moves to an earlier day."""
    versions = [said(7 + at, starts_on=day) for at, day in enumerate((JULY_15, JULY_1, AUGUST_1))]
    for number, day in enumerate((JULY_15, JULY_1, AUGUST_1)):
        events = after(*versions[: number + 1])
        assert {uid: edition(event) for uid, event in events.items()} == {START: (number, day, "CONFIRMED")}
        assert stamp(events[START]) == versions[number].published_at


def test_what_has_not_changed_keeps_its_bytes() -> None:
    """The stamp of the version that said it first among them."""
    before, now = said(7, starts_on=JULY_1), said(8, starts_on=JULY_1)
    now = msgspec.structs.replace(now, subprocessors=before.subprocessors)
    assert after(before) == after(before, now)


def test_an_end_that_is_taken_back_is_cancelled_and_may_come_again() -> None:
    end = "acme.use.-.end@example.com/sub-processors"
    versions = [said(7, ends_on=JULY_1), said(8), said(9), said(10, ends_on=AUGUST_1)]
    found = [edition(after(*versions[: number + 1])[end]) for number in range(4)]
    assert found == [
        (0, JULY_1, "CONFIRMED"),
        (1, JULY_1, "CANCELLED"),
        (1, JULY_1, "CANCELLED"),
        (2, AUGUST_1, "CONFIRMED"),
    ]


def test_what_was_announced_and_will_not_come_is_cancelled() -> None:
    gone = model.Cancelled(reason="It is not needed", announced=model.Announced(version=8, at=SEVENTH))
    events = after(said(7, starts_on=JULY_1), said(8, starts_on=JULY_1, cancelled=gone))
    assert edition(events[START]) == (1, JULY_1, "CANCELLED")


def test_of_a_vendor_that_was_withdrawn_everything_is_cancelled() -> None:
    """Past days too: it was listed by mistake."""
    first = said(7, starts_on=TODAY, ends_on=JULY_1)
    (vendor,) = first.subprocessors
    gone = model.Withdrawn(reason="Never used", announced=model.Announced(version=8, at=SEVENTH))
    now = register(8, subprocessors=(msgspec.structs.replace(vendor, withdrawn=gone),))
    assert {event.edition.status for event in after(first, now).values()} == {"CANCELLED"}
    assert len(after(first, now)) == 2


def plan(day: dt.date, **more: object) -> model.PlannedChange:
    fields = {"id": "move", "effective_on": day, "set": {"purpose": "Sends more mail"}, **more}
    return model.PlannedChange(announced=model.Announced(version=7, at=SEVENTH), **fields)  # type: ignore[arg-type]


def test_a_planned_change_is_an_event_and_stays_one_when_it_is_folded() -> None:
    """It has taken effect then, and the register does not name it any more."""
    uid = "acme.use.move.change@example.com/sub-processors"
    first = said(7, planned=(plan(TODAY + dt.timedelta(days=1)),))
    folded = msgspec.structs.replace(said(9), published_at=SEVENTH + dt.timedelta(days=2))
    events = after(first, folded)
    assert edition(events[uid]) == (0, TODAY + dt.timedelta(days=1), "CONFIRMED")
    assert b"Purpose" in events[uid].edition.title or b"purpose" in events[uid].edition.title


def test_a_planned_change_that_is_cancelled_is_cancelled() -> None:
    uid = "acme.use.move.change@example.com/sub-processors"
    gone = model.Cancelled(reason="Not needed", announced=model.Announced(version=8, at=SEVENTH))
    events = after(said(7, planned=(plan(JULY_1),)), said(8, planned=(plan(JULY_1, cancelled=gone),)))
    assert edition(events[uid]) == (1, JULY_1, "CANCELLED")


def test_deadlines_say_where_an_objection_goes() -> None:
    announced = model.Announced(
        version=7, at=SEVENTH, required=True, promised_days=30, days=52, day_count="calendar", met=True,
        objection_until=dt.date(2026, 5, 24),
    )  # fmt: skip
    use = engagement("use", "operations", announced=announced, starts_on=JULY_1)
    vendor = model.Subprocessor(id="acme", name="Acme", engagements=(use,))
    events = after(register(7, subprocessors=(vendor,)))
    deadline = events["acme.use.-.objection_deadline@example.com/sub-processors"]
    assert deadline.edition.day == dt.date(2026, 5, 24)
    assert deadline.edition.description.endswith(b"Objections to: mailto:privacy@example.com")


def test_what_is_long_past_leaves_the_calendar() -> None:
    first = said(7, starts_on=TODAY)
    later = msgspec.structs.replace(first, version=8, published_at=SEVENTH + KEPT + dt.timedelta(days=1))
    assert START in after(first)
    assert after(first, later) == {}


def test_a_vendors_calendar_is_written_when_one_of_its_events_has_changed() -> None:
    first, moved = said(7, starts_on=JULY_1), said(8, starts_on=JULY_15)
    events = after(first)
    assert [id_ for id_, _ in vendor_calendars(first, events, {})] == ["acme"]
    assert list(vendor_calendars(first, events, events)) == []
    assert [id_ for id_, _ in vendor_calendars(moved, after(first, moved), events)] == ["acme"]


def test_a_calendar_without_events_has_a_component_all_the_same() -> None:
    """RFC 5545 section 3.6 wants one."""
    calendar = icalendar.Calendar.from_ical(register_calendar(said(7), (), TODAY))
    assert [component.name for component in calendar.subcomponents] == ["VJOURNAL"]


@pytest.mark.parametrize(
    "text", [*RUN, "a, b; c\\n d \\\\", "BEGIN:VEVENT\r\nUID:evil", "ä" * 200, "\U0001f512" * 80]
)
def test_whatever_a_text_is_two_libraries_read_it_back(text: str) -> None:
    """And none of it becomes a line of its own."""
    use = engagement("use", "operations", purpose="Mail", starts_on=JULY_1)
    version = register(7, subprocessors=(model.Subprocessor(id="acme", name=text, engagements=(use,)),))
    data = register_calendar(version, after(version).values(), TODAY)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    expected = f"{text}: start (Mail)".replace("\r\n", "\n")
    (event,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert event["summary"] == expected
    assert event["dtstart"].dt == JULY_1
    (other,) = vobject.readOne(data.decode()).vevent_list
    assert (other.summary.value, other.dtstart.value) == (expected, JULY_1)


def test_hostile_registers_have_calendars() -> None:
    assert after(hostile()) == {}
    assert after(with_use(hostile(), starts_on=JULY_1))


@pytest.mark.parametrize("cut", [b"UID:", b"SEQUENCE:", b"DTSTART;VALUE=DATE:", b"STATUS:"])
def test_a_calendar_that_was_not_written_like_this_is_told(cut: bytes) -> None:
    version = said(7, starts_on=JULY_1)
    data = register_calendar(version, after(version).values(), TODAY)
    with pytest.raises(Malformed, match="the calendar has an event that cannot be read"):
        read_events(data.replace(cut, b"X-" + cut))


def calendars(publisher: Publisher) -> Mapping[str, bytes]:
    files = read_tree(publisher.store / "public")
    return {path: data for path, data in files.items() if path.endswith(".ics")}


def test_publications_carry_events_on(tmp_path: Path) -> None:
    """From the calendar that was published before; only who has news gets another calendar of their own."""
    publisher, ahead = Publisher(tmp_path), NOW.date() + dt.timedelta(days=60)
    publisher.say()
    for number in range(3):
        publisher.list(f"v-{number}", f"starts_on = {ahead}\n")
    publisher.publish(NOW)
    first = calendars(publisher)
    publisher.list("v-1", f"starts_on = {ahead + dt.timedelta(days=1)}\n")
    publisher.publish(NOW + dt.timedelta(seconds=1))
    second = calendars(publisher)
    changed = {path for path in second if first.get(path) != second[path]}
    assert changed == {tree.CALENDAR.path(), tree.SUBPROCESSOR_CALENDAR.path("v-1")}
    sequences = {event.vendor: event.sequence for event in read_events(second[tree.CALENDAR.path()]).values()}
    assert sequences == {"v-0": 0, "v-1": 1, "v-2": 0}
    assert publisher.verify().exit_code == 0
