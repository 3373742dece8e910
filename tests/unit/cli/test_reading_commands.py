"""keys list and diff: what is published, in words and for machines."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from publishers import NOW, Publisher
from register_api.core.format import tree
from register_api.verify.state import locked

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Call, Clock

LATER = (NOW + dt.timedelta(days=40)).date()


@pytest.fixture
def two(published: Call, publisher: Publisher) -> Call:
    """Two versions, of which the second announces a vendor."""
    publisher.list("beta", f"starts_on = {LATER}")
    assert published("publish").exit_code == 0
    return published


def version_file(publisher: Publisher, version: int) -> Path:
    return publisher.store / "public" / tree.VERSION_REGISTER.path(version)


def test_keys_are_listed_with_the_versions_they_are_good_for(two: Call) -> None:
    result = two("keys", "list")
    assert result.exit_code == 0
    rows = [row.split() for row in result.stdout.splitlines()]
    assert [row[0] for row in rows] == ["document", "log", "feed", "root", "targets", "online"]
    assert all(" ".join(row[2:]) == "from version 1 to this day" for row in rows[:3])
    assert all(" ".join(row[2:]) == "1 of 1, by version 1 of the root" for row in rows[3:])


def test_keys_for_machines_are_the_published_list(two: Call, publisher: Publisher) -> None:
    listed = json.loads(two("keys", "list", "--json").stdout)
    assert listed == json.loads((publisher.store / "public/v1/keys.json").read_bytes())


def test_keys_of_an_empty_store_are_none(call: Call) -> None:
    result = call("keys", "list")
    assert result.exit_code == 1
    assert "nothing was published into" in result.stderr


def test_diff_of_two_versions_in_words(two: Call) -> None:
    result = two("diff", "1", "2")
    assert result.exit_code == 0
    assert "Version 2 (change) against version 1:" in result.stdout
    assert "Beta Oy" in result.stdout
    assert "40 days' notice given (30 required)." in result.stdout


def test_diff_for_machines_is_what_was_published(two: Call, publisher: Publisher) -> None:
    document = json.loads(two("diff", "1", "2", "--json").stdout)
    stored = json.loads((publisher.store / "public/v1/versions/2/diff.json").read_bytes())
    assert document == stored


def test_diff_of_two_files_is_that_of_the_versions(two: Call, publisher: Publisher, folder: Path) -> None:
    """Files need no store: a customer compares what was kept."""
    files = [str(version_file(publisher, version)) for version in (1, 2)]
    by_version = two("diff", "1", "2", "--json").stdout
    assert two("diff", *files, "--json", "--store", str(folder / "none")).stdout == by_version


def test_diff_of_a_version_with_itself_has_no_change(two: Call) -> None:
    result = two("diff", "2", "2")
    assert result.exit_code == 0
    assert "no change that concerns customers" in result.stdout


@pytest.mark.parametrize(
    ("older", "newer", "code", "told"),
    [
        ("1", "3", 2, "version 3 not found"),
        ("0", "1", 2, "version 0 not found"),
        ("none.json", "1", 2, "none.json cannot be read: No such file"),
        ("register", "1", 2, "register cannot be read: Is a directory"),
        ("broken.json", "1", 11, "malformed: broken.json is not a published register"),
        ("strange.json", "1", 2, "these are two registers"),
        ("zone.json", "1", 11, "is not a time zone"),
    ],
)
def test_diff_of_what_cannot_be_compared(
    two: Call, publisher: Publisher, folder: Path, older: str, newer: str, code: int, told: str
) -> None:
    data = version_file(publisher, 1).read_bytes()
    (folder / "broken.json").write_bytes(data[:-1])
    (folder / "strange.json").write_bytes(data.replace(b"example.com/sub", b"example.org/sub"))
    (folder / "zone.json").write_bytes(data.replace(b'"time_zone":"UTC"', b'"time_zone":"../etc"'))
    result = two("diff", *((newer, older) if older == "zone.json" else (older, newer)))
    assert result.exit_code == code, result.output
    assert told in result.stderr


def test_diff_by_version_needs_a_store(call: Call) -> None:
    result = call("diff", "1", "2")
    assert result.exit_code == 1
    assert "nothing was published into" in result.stderr


def test_a_verified_folder_is_reported_in_words_and_for_machines(
    two: Call, publisher: Publisher, clock: Clock
) -> None:
    """Nothing answers at that address: the report says so, and the exit code is the finding's."""
    address = "http://127.0.0.1:9/"
    result = two("verify", address)
    assert result.exit_code == 10
    assert "127.0.0.1:9" in result.stdout
    document = json.loads(two("verify", address, "--json").stdout)
    assert (document["exit_code"], document["word"]) == (10, "unreachable, withheld")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fail-on", "soon"), "takes change, late, short"),
        (("--fail-on", "deadline<=x"), "takes change, late, short"),
        (("--fail-on", "deadline<=1,deadline<=2"), "takes change, late, short"),
        (("--fail-on", "late,short", "--history", "none"), "read in full"),
        (("--fail-on", "late", "--state", "state", "--quick"), "read in full"),
        (("--fail-on", "change"), "what --state remembers"),
        (("--nonsense",), "no such option"),
        (("--state", "held"), "another run is using"),
    ],
)
def test_an_ending_without_any_check_is_told_to_people_and_to_machines(
    call: Call, folder: Path, options: tuple[str, ...], said: str
) -> None:
    """A program that asked for JSON gets JSON, whatever the run ends with."""
    with locked(folder / "held"):
        result = call("verify", "http://127.0.0.1:9/", *options, "--json")
    code = 3 if "held" in options else 2
    document = json.loads(result.stdout)
    assert result.exit_code == document["exit_code"] == code
    assert said in result.stderr
    assert said in document["error"]["message"]


def test_a_quiet_run_that_cannot_verify_says_why_alone(call: Call) -> None:
    result = call("verify", "http://127.0.0.1:9/", "--quiet")
    assert result.exit_code == 10
    assert "NOT VERIFIED" in result.stdout
    assert "ok   " not in result.stdout
