"""A browser shows the preview, and follows what is saved: an edit, a fault, and the fault mended."""

from __future__ import annotations

import datetime as dt
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

import node_judges
from programs import REGISTER_API, started
from publishers import NOW, Publisher
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

    from programs import Program


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    """One published version, and a second vendor since."""
    made = Publisher(tmp_path_factory.mktemp("preview"))
    made.publish()
    made.list("beta", f"starts_on = {(NOW + dt.timedelta(days=40)).date()}")
    return made


@pytest.fixture(scope="module")
def seen(publisher: Publisher) -> dict[str, Any]:
    """Return what the browser saw at each step (``tests/node/preview-page.mjs``)."""
    node_judges.need_package("puppeteer-core")
    before = below(publisher.store)
    with serving(publisher) as program, pytest.MonkeyPatch.context() as patch:
        url = program.first_line().split()[2]
        patch.setenv("CHROMIUM", need("chromium"))
        file = publisher.source / "subprocessors" / "acme.toml"
        (line,) = node_judges.node("preview-page.mjs", url, file)
        assert program.end(signal.SIGINT) == 0
    assert below(publisher.store) == before
    return dict(json.loads(line))


def serving(publisher: Publisher) -> Any:
    folders = ("--source", publisher.source, "--store", publisher.store)
    return started(*REGISTER_API, "preview", "--serve", "--port", "0", *map(str, folders))


def below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_page_follows_the_source_by_itself(seen: dict[str, Any]) -> None:
    for step in ("start", "edited", "mended"):
        assert seen[step]["banner"] == "Preview of version 2. Nothing has been published."
        assert (seen[step]["heading"], seen[step]["address"]) == ("Acme Oy", "/subprocessors/acme/")
    assert seen["start"]["colour"] == "sticky"  # its style is allowed


def test_faults_are_shown_in_the_place_of_the_page(seen: dict[str, Any]) -> None:
    broken = seen["broken"]
    assert broken["heading"] == "The source cannot be published yet"
    assert broken["address"] == "/subprocessors/acme/"
    assert "subprocessors/acme.toml:" in broken["text"]


def test_feed_entry_and_mail_are_a_click_away(seen: dict[str, Any]) -> None:
    assert "Beta Oy will be added as a sub-processor" in seen["notice"]["text"]


def test_no_policy_is_broken(seen: dict[str, Any]) -> None:
    """The console says nothing but that the page of faults is not a page that was asked for."""
    assert [line for line in seen["console"] if "422" not in line] == []


def test_it_ends_well_when_it_is_told_to(publisher: Publisher) -> None:
    program: Program
    with serving(publisher) as program:
        program.first_line()
        assert program.end(signal.SIGTERM) == 0
        assert program.errors() == ""
