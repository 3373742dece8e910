"""Upcoming events: starts, ends, planned changes and deadlines, each once and on its day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from examples import NOTICE, make_engagement, make_register, make_vendor, published
from register_api.core import model
from register_api.core.canonical import decode, encode, encoded
from register_api.core.timeline import state_on
from register_api.core.upcoming_events import Upcoming, UpcomingEvents, upcoming, upcoming_document
from register_api.errors import Malformed

DAY = dt.date(2026, 6, 1)
START, END = dt.date(2026, 7, 1), dt.date(2027, 1, 1)
PROMISED = model.Announced(
    version=2,
    at=dt.datetime(2026, 5, 28, 9, tzinfo=dt.UTC),
    required=True,
    promised_days=30,
    days=34,
    day_count="calendar",
    met=True,
    objection_until=dt.date(2026, 6, 11),
)
OBJECTION = model.Objection(days=14, contact="mailto:privacy@example.com")
TO_AMERICA = {"locations": [{"country": "US", "activities": ["store"]}]}


def planned(id_: str = "move", effective_on: dt.date = START, **fields: Any) -> model.PlannedChangeSource:
    return model.PlannedChangeSource(
        id=id_, effective_on=effective_on, set=fields.pop("set", TO_AMERICA), **fields
    )


def announced(vendor: model.SubprocessorSource, announcement: model.Announced) -> model.Subprocessor:
    """Return a vendor of which everything was announced by the same version."""
    made = published(vendor)

    def by(items: Any) -> Any:
        return tuple(msgspec.structs.replace(item, announced=announcement) for item in items)

    uses = tuple(msgspec.structs.replace(use, planned=by(use.planned)) for use in by(made.engagements))
    return msgspec.structs.replace(made, engagements=uses, planned=by(made.planned))


def ahead(*vendors: Any, day: dt.date = DAY, **fields: Any) -> tuple[Upcoming, ...]:
    return upcoming(make_register(*vendors, **fields), day, dt.UTC)


def briefly(found: tuple[Upcoming, ...]) -> list[tuple[Any, ...]]:
    return [(item.day, item.what, item.subprocessor, item.engagement, item.planned) for item in found]


def test_it_goes_by_day_and_then_by_vendor() -> None:
    beta = make_vendor("beta", engagements=(make_engagement(starts_on=START, ends_on=END),))
    acme = make_vendor("acme", engagements=(make_engagement(ends_on=START),))
    assert briefly(ahead(beta, acme)) == [
        (START, "end", "acme", "hosting", None),
        (START, "start", "beta", "hosting", None),
        (END, "end", "beta", "hosting", None),
    ]


def test_events_of_the_day_itself_are_upcoming() -> None:
    vendor = make_vendor(engagements=(make_engagement(starts_on=START, ends_on=END),))
    assert [item.what for item in ahead(vendor, day=START)] == ["start", "end"]
    assert [item.what for item in ahead(vendor, day=END)] == ["end"]
    assert ahead(vendor, day=END + dt.timedelta(days=1)) == ()


CANCELLED = model.CancelledSource(reason="Not needed.")


@pytest.mark.parametrize(
    "vendor",
    [
        make_vendor(withdrawn=model.WithdrawnSource(reason="x"), engagements=(make_engagement(ends_on=END),)),
        make_vendor(engagements=(make_engagement(starts_on=START, cancelled=CANCELLED),)),
        make_vendor(engagements=(make_engagement(status="available"),)),
    ],
    ids=["withdrawn", "cancelled", "available"],
)
def test_withdrawn_and_cancelled_entries_have_no_upcoming_events(vendor: model.SubprocessorSource) -> None:
    assert ahead(announced(vendor, PROMISED)) == ()


def test_a_planned_change_that_is_cancelled_will_not_come() -> None:
    use = make_engagement(planned=(planned(cancelled=CANCELLED),))
    assert ahead(make_vendor(engagements=(use,), planned=(planned(set={}, cancelled=CANCELLED),))) == ()


def test_a_planned_change_is_one_event_with_its_weightiest_type() -> None:
    changes = TO_AMERICA | {"purpose": "Runs everything"}
    use = make_engagement(planned=(planned(set=changes),))
    (found,) = ahead(make_vendor(engagements=(use,)))
    assert (found.what, found.type, found.planned, found.version) == ("change", "relocated", "move", 1)


def test_a_planned_change_of_the_vendor_itself_names_no_engagement() -> None:
    change = planned("merger", set={"legal_name": "Acme Holding plc"})
    (found,) = ahead(make_vendor(planned=(change,)))
    assert (found.engagement, found.planned, found.type) == (None, "merger", "entity_changed")


def test_what_is_available_and_will_be_used_is_a_change_and_not_a_start_too() -> None:
    use = make_engagement(status="available", planned=(planned(set={"status": "active"}),))
    assert [(item.what, item.type) for item in ahead(make_vendor(engagements=(use,)))] == [
        ("change", "activated")
    ]


def test_a_start_that_a_planned_change_has_overtaken_is_none() -> None:
    """It is paused, and used again before the day on which it first was to start."""
    pause = planned("pause", dt.date(2026, 6, 10), set={"status": "available"})
    again = planned("again", dt.date(2026, 6, 20), set={"status": "active"})
    use = make_engagement(starts_on=START, planned=(pause, again))
    vendor = make_vendor(engagements=(use,))
    assert state_on(vendor, use, dt.date(2026, 6, 25)) == "in_force"
    assert [item.what for item in ahead(vendor)] == ["change", "change"]


def test_what_ends_before_it_starts_does_not_start() -> None:
    """No rule lets it be published, but a reader takes what it is given."""
    use = make_engagement(starts_on=END, ends_on=START)
    assert [item.what for item in ahead(make_vendor(engagements=(use,)))] == ["end"]


def test_an_ended_engagement_has_no_upcoming_events() -> None:
    late = planned(effective_on=END + dt.timedelta(days=1))
    use = make_engagement(ends_on=END, planned=(late,))
    vendor = announced(make_vendor(engagements=(use,)), PROMISED)
    assert [item.what for item in ahead(vendor)] == ["objection_deadline", "end"]
    assert [item.what for item in ahead(vendor, day=END)] == ["end"]


def test_a_planned_change_revives_an_ended_engagement() -> None:
    """It becomes available, and is activated on a later day: both lie ahead although its end has passed."""
    offered = planned("offered", END + dt.timedelta(days=1), set={"status": "available"})
    again = planned("again", END + dt.timedelta(days=9), set={"status": "active"})
    vendor = announced(
        make_vendor(engagements=(make_engagement(ends_on=END, planned=(offered, again)),)), PROMISED
    )
    days = [END + dt.timedelta(days=1), END + dt.timedelta(days=9)]
    assert [(item.day, item.what) for item in ahead(vendor, day=END)][1:] == [(day, "change") for day in days]
    assert [item.planned for item in ahead(vendor, day=days[0])] == ["offered", "again"]


def test_a_deadline_names_the_change_and_the_contact() -> None:
    vendor = announced(make_vendor(engagements=(make_engagement(planned=(planned(),)),)), PROMISED)
    notice = msgspec.structs.replace(NOTICE, objection=OBJECTION)
    found = [item for item in ahead(vendor, notice=notice) if item.planned]
    assert [item.what for item in found] == ["objection_deadline", "change"]
    deadline = found[0]
    assert (deadline.day, deadline.type, deadline.version) == (dt.date(2026, 6, 11), "relocated", 2)
    assert deadline.notice.effective_on == START
    assert (deadline.notice.days, deadline.notice.met) == (34, True)
    assert {item.contact for item in found} == {OBJECTION.contact}


def test_a_deadline_is_open_on_its_last_day_and_gone_on_the_next() -> None:
    vendor = announced(make_vendor(engagements=(make_engagement(starts_on=START),)), PROMISED)
    notice = msgspec.structs.replace(NOTICE, objection=OBJECTION)
    last = dt.date(2026, 6, 11)
    assert [item.what for item in ahead(vendor, day=last, notice=notice)] == ["objection_deadline", "start"]
    (start,) = ahead(vendor, day=last + dt.timedelta(days=1), notice=notice)
    assert (start.what, start.contact) == ("start", None)


def test_an_objection_under_an_older_promise_goes_where_that_promise_says() -> None:
    older = model.OlderPromise(
        version=1, until=END, days=30, day_count="calendar", applies_to=("addition",), objection=OBJECTION
    )
    vendor = announced(make_vendor(engagements=(make_engagement(starts_on=START),)), PROMISED)
    notice = msgspec.structs.replace(NOTICE, also_binding=(older,))
    assert {item.contact for item in ahead(vendor, notice=notice)} == {OBJECTION.contact}


def test_an_end_has_no_version_and_no_notice() -> None:
    """A register does not state which version announced an end, and no promise covers one."""
    (found,) = ahead(make_vendor(engagements=(make_engagement(ends_on=END),)))
    assert (found.version, found.notice.required, found.notice.effective_on) == (None, False, END)


def test_the_document_uses_the_publishers_local_day() -> None:
    register = make_register(published_at=dt.datetime(2026, 6, 1, 23, tzinfo=dt.UTC))
    found = upcoming_document(encoded(register), dt.timezone(dt.timedelta(hours=2)))
    assert (found.as_of, found.version, found.sha256) == (dt.date(2026, 6, 2), 1, encoded(register).sha256)
    assert decode(encode(found), UpcomingEvents) == found


@pytest.mark.parametrize(
    "change",
    [planned(set={"starts_on": "2026-01-01"}), planned(set={"locations": 5}), planned(set={"unheard_of": 1})],
)
def test_a_planned_change_that_cannot_be_is_malformed(change: model.PlannedChangeSource) -> None:
    with pytest.raises(Malformed):
        ahead(make_vendor(engagements=(make_engagement(planned=(change,)),)))


def test_the_first_and_the_last_day_of_all_are_days_like_others() -> None:
    changes = (planned("first", dt.date.min), planned("last", dt.date.max))
    vendor = make_vendor(engagements=(make_engagement(planned=changes),))
    assert [item.planned for item in ahead(vendor, day=dt.date.min)] == ["first", "last"]


def test_an_instant_beyond_the_last_day_is_malformed() -> None:
    last, east = dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC), dt.timezone(dt.timedelta(hours=9))
    announcement = model.Announced(version=2, at=last)
    vendor = announced(make_vendor(engagements=(make_engagement(starts_on=START),)), announcement)
    with pytest.raises(Malformed, match="9999"):
        upcoming(make_register(vendor), DAY, east)
    with pytest.raises(Malformed, match="9999"):
        upcoming_document(encoded(make_register(published_at=last)), east)
