"""Versions that their publisher disowned: told to who remembers them, until acknowledged (V33)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from memory_publisher import MemoryPublisher
from register_api.core.documents import KeyList
from register_api.core.key_list import disowned_since
from register_api.verify import state
from register_api.verify.report_text import render_text
from verify_outcome import failed, result, sentence_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

QUICK, NONE, FULL = {"quick": True}, {"history": "none"}, {}
WAYS = pytest.mark.parametrize("way", [QUICK, NONE, FULL])
"""How a customer looks."""


@pytest.fixture
def stolen(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> MemoryPublisher:
    """Three versions that a customer has read; then the last two are disowned, and a fourth corrects them."""
    assert run(publisher.files, state=tmp_path).exit_code == 0
    publisher.disown_after(1, 62)
    return publisher.publish()


@WAYS
def test_a_disowned_version_is_reported_before_and_after_it_is_acknowledged(
    stolen: MemoryPublisher, run: Run, tmp_path: Path, way: dict[str, object]
) -> None:
    """However the customer looks; with version, key, instant and reason, in the publisher's words, too."""
    for _ in range(2):
        report = run(stolen.files, state=tmp_path, **way)
        assert failed(report) == {"V33": 16}
    assert "--acknowledge 2-3" in render_text(report)
    (one,) = report.disowned
    assert (one.first_version, one.last_version, one.acknowledged) == (2, 3, False)
    assert one.key == stolen.records[0]
    for word in (one.key.kid, "versions 2 to 3", "version 1", "compromised", "The laptop was stolen."):
        assert word in one.sentence
    assert run(stolen.files, state=tmp_path, acknowledge=((2, 3),), **way).exit_code == 0
    stolen.publish()
    for each in (way, FULL, QUICK):
        report = run(stolen.files, state=tmp_path, **each)
        assert (report.exit_code, [one.acknowledged for one in report.disowned]) == (0, [True])
        assert f"{one.sentence} Acknowledged.\n" in render_text(report)


@pytest.mark.parametrize("versions", [(2, 2), (3, 3), (1, 1), (4, 9)])
def test_only_what_was_named_whole_is_acknowledged(
    stolen: MemoryPublisher, run: Run, tmp_path: Path, versions: tuple[int, int]
) -> None:
    """A part is not the whole, and what is not disowned today cannot be acknowledged for later."""
    assert run(stolen.files, state=tmp_path, acknowledge=(versions,)).exit_code == 16
    kept = state.load(tmp_path)
    assert kept is not None
    assert kept.acknowledged == ((versions,) if versions in {(2, 2), (3, 3)} else ())


def test_what_nobody_disowned_is_not_acknowledged_beforehand(
    publisher: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """The report says so; when it is disowned later, the customer is told."""
    report = run(publisher.files, state=tmp_path, acknowledge=((2, 3),))
    assert (report.exit_code, "Nothing was acknowledged" in render_text(report)) == (0, True)
    publisher.disown_after(1, 62)
    publisher.publish()
    assert failed(run(publisher.files, state=tmp_path, quick=True)) == {"V33": 16}


@WAYS
def test_a_disowned_newest_version_is_reported_at_once_and_refused(
    publisher: MemoryPublisher, run: Run, tmp_path: Path, way: dict[str, object]
) -> None:
    """Nobody stands for it, so no acknowledgement makes it good: the next version does."""
    run(publisher.files, state=tmp_path)
    publisher.disown_after(2, 62)
    for acknowledged in ((), ((3, 3),)):
        report = run(publisher.files, state=tmp_path, acknowledge=acknowledged, **way)
        assert (report.exit_code, failed(report)["V05"], len(report.disowned)) == (16, 16, 1)
    assert "wait for the version after it" in render_text(run(publisher.files, state=tmp_path, **way))
    publisher.publish()
    assert failed(run(publisher.files, state=tmp_path, **way)) == {"V33": 16}
    assert run(publisher.files, state=tmp_path, acknowledge=((3, 3),), **way).exit_code == 0


def test_who_had_not_read_it_can_go_on_too(run: Run, tmp_path: Path) -> None:
    """Its signatures are then judged by the list of keys that the log holds of it; nothing else is spared."""
    publisher = MemoryPublisher().publish()
    run(publisher.files, state=tmp_path)
    publisher.publish()
    publisher.disown_after(1, 62)
    publisher.publish()
    for _ in range(2):
        assert failed(run(publisher.files, state=tmp_path)) == {"V17": 16, "V33": 16}
    report = run(publisher.files, state=tmp_path, acknowledge=((2, 2),))
    assert (report.exit_code, report.versions_checked) == (0, (2, 3))
    assert run(publisher.files, state=tmp_path, history="all").exit_code == 0
    forged = {**publisher.files, "v1/versions/2/register.json.sig": bytes(64)}
    assert failed(run(forged, state=tmp_path, history="all")) == {"V17": 12}


def test_a_new_customer_learns_of_it_from_signature_and_key_list(stolen: MemoryPublisher, run: Run) -> None:
    """Whoever reads the versions in full needs no memory; whoever does not read them has none of them."""
    report = run(stolen.files)
    assert failed(report) == {"V17": 16, "V33": 16}
    assert "not valid for version 2" in sentence_of(report, "V17")
    assert result(run(stolen.files, history="none"), "V33") == "skipped"


def test_a_key_that_is_ended_once_more_takes_more_with_it(
    stolen: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """What was acknowledged before does not cover it."""
    publisher = MemoryPublisher().publish().publish().publish().publish()
    run(publisher.files, state=tmp_path / "other")
    publisher.disown_after(3, 62)
    publisher.publish()
    assert run(publisher.files, state=tmp_path / "other", acknowledge=((4, 4),)).exit_code == 0
    ended, *_, following = publisher.records
    publisher.records[0] = msgspec.structs.replace(ended, last_version=2)
    publisher.records[-1] = msgspec.structs.replace(following, first_version=3)
    publisher.publish()
    report = run(publisher.files, state=tmp_path / "other", quick=True)
    assert (report.exit_code, "--acknowledge 3-4" in render_text(report)) == (16, True)


def test_a_rotated_key_disowns_nothing(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """Its range ends with the newest version; a key that had signed nothing may be replaced."""
    run(publisher.files, state=tmp_path)
    publisher.rotate_document_key(62)
    publisher.publish()
    assert run(publisher.files, state=tmp_path, quick=True).disowned == ()
    older = KeyList(register=publisher.name, keys=tuple(publisher.records))
    newer = KeyList(register=publisher.name, keys=tuple(publisher.records[:-1]))
    assert list(disowned_since(older, newer, 3)) == []
    feed = publisher.records[2]
    shorter = msgspec.structs.replace(feed, last_version=1, ended=publisher.records[0].ended)
    assert list(disowned_since(older, KeyList(register=publisher.name, keys=(shorter,)), 3)) == []
