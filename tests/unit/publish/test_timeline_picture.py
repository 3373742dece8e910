"""The timeline as a picture: every day of a lane has its place, and nothing of it is about today."""

import datetime as dt
import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

import sample_register as sample
from register_api.core import model
from register_api.publish.page.picture import MAX_LANES, Picture, picture
from register_api.publish.page.render import changes_page, subprocessor_pages

DAYS = st.dates(dt.date(1995, 1, 1), dt.date(2095, 12, 31))
LATER = model.Announced(version=2, at=dt.datetime(2026, 2, 1, 9, tzinfo=dt.UTC))


def vendor(id_: str = "acme", **fields: object) -> model.Subprocessor:
    """Return a vendor with one use."""
    return model.Subprocessor(
        id=id_, name="Acme", kind="third_party", engagements=(sample.engagement("use", "infra", **fields),)
    )


def drawn(*vendors: model.Subprocessor) -> Picture:
    found = picture(sample.view(), vendors)
    assert found is not None
    return found


def test_announced_then_in_use_then_ended() -> None:
    """From the first of February to the first of June, on an axis up to the month after the version."""
    use = vendor(announced=LATER, starts_on=dt.date(2026, 3, 1), ends_on=dt.date(2026, 5, 1))
    (lane,) = drawn(use).lanes
    assert [(bar.kind, bar.begin) for bar in lane.bars] == [("announced", 0.0), ("in_use", 18.67)]
    assert lane.bars[0].length + lane.bars[0].begin == lane.bars[1].begin


def test_what_was_in_use_before_version_1_begins_at_the_left() -> None:
    (lane,) = drawn(vendor(ends_on=dt.date(2026, 3, 9))).lanes
    assert lane.lane.announced_on is None
    assert [(bar.kind, bar.begin) for bar in lane.bars] == [("in_use", 0.0)]


def test_what_was_cancelled_is_never_in_use() -> None:
    gone = model.Cancelled(reason="Objections", announced=LATER)
    use = vendor(announced=LATER, starts_on=dt.date(2026, 4, 1), cancelled=gone)
    (lane,) = drawn(use).lanes
    assert [bar.kind for bar in lane.bars] == ["announced"]


def test_what_was_available_is_in_use_from_the_day_on_which_it_is_activated() -> None:
    """Its beginning is that of the planned change, and so is the announcement; no dot besides."""
    change = model.PlannedChange(
        id="on", effective_on=dt.date(2026, 4, 1), set={"status": "active"}, announced=LATER
    )
    (lane,) = drawn(vendor(status="available", planned=(change,))).lanes
    assert (lane.lane.announced_on, lane.lane.starts_on) == (LATER.at.date(), change.effective_on)
    assert [bar.kind for bar in lane.bars] == ["announced", "in_use"]
    assert lane.changes == ()


def test_what_is_no_longer_enabled_ends_on_that_day() -> None:
    change = model.PlannedChange(
        id="off", effective_on=dt.date(2026, 4, 1), set={"status": "available"}, announced=LATER
    )
    (lane,) = drawn(vendor(planned=(change,))).lanes
    assert (lane.lane.announced_on, lane.lane.ends_on) == (None, change.effective_on)


def test_nothing_is_drawn_of_what_has_no_day() -> None:
    assert picture(sample.view(), [vendor()]) is None
    assert picture(sample.view(), [vendor(status="available")]) is None


@given(DAYS, DAYS, st.one_of(st.none(), DAYS))
def test_every_day_has_a_place(announced: dt.date, starts: dt.date, ends: dt.date | None) -> None:
    """No bar leaves the picture, and the axis has one to four names in order."""
    at = dt.datetime.combine(announced, dt.time(9), tzinfo=dt.UTC)
    found = drawn(vendor(announced=model.Announced(version=2, at=at), starts_on=starts, ends_on=ends))
    for bar in found.lanes[0].bars:
        assert 0 <= bar.begin <= 100
        assert bar.length > 0
        assert bar.begin + bar.length <= 100.5
    places = [tick.at for tick in found.ticks]
    assert len(places) <= 4
    assert places == sorted(places)


def test_at_most_so_many_lanes_the_newest() -> None:
    first = dt.date(2026, 6, 1)
    vendors = [
        vendor(f"v{n}", announced=LATER, starts_on=first + dt.timedelta(days=n)) for n in range(MAX_LANES + 5)
    ]
    found = drawn(*vendors)
    assert len(found.lanes) == MAX_LANES
    assert found.lanes[0].lane.vendor.id == f"v{MAX_LANES + 4}"


def test_pages_hold_the_picture_with_a_table_as_its_text_and_no_day_of_reading() -> None:
    view = sample.view()
    later = msgspec.structs.replace(view, today=view.today + dt.timedelta(days=400))
    pages = dict(subprocessor_pages(view, view.register.subprocessors))
    assert any(b'<svg class="lane" aria-hidden="true"' in page for page in pages.values())
    lanes = re.findall(rb"<svg.*?</svg>", changes_page(view), re.DOTALL)
    assert lanes
    assert lanes == re.findall(rb"<svg.*?</svg>", changes_page(later), re.DOTALL)
    assert b"style=" not in b"".join(lanes)
