"""preview and check say what the publisher may have meant, and change nothing."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from publishers import NOW

if TYPE_CHECKING:
    from conftest import Call, Clock

    from publishers import Publisher

HEADING = "Perhaps meant; you decide, nothing is changed:"
LATER = (NOW + dt.timedelta(days=40)).date()


def rename(publisher: Publisher) -> None:
    """Give the one vendor's file another name, as somebody does who does not know that ids stay."""
    folder = publisher.source / "subprocessors"
    text = (folder / "acme.toml").read_text("utf-8").replace('name = "Acme Oy"', 'name = "Oy ACME"', 1)
    (folder / "acme-cloud.toml").write_text(text, "utf-8")
    (folder / "acme.toml").unlink()
    register = publisher.source / "register.toml"
    register.write_text(register.read_text("utf-8").replace('order = ["acme"]', "order = []"), "utf-8")


def move(publisher: Publisher, country: str) -> None:
    """Write another country for the one vendor."""
    file = publisher.source / "subprocessors" / "acme.toml"
    text = file.read_text("utf-8")
    old = text[text.index("\ncountry = ") :].splitlines()[1]
    file.write_text(text.replace(old, f'country = "{country}"'), "utf-8")


def test_preview_proposes_after_the_changes(published: Call, publisher: Publisher) -> None:
    move(publisher, "SE")
    lines = published("preview").stdout.splitlines()
    heading = lines.index(HEADING)
    assert lines[0].startswith("Version 2 (change) against version 1:")
    assert lines[heading + 1].startswith("  • Of Acme Oy nothing changes but the country (FI → SE)")
    assert lines[heading + 1].endswith("[correction]")
    assert lines[heading + 2] == "      → publish with --corrects 1"


def test_who_follows_a_proposal_is_not_told_again(published: Call, publisher: Publisher) -> None:
    move(publisher, "SE")
    assert HEADING not in published("preview", "--corrects", "1").stdout


def test_the_version_that_brought_a_country_in_is_found_in_the_store(
    published: Call, publisher: Publisher, clock: Clock
) -> None:
    clock.pass_by(days=20)
    move(publisher, "SE")
    assert published("publish").exit_code == 0
    for note in ("second", "third"):
        clock.pass_by(days=5)
        publisher.say(note)
        assert published("publish").exit_code == 0
    clock.pass_by(days=1)
    move(publisher, "DK")
    assert "→ publish with --corrects 2" in published("preview").stdout
    clock.pass_by(days=4)
    assert HEADING not in published("preview").stdout


def test_a_refused_source_gets_its_proposals_too(published: Call, publisher: Publisher) -> None:
    """A file under a new name breaks R03; what was meant is what helps."""
    rename(publisher)
    result = published("preview")
    assert result.exit_code == 1
    assert "error R03" in result.stderr
    assert result.stdout.splitlines()[0] == HEADING
    assert '      → subprocessors/acme.toml: formerly = ["Acme Oy"]' in result.stdout.splitlines()
    assert HEADING in published("check").stdout


def test_proposals_for_machines(published: Call, publisher: Publisher) -> None:
    """The diff has them beside its own members; of a refused source check has them."""
    assert json.loads(published("preview", "--json").stdout)["proposals"] == []
    rename(publisher)
    result = published("preview", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    (proposal,) = json.loads(published("check", "--json").stdout)["proposals"]
    assert proposal.keys() == {"kind", "subprocessors", "seen", "edits", "options", "advice"}
    assert (proposal["kind"], proposal["subprocessors"]) == ("rename", ["acme", "acme-cloud"])
    assert proposal["edits"] == [
        {"file": "subprocessors/acme.toml", "key": "name", "value": '"Oy ACME"'},
        {"file": "subprocessors/acme.toml", "key": "formerly", "value": '["Acme Oy"]'},
    ]


@pytest.mark.parametrize("command", ["check", "preview"])
def test_where_all_is_said_nothing_is_proposed(published: Call, publisher: Publisher, command: str) -> None:
    publisher.list("beta", f"starts_on = {LATER}")
    assert HEADING not in published(command).stdout


def test_a_source_that_cannot_be_read_gets_none(published: Call, publisher: Publisher) -> None:
    (publisher.source / "register.toml").write_text("=", "utf-8")
    assert json.loads(published("check", "--json").stdout)["proposals"] == []
