"""Findings in a report: what rests on what, how many are told, and that one does not hide another."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from memory_publisher import NOW, MemoryPublisher
from register_api.core.canonical import encode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.key_list import check_keys
from register_api.errors import Malformed
from register_api.verify.report_text import render_brief, render_text
from verify_outcome import failed, sentence_of

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
    assert "and 15 more" in sentence_of(report, "V16")
    assert report.versions_checked is None
    assert "stopped at version 20" in sentence_of(report, "V13")


HOSTILE_TEXTS = {
    "escape": "\x1b[31m\x1b]0;x\x07",
    "order": "\u202etxt.exe",
    "lines": "a\nok V99",
    "long": "a" * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
@pytest.mark.parametrize("place", ["date in a feed", "id in a diff", "path in the list of head files"])
def test_a_finding_quotes_the_publisher_in_one_short_printable_line(
    publisher: MemoryPublisher, run: Run, place: str, text: str
) -> None:
    """Whoever signs a document may write anything into it; none of it reaches a terminal as a control."""
    if place == "date in a feed":
        feed = json.loads(publisher.files[tree.FEED_JSON.path()])
        feed["items"][0]["date_published"] = text
        publisher.write_signed(tree.FEED_JSON.path(), encode(feed))
        publisher.vouch()
    elif place == "id in a diff":
        register = publisher.next_register()
        diff = publisher.diff(register)
        changes = tuple(msgspec.structs.replace(one, subprocessor=text) for one in diff.changes)
        publisher.publish_made(register, msgspec.structs.replace(diff, changes=changes))
    else:
        heads = json.loads(publisher.files[tree.HEADS.path()])
        heads["files"][-1]["path"] = f"v2/{text}"
        publisher.write_signed(tree.HEADS.path(), encode(heads))
        publisher.vouch(relist=False)
    steps: list[str] = []
    report = run(publisher.files, progress=lambda _done, _total, step: steps.append(step))
    assert report.exit_code in (11, 18)
    lines = [*render_text(report).splitlines(), *render_brief(report).splitlines(), *steps]
    assert all(line.isprintable() and len(line) < 6000 for line in lines)
    assert not any(line.startswith("ok V99") for line in lines)


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
