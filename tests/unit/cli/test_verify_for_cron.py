"""`verify` run by a timer: silent where nothing is to be said, with a code for each thing that is."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from publishers import NOW
from register_api.verify.state import locked
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result
    from conftest import Call, Clock

    from publishers import Publisher

OBJECTION = 'objection = { days = 14, contact = "mailto:privacy@example.com" }\n'


@pytest.fixture
def base(publisher: Publisher) -> Iterator[str]:
    """Where one version is published, with a promise of days to object."""
    publisher.say(notice=OBJECTION)
    publisher.publish()
    with static_host(publisher.store / "public") as address:
        yield address


@pytest.fixture
def cron(call: Call, base: str, clock: Clock) -> Call:
    """The job, a minute after the last publication."""

    def run(*options: str) -> Result:
        clock.pass_by(minutes=2)
        return call("verify", base, "--state", "seen", *options)

    return run


def announce(publisher: Publisher, clock: Clock, days: int = 40) -> None:
    """Publish that another vendor comes."""
    clock.pass_by(minutes=2)
    publisher.list("beta", f"starts_on = {clock.now().date() + dt.timedelta(days=days)}\n")
    publisher.publish(clock.now())


def test_a_quiet_run_says_nothing_where_nothing_is_to_be_said(cron: Call) -> None:
    for options in ((), ("--fail-on", "change,late,short,deadline<=14"), ("--json",), ("--quick",)):
        result = cron("--quiet", *options)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", ""), options


def test_a_change_ends_with_a_code_of_its_own_once(cron: Call, publisher: Publisher, clock: Clock) -> None:
    assert cron("--quiet", "--fail-on", "change").exit_code == 0
    announce(publisher, clock)
    result = cron("--quiet", "--fail-on", "change")
    assert result.exit_code == 22
    assert "\nNew:\n  - Version 2: Beta Oy" in result.stdout
    assert "Changed (exit code 22): see Version and New." in result.stdout
    assert "V01" not in result.stdout
    assert cron("--quiet", "--fail-on", "change").exit_code == 0


def test_a_deadline_is_told_on_every_run_until_it_has_passed(
    cron: Call, publisher: Publisher, clock: Clock
) -> None:
    announce(publisher, clock)
    until = (clock.now() + dt.timedelta(days=14)).date()
    for options in ((), ("--quick",)):
        report = json.loads(cron("--json", *options).stdout)
        (deadline,) = report["deadlines"]
        assert (deadline["day"], deadline["days_left"]) == (str(until), 14)
        assert deadline["subprocessor"] == "beta"
    assert cron("--quiet", "--fail-on", "deadline<=13").exit_code == 0
    near = cron("--quiet", "--fail-on", "deadline<=14")
    assert near.exit_code == 21
    assert f"\nOpen deadlines:\n  - {until} (14 days left): Beta Oy" in near.stdout
    assert "; object at mailto:privacy@example.com." in near.stdout
    clock.pass_by(days=15)
    publisher.refresh(clock.now())
    assert cron("--quiet", "--fail-on", "deadline<=14").exit_code == 0


def test_changes_are_told_once_and_in_the_verifiers_words(
    cron: Call, publisher: Publisher, clock: Clock
) -> None:
    cron()
    announce(publisher, clock)
    (change,) = json.loads(cron("--json").stdout)["changes"]
    assert (change["version"], change["id"], change["subprocessor"]) == (2, "2-1", "beta")
    assert change["sentence"].startswith("Beta Oy")
    assert json.loads(cron("--json").stdout)["changes"] == []


def test_a_quick_run_leaves_changes_to_the_next_that_is_not(
    cron: Call, publisher: Publisher, clock: Clock
) -> None:
    cron()
    announce(publisher, clock)
    assert cron("--quick", "--fail-on", "change").exit_code == 22
    assert len(json.loads(cron("--json").stdout)["changes"]) == 1


def test_a_finding_weighs_more_than_what_was_asked_for(
    cron: Call, publisher: Publisher, clock: Clock
) -> None:
    cron()
    announce(publisher, clock)
    clock.pass_by(days=60)
    result = cron("--quiet", "--fail-on", "change,deadline<=99")
    assert result.exit_code == 13
    assert "FAILED" in result.stdout
    assert "New:" not in result.stdout


def test_what_is_stale_is_named_with_its_end(cron: Call, clock: Clock) -> None:
    """The timestamp, whose two days have passed; snapshot and targets last for a year."""
    clock.pass_by(days=60)
    result = cron()
    assert result.exit_code == 13
    until = NOW + dt.timedelta(hours=48)
    assert "timestamp.json: the timestamp metadata has expired on" in " ".join(result.stdout.split())
    assert f"has expired on {until:%Y-%m-%d}" in " ".join(result.stdout.split())


def test_a_state_that_another_run_holds_has_a_code_of_its_own(cron: Call, folder: Path) -> None:
    with locked(folder / "seen"):
        result = cron("--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert (report["exit_code"], report["word"], report["checks"]) == (3, "state in use", [])
    assert report["error"]["hint"] == "try again once it has ended"
    assert cron().exit_code == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--no-such-option",),
        ("--fail-on", "soon"),
        ("--root", "none.json"),
        ("--acknowledge", "x"),
        ("--history", "some"),
        ("--quick", "--history", "all"),
    ],
)
def test_json_is_printed_with_wrong_use_too(cron: Call, options: tuple[str, ...]) -> None:
    result = cron("--json", *options)
    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert (report["exit_code"], report["word"]) == (2, "usage error")
    assert report["error"]["message"]
    assert result.stderr
    assert cron(*options).stdout == ""


def test_without_an_address_the_report_has_none(call: Call) -> None:
    report = json.loads(call("verify", "--json").stdout)
    assert (report["base"], report["exit_code"]) == ("", 2)
