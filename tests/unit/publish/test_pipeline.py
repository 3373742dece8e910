"""From a source to what customers verify: order, history, long lives, promises in the publisher's days."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import pytest

from publishers import NOW, Publisher, publish_from
from register_api.core.canonical import decode
from register_api.core.changes import Diff
from register_api.core.documents import KeyList, VersionList
from register_api.core.format import tree
from register_api.core.format.kind import Stage
from register_api.core.format.paths import kind_of
from register_api.core.model import Register
from register_api.errors import Refused, StoreDamaged, StoreError, StoreLocked, UsageError
from register_api.publish import pipeline
from register_api.publish.pipeline import PublishRequest, publish_version, refresh_freshness
from register_api.publish.preparation import Candidate, PublishOptions, prepare
from register_api.store import plan
from register_api.store.reader import open_snapshot
from verify_outcome import failed, result

SECOND = dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)
LONG_AGO = dt.datetime(2025, 6, 2, 9, 0, tzinfo=dt.UTC)
"""A Monday; a register of then is verified after a refresh of today."""


def version(publisher: Publisher, number: int) -> Register:
    return decode(publisher.snapshot().read(tree.VERSION_REGISTER.path(number)), Register)


def diff(publisher: Publisher, number: int) -> Diff:
    return decode(publisher.snapshot().read(tree.VERSION_DIFF.path(number)), Diff)


def rules(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.rule for finding in refused.value.findings if finding.severity == "error"]


def test_what_is_written_comes_in_the_order_of_the_format(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fixed files, tiles and proof; freshness and targets; heads; checkpoint; timestamp last."""
    steps: list[tuple[int, int, str]] = []
    groups: list[list[str]] = []
    whole = plan.CommitPlan.write_group

    def write_group(commit: plan.CommitPlan, group: list[str]) -> None:
        groups.append(list(group))
        whole(commit, group)

    monkeypatch.setattr(plan.CommitPlan, "write_group", write_group)
    order = PublishRequest(
        source=publisher.source, store=publisher.store, keys=publisher.keys, options=PublishOptions(now=NOW)
    )
    publish_version(order, lambda done, total, what: steps.append((done, total, what)))
    stages = [kind_of(path).stage for group in groups for path in group]
    assert stages == sorted(stages, key=get_args(Stage).index)
    assert set(stages) == set(get_args(Stage))
    assert groups[-2:] == [[tree.CHECKPOINT.path()], [tree.TIMESTAMP.path()]]
    assert [(done, total) for done, total, _ in steps] == [(done, len(stages)) for done in range(len(stages))]
    assert {what for _, _, what in steps} == {path for group in groups for path in group}


