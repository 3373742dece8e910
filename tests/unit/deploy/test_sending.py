"""What is sent, in which order, and what happens when it is stopped, or when two do it."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING, get_args

import pytest

from deploying import LATER, Watched, bucket, copied, held, seen, sent, wanted
from register_api.core.format import tree
from register_api.core.format.kind import Stage
from register_api.core.format.paths import kind_of
from register_api.deploy.target import Folder
from register_api.errors import Forked, RolledBack, TargetError

if TYPE_CHECKING:
    from pathlib import Path

    from publishers import Publisher
    from register_api.deploy.target import DeployTarget

SECOND = dt.timedelta(seconds=1)
STAGES = list(get_args(Stage))
TIMESTAMP = tree.TIMESTAMP.path()

PARTS = {10, 12, 14, 18}
"""How `verify` ends where parts of two versions lie side by side: a register beside the other one's signature
(12), and whatever else does not belong together. Which it is hangs on what was sent first.
"""


def some_target(kind: str, tmp_path: Path) -> DeployTarget:
    return bucket() if kind == "bucket" else Folder(tmp_path / "www")


@pytest.mark.parametrize("kind", ["bucket", "folder"])
def test_a_target_holds_what_the_store_holds(publisher: Publisher, tmp_path: Path, kind: str) -> None:
    target = some_target(kind, tmp_path)
    sent(publisher, target)
    assert held(target, publisher) == wanted(publisher)
    publisher.publish_note("third", LATER)
    sent(publisher, target)
    assert held(target, publisher) == wanted(publisher)
    assert seen(held(target, publisher), LATER).exit_code == 0


def test_the_order_is_that_of_the_format_and_the_entry_is_first(publisher: Publisher) -> None:
    target = Watched(bucket())
    sent(publisher, target)
    publisher.publish_note("third", LATER)
    target.written.clear()
    sent(publisher, target)
    stages = [STAGES.index(kind_of(name).stage) for name in target.written]
    assert target.written[0] == tree.VERSION_ENTRY.path(3)
    assert stages == sorted(stages)
    assert target.written[-1] == TIMESTAMP


def test_nothing_is_sent_twice_and_a_refresh_is_one_file(publisher: Publisher) -> None:
    target = Watched(bucket())
    sent(publisher, target)
    target.written.clear()
    target.read.clear()
    assert sent(publisher, target).send == ()
    assert target.written == []
    assert len(target.read) == 2
    publisher.refresh(LATER)
    sent(publisher, target)
    assert target.written == [TIMESTAMP]
    assert len(target.read) < 10


def test_a_dry_run_names_what_would_be_sent_and_writes_nothing(publisher: Publisher, tmp_path: Path) -> None:
    folder = tmp_path / "www"
    plan = sent(publisher, Folder(folder), dry_run=True)
    assert {item.path for item in plan.send} == set(wanted(publisher))
    assert not folder.exists()
    assert not (publisher.store / "deployed").exists()


def test_a_lost_answer_to_what_was_created_is_not_an_error(publisher: Publisher) -> None:
    target = Watched(bucket())
    sent(publisher, target)
    publisher.publish_note("third", LATER)
    target.loses_answers = True
    sent(publisher, target)
    assert held(target, publisher) == wanted(publisher)


def test_an_interrupted_deployment_is_completed_by_the_same_command(publisher: Publisher) -> None:
    """Each time one write further; at every stop a customer who looks sees no version that is none."""
    target = Watched(bucket())
    sent(publisher, target)
    publisher.publish_note("third", LATER)
    target.written.clear()
    stops = 0
    for target.breaks_at in range(10_000):
        target.written.clear()
        try:
            sent(publisher, target)
        except TargetError as error:
            assert error.message == "the line is dead"  # noqa: PT017 - the last run does not fail
            stops += 1
        else:
            break
        report = seen(held(target, publisher), LATER)
        if report.exit_code == 0:
            assert report.version in {2, 3}
        assert report.exit_code in {0, *PARTS}, report
    assert stops > 20
    assert held(target, publisher) == wanted(publisher)


def test_what_has_left_the_tree_is_removed_last(publisher: Publisher) -> None:
    target = Watched(bucket())
    sent(publisher, target)
    old = [name for name in wanted(publisher) if ".snapshot.json" in name]
    much_later = LATER + dt.timedelta(days=40)
    for number in range(2):
        publisher.publish_note(f"later {number}", much_later + number * dt.timedelta(days=32))
    gone = set(old) - set(wanted(publisher))
    assert gone
    target.written.clear()
    sent(publisher, target)
    removed = {name.removeprefix("-") for name in target.written if name.startswith("-")}
    assert gone <= removed
    assert all(name.startswith("-") for name in target.written[-len(removed) :])
    assert all(target.get(name) is None for name in gone)


def test_of_two_who_publish_the_same_version_one_wins_and_nothing_is_mixed(
    publisher: Publisher, tmp_path: Path
) -> None:
    """The second one begins when the first is at each of its writes."""
    other = copied(publisher, tmp_path / "other")
    target = Watched(bucket())
    sent(publisher, target)
    sent(other, target)
    publisher.publish_note("ours", LATER)
    other.publish_note("theirs", LATER + SECOND)
    refused: list[Exception] = []

    def begin(number: int) -> None:
        target.after = lambda _number: None
        try:
            sent(other, target.target)
        except (TargetError, RolledBack, Forked) as error:
            refused.append(error)
        target.after = begin

    target.after = begin
    target.written.clear()
    sent(publisher, target)
    assert len(refused) == len(target.written) > 20
    assert "has begun to publish version 3" in str(refused[0])
    assert isinstance(refused[-1], Forked)
    assert held(target, publisher) == wanted(publisher)
    assert seen(held(target, publisher), LATER).exit_code == 0


def test_a_store_that_is_behind_the_target_is_refused_before_anything_is_written(
    publisher: Publisher, tmp_path: Path
) -> None:
    old = copied(publisher, tmp_path / "old")
    target = Watched(bucket())
    publisher.publish_note("third", LATER)
    sent(publisher, target)
    target.written.clear()
    with pytest.raises(RolledBack, match="version 3 is at memory already"):
        sent(old, target, repair=True)
    publisher.refresh(LATER + SECOND)
    old.refresh(LATER)
    assert target.written == []


def test_a_refresh_of_an_older_copy_does_not_take_freshness_back(
    publisher: Publisher, tmp_path: Path
) -> None:
    old = copied(publisher, tmp_path / "old")
    target = Watched(bucket())
    publisher.refresh(LATER)
    sent(publisher, target)
    target.written.clear()
    with pytest.raises(RolledBack, match="timestamp metadata"):
        sent(old, target)
    assert target.written == []


def test_another_register_is_left_alone(publisher: Publisher, tmp_path: Path) -> None:
    stranger = type(publisher)(tmp_path / "stranger")
    stranger.publish()
    target = Watched(bucket())
    sent(stranger, target)
    target.written.clear()
    for repair in (False, True):
        with pytest.raises(TargetError, match="holds another register"):
            sent(publisher, target, repair=repair)
    assert target.written == []


def test_somebody_elses_pages_are_written_over_on_demand_alone(publisher: Publisher, tmp_path: Path) -> None:
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "index.html").write_bytes(b"our company")
    with pytest.raises(TargetError, match=r"somebody else, such as index.html"):
        sent(publisher, Folder(folder))
    assert [path.name for path in folder.iterdir()] == ["index.html"]
    sent(publisher, Folder(folder), repair=True)
    assert held(Folder(folder), publisher) == wanted(publisher)


def test_a_tampered_timestamp_is_not_believed_and_mended_on_demand(publisher: Publisher) -> None:
    target = bucket()
    sent(publisher, target)
    target.put(TIMESTAMP, b'{"signed":{"version":999}}', {})
    target.put("index.html", b"tampered", {})
    with pytest.raises(TargetError, match="cannot be checked"):
        sent(publisher, target)
    plan = sent(publisher, target, repair=True)
    assert {item.name for item in plan.send} == {TIMESTAMP, "index.html"}
    assert held(target, publisher) == wanted(publisher)


def test_a_store_that_does_not_remember_compares_every_file(publisher: Publisher, tmp_path: Path) -> None:
    """As after `recover`, or on another machine."""
    target = Watched(bucket())
    sent(publisher, target)
    shutil.rmtree(publisher.store / "deployed")
    publisher.refresh(LATER)
    target.target.remove("feed.atom")
    target.written.clear()
    assert {item.name for item in sent(publisher, target).send} == {TIMESTAMP, "feed.atom"}
    assert target.written == ["feed.atom", TIMESTAMP]


def test_a_fixed_file_with_other_bytes_stops_it(publisher: Publisher) -> None:
    target = bucket()
    sent(publisher, target)
    publisher.publish_note("third", LATER)
    snapshot = publisher.snapshot()
    path = tree.VERSION_DIFF.path(3)
    target.put(path, b"{}", {})
    with pytest.raises(TargetError, match=r"diff.json is there with other bytes, and it never changes"):
        sent(publisher, target)
    assert target.get(TIMESTAMP) != snapshot.read(TIMESTAMP)


def test_roots_and_keys_that_came_meanwhile_are_followed(publisher: Publisher, tmp_path: Path) -> None:
    """A target that still has the root before is compared from there."""
    from publishers import rotate_from  # noqa: PLC0415

    target = bucket()
    sent(publisher, target)
    rotate_from(publisher.folder, LATER.isoformat(), "rotated")
    shutil.rmtree(publisher.store / "deployed")
    sent(publisher, target)
    assert held(target, publisher) == wanted(publisher)
