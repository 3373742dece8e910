"""Findings in a report: what rests on what, how many are told, and that one does not hide another."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from memory_publisher import NOW, MemoryPublisher
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.key_list import check_keys
from register_api.errors import Malformed
from verify_outcome import failed, told

if TYPE_CHECKING:
    from conftest import Run


def test_once_trust_fails_nothing_else_is_judged(publisher: MemoryPublisher, run: Run) -> None:
    """What nobody vouches for is called not checked, neither good nor bad."""
    publisher.refresh(expires=NOW - dt.timedelta(seconds=1))
    report = run(publisher.files)
    assert set(failed(report)) == {"V02"}
    assert {check.result for check in report.checks[2:]} == {"skipped"}
    assert (report.register, report.log, report.fresh_until) == (None, None, None)


def test_one_failure_does_not_hide_another(publisher: MemoryPublisher, run: Run) -> None:
    """Everything that can be found is found in one run; the worst decides."""
    log_pem = publisher.files[tree.PUBLIC_KEY.path(publisher.records[1].kid)]
    publisher.files[tree.PUBLIC_KEY.path(publisher.records[0].kid)] = log_pem
    del publisher.files[tree.VERSION_DIFF.path(2)]
    publisher.write_signed(tree.FEED_JSON.path(), publisher.json_feed(publisher.registers[::-1][:2]))
    report = run(publisher.files)
    assert failed(report) == {"V16": 10, "V22": 18, "V24": 12, "V34": 12}
    assert report.exit_code == 12


def test_a_walk_through_damaged_history_ends(run: Run) -> None:
    """After 20 versions with findings the rest is not asked for."""
    publisher = MemoryPublisher()
    publisher.publish_many(40)
    for version in range(1, 41):
        del publisher.files[tree.VERSION_DIFF.path(version)]
    report = run(publisher.files)
    assert "and 15 more" in told(report, "V16")
    assert report.versions_checked is None
    assert "stopped at version 20" in told(report, "V13")


def test_the_helper_makes_a_list_that_the_core_takes(publisher: MemoryPublisher) -> None:
    """Attacks made with the helper fail for the reason they name, not because the helper is wrong."""
    check_keys(msgspec.json.decode(publisher.files[tree.KEYS.path()], type=KeyList))


def test_a_file_is_named_once() -> None:
    """By the error itself, whatever letters its sentence has."""
    error = Malformed("a short text").of_file("a")
    assert (error.message, error.path) == ("a: a short text", "a")
    assert error.of_file("feed.atom") is error
    assert Malformed("there is no a", path="a").of_file("a").message == "there is no a"
    assert Malformed("one", hint="do this").of_file("b").hint == "do this"