def test_who_comes_second_is_told_so_and_not_that_the_source_breaks_a_rule(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two publish in the same second; the other one was quicker between the reading and the lock."""
    publisher.publish(NOW)
    publisher.say("mine")

    def overtaken(*arguments: object) -> Candidate:
        monkeypatch.undo()
        found = prepare(*arguments)  # type: ignore[arg-type]
        publisher.publish(NOW + SECOND)
        publisher.say("more of mine")
        return found

    monkeypatch.setattr(pipeline, "prepare", overtaken)
    with pytest.raises(StoreLocked, match="version 2 was published meanwhile, at "):
        publisher.publish(NOW + SECOND)
    publisher.publish(NOW + 2 * SECOND)
    assert version(publisher, 3).extra == {"note": "more of mine"}


def test_sixty_versions_in_a_row_are_verified_with_archive_and_window(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed shows the newest 50 and leads to page 1, which was written with version 50 and stays."""
    monkeypatch.setattr(plan, "compressed_forms", lambda _: {})  # done often, and nobody downloads
    page = b""
    for number in range(1, 61):
        publisher.publish_note(f"note {number}", NOW + number * SECOND)
        if number == 49:
            assert tree.FEED_ARCHIVE.path(1) not in publisher.snapshot().manifest.files
        if number == 50:
            page = publisher.snapshot().read(tree.FEED_ARCHIVE.path(1))
    snapshot = publisher.snapshot()
    assert snapshot.read(tree.FEED_ARCHIVE.path(1)) == page
    feed = snapshot.read(tree.FEED_ATOM.path())
    assert (feed.count(b"<entry"), page.count(b"<entry")) == (50, 50)
    assert b"prev-archive" in feed
    assert tree.FEED_ARCHIVE.path(2) not in snapshot.manifest.files
    listed = decode(snapshot.read(tree.VERSIONS.path()), VersionList)
    assert [row.version for row in listed.versions] == list(range(1, 61))
    report = publisher.verify()
    assert (report.exit_code, failed(report), report.version) == (0, {}, 60)
    assert result(report, "V23") == "ok"
    assert report.versions_checked == (1, 60)


def test_each_version_names_the_one_before_and_keeps_what_was_announced(publisher: Publisher) -> None:
    publisher.publish(NOW)
    publisher.publish_note("second", NOW + SECOND)
    second = version(publisher, 2)
    assert second.previous is not None
    assert second.previous.version == 1
    assert second.subprocessors[0].engagements[0].announced.version == 1
    assert [change.type for change in diff(publisher, 2).changes] == ["details_changed"]


def test_nothing_changed_makes_no_version(publisher: Publisher) -> None:
    publisher.publish(NOW)
    generation = publisher.snapshot().generation
    assert publisher.publish(NOW + SECOND).snapshot is None
    assert publisher.snapshot().generation == generation


def test_a_refused_source_leaves_everything_as_it_was(publisher: Publisher) -> None:
    publisher.publish(NOW)
    generation = publisher.snapshot().generation
    publisher.list("beta", f"starts_on = {NOW.date()}")
    with pytest.raises(Refused) as refused:
        publisher.publish(NOW + SECOND)
    assert rules(refused) == ["R10"]
    assert publisher.snapshot().generation == generation


def test_without_a_source_nothing_is_made(publisher: Publisher) -> None:
    with pytest.raises(UsageError):
        publisher.publish(NOW, source=publisher.folder / "none")
    assert not publisher.store.exists()


def test_imported_history_then_live(publisher: Publisher) -> None:
    """R15: history keeps its own dates, promises nothing, and ends with the first live version."""
    for year in (2023, 2024):
        publisher.say(f"as of {year}")
        publisher.publish(NOW, at=dt.datetime(year, 2, 1, 9, tzinfo=dt.UTC))
    publisher.list("beta")
    publisher.publish(NOW, at=dt.datetime(2024, 6, 1, tzinfo=dt.UTC))
    publisher.publish_note("live", NOW)
    assert [version(publisher, number).recorded for number in (1, 2, 3, 4)] == ["imported"] * 3 + ["live"]
    history = [change for number in (1, 2, 3) for change in diff(publisher, number).changes]
    assert not any(change.notice.required for change in history)
    state = publisher.snapshot().state
    assert (state.first_live, state.first_published_at.year) == (4, 2023)
    publisher.say("too late")
    with pytest.raises(Refused) as refused:
        publisher.publish(NOW + DAY, at=NOW + SECOND)
    assert rules(refused) == ["R15"]
    assert publisher.verify().exit_code == 0


@pytest.mark.parametrize(
    ("at", "hint"),
    [
        (dt.datetime(2024, 2, 1, 9, tzinfo=dt.UTC), "the same instant"),
        (dt.datetime(2024, 2, 1, 8, 59, 59, tzinfo=dt.UTC), "earlier"),
        (NOW + 2 * SECOND, "the future"),
    ],
)
def test_history_comes_in_the_order_of_its_dates(publisher: Publisher, at: dt.datetime, hint: str) -> None:
    publisher.publish(NOW, at=dt.datetime(2024, 2, 1, 9, tzinfo=dt.UTC))
    publisher.say(hint)
    with pytest.raises(Refused) as refused:
        publisher.publish(NOW + SECOND, at=at)
    assert rules(refused) == ["R15"]


@pytest.mark.parametrize(
    ("zone", "starts_on", "refused"),
    [
        ("UTC", dt.date(2025, 7, 2), False),
        ("UTC", dt.date(2025, 7, 1), True),
        ("Pacific/Kiritimati", dt.date(2025, 7, 2), True),
        ("Pacific/Kiritimati", dt.date(2025, 7, 3), False),
        ("America/Los_Angeles", dt.date(2025, 7, 2), False),
    ],
)
def test_days_are_those_of_the_publisher(
    publisher: Publisher, zone: str, starts_on: dt.date, *, refused: bool
) -> None:
    """At 12:00 UTC on 2 June it is 3 June on Kiritimati, 14 hours ahead."""
    publisher.say("first", time_zone=zone)
    publisher.publish(LONG_AGO)
    publisher.list("beta", f"starts_on = {starts_on}")
    now = LONG_AGO.replace(hour=12)
    if refused:
        with pytest.raises(Refused) as info:
            publisher.publish(now)
        assert rules(info) == ["R10"]
    else:
        publisher.publish(now)
        assert diff(publisher, 2).changes[0].notice.met


def test_a_change_of_time_zone_holds_from_that_version_on(publisher: Publisher) -> None:
    """What was announced before keeps its instant; from now on days are counted in the new zone."""
    publisher.publish(NOW)
    publisher.say("first", time_zone="Pacific/Kiritimati")
    publisher.publish(NOW + SECOND)
    publisher.say("third", time_zone="Pacific/Kiritimati")
    publisher.publish(NOW + 2 * SECOND)
    snapshot = publisher.snapshot()
    assert snapshot.state.time_zone == "Pacific/Kiritimati"
    assert str(snapshot.state.promises().zone) == "Pacific/Kiritimati"
    assert publisher.verify().exit_code == 0


BUSINESS = 'day_count = "business"\nholidays = [2025-06-09, 2025-06-19]'


@pytest.mark.parametrize(
    ("starts_on", "right"),
    [
        (dt.date(2025, 6, 17), True),  # Monday 2 June + 10 business days, of which 9 June is none
        (dt.date(2025, 6, 16), False),
    ],
)
def test_business_days_leave_out_weekends_and_holidays(
    publisher: Publisher, starts_on: dt.date, *, right: bool
) -> None:
    publisher.say("first", days=10, notice=BUSINESS)
    publisher.publish(LONG_AGO)
    publisher.list("beta", f"starts_on = {starts_on}")
    if right:
        publisher.publish(LONG_AGO + SECOND)
        (change,) = diff(publisher, 2).changes
        assert (change.notice.days, change.notice.promised_days, change.notice.met) == (10, 10, True)
    else:
        with pytest.raises(Refused) as refused:
            publisher.publish(LONG_AGO + SECOND)
        (finding,) = refused.value.findings
        assert finding.rule == "R10"
        assert "2025-06-17" in finding.hint


def test_a_longer_promise_still_binds_after_it_was_shortened(publisher: Publisher) -> None:
    """R13 across several publications: what the store remembers of old promises is enough."""
    publisher.publish(LONG_AGO)
    publisher.say("shorter", days=7)
    publisher.publish(LONG_AGO + DAY)
    publisher.list("beta", f"starts_on = {(LONG_AGO + 12 * DAY).date()}")
    with pytest.raises(Refused) as refused:
        publisher.publish(LONG_AGO + 2 * DAY)
    assert rules(refused) == ["R13"]
    state = publisher.snapshot().state
    assert [(row.version, row.notice.days) for row in state.policies] == [(1, 30), (2, 7)]
    publisher.list("beta", f"starts_on = {(LONG_AGO + 50 * DAY).date()}")
    publisher.publish(LONG_AGO + 40 * DAY)
    assert diff(publisher, 3).changes[0].notice.met


def test_short_notice_is_shown_with_its_reason(publisher: Publisher) -> None:
    publisher.publish(NOW)
    starts_on = (NOW + 7 * DAY).date()
    publisher.list("beta", f'starts_on = {starts_on}\nshort_notice = {{ reason = "The old one closes" }}')
    publisher.publish(NOW + SECOND)
    (change,) = diff(publisher, 2).changes
    assert (change.notice.days, change.notice.promised_days, change.notice.met) == (7, 30, False)
    page = publisher.snapshot().read("versions/2/index.html").decode()
    assert "Short notice: 7 days instead of 30" in page
    assert "The old one closes" in page
    assert publisher.verify().exit_code == 0


def test_keys_stay_good_for_all_versions(publisher: Publisher) -> None:
    publisher.publish(NOW)
    publisher.publish_note("second", NOW + SECOND)
    keys = decode(publisher.snapshot().read(tree.KEYS.path()), KeyList).keys
    assert {(key.use, key.first_version, key.last_version) for key in keys} == {
        ("document", 1, None),
        ("log", 1, None),
        ("feed", 1, None),
    }


def test_two_publishers_never_have_the_same_bytes_for_one_version(publisher: Publisher) -> None:
    """Keys are made by chance: a register taken up elsewhere without them is another register's history."""
    other = Publisher(publisher.folder / "other")
    publish_from(publisher.folder, NOW)
    publish_from(other.folder, NOW)
    assert publisher.snapshot().read(tree.REGISTER.path()) == other.snapshot().read(tree.REGISTER.path())
    assert publisher.snapshot().read(tree.CHECKPOINT.path()) != other.snapshot().read(tree.CHECKPOINT.path())


def test_refresh_before_the_first_publication_says_so_and_makes_nothing(publisher: Publisher) -> None:
    with pytest.raises(StoreError, match="nothing was published"):
        publisher.refresh(NOW)
    assert not publisher.store.exists()


def test_refresh_of_a_damaged_publication_vouches_for_nothing(publisher: Publisher) -> None:
    publisher.publish(NOW)
    store = publisher.store
    (store / "current/manifest.json").unlink()
    with pytest.raises(StoreDamaged):
        refresh_freshness(store, publisher.keys, NOW + SECOND)


def test_many_refreshes_pile_nothing_up(publisher: Publisher) -> None:
    """A timer runs for years: the tree stays as large as it was."""
    publisher.publish(NOW)
    before = set(publisher.snapshot().manifest.files)
    for number in range(1, 20):
        publisher.refresh(NOW + number * SECOND)
    assert set(publisher.snapshot().manifest.files) == before
    snapshot = open_snapshot(publisher.store)
    assert snapshot is not None
    assert len(list((publisher.store / "generations").iterdir())) <= 3
    assert publisher.verify().exit_code == 0
