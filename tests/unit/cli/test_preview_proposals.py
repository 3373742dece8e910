"""preview and check say what the publisher may have meant, and change nothing."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from publishers import NOW

if TYPE_CHECKING:
    from conftest import Call

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


def call(publisher: Publisher, line: str) -> None:
    """Give the one vendor another name, and what else its file is to say of that."""
    file = publisher.source / "subprocessors" / "acme.toml"
    file.write_text(file.read_text("utf-8").replace('name = "Acme Oy"', line, 1), "utf-8")


def test_preview_proposes_after_the_changes(published: Call, publisher: Publisher) -> None:
    call(publisher, 'name = "Zeta Oy"')
    lines = published("preview").stdout.splitlines()
    heading = lines.index(HEADING)
    assert lines[0].startswith("Version 2 (change) against version 1:")
    assert lines[heading + 1] == "  • Acme Oy is called Zeta Oy now.  [former name]"
    assert lines[heading + 2] == '      → subprocessors/acme.toml: formerly = ["Acme Oy"]'


def test_a_proposal_that_was_followed_is_not_repeated(published: Call, publisher: Publisher) -> None:
    call(publisher, 'name = "Zeta Oy"\nformerly = ["Acme Oy"]')
    assert HEADING not in published("preview").stdout


def test_a_correction_gets_no_proposals(published: Call, publisher: Publisher) -> None:
    call(publisher, 'name = "Zeta Oy"')
    assert HEADING not in published("preview", "--corrects", "1").stdout


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
    (proposal,) = json.loads(published("check", "--format", "json").stdout)["proposals"]
    assert proposal.keys() == {"kind", "subprocessors", "seen", "edits", "advice"}
    assert (proposal["kind"], proposal["subprocessors"]) == ("rename", ["acme", "acme-cloud"])
    assert proposal["edits"] == [
        {"file": "subprocessors/acme.toml", "key": "name", "value": '"Oy ACME"'},
        {"file": "subprocessors/acme.toml", "key": "formerly", "value": '["Acme Oy"]'},
    ]


@pytest.mark.parametrize("command", ["check", "preview"])
def test_a_complete_source_gets_no_proposals(published: Call, publisher: Publisher, command: str) -> None:
    publisher.list("beta", f"starts_on = {LATER}")
    assert HEADING not in published(command).stdout


def test_a_source_that_cannot_be_read_gets_none(published: Call, publisher: Publisher) -> None:
    (publisher.source / "register.toml").write_text("=", "utf-8")
    assert json.loads(published("check", "--format", "json").stdout)["proposals"] == []
