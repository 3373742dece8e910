"""The filters of the register's page in a browser: with the script and without it, by keyboard, shared."""

from __future__ import annotations

import json
from typing import Any

import pytest

import node_judges
import sample_register as sample
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.publish.page.render import index_page
from register_api.publish.templating import SCRIPT
from register_api.style import ICON
from static_host import static_host
from tools import need

ALL = ["Nordic Hosting", "Acme Inc.", "Other LLM", "Hasty Mail", "Counter Analytics", "Old Mail", "Old Mail"]
CONTROLS = ["q", "category", "status", "country", "use", "outside"]
PAGE = {
    tree.INDEX.path(): index_page(sample.view()),
    tree.SCRIPT.path(digest(SCRIPT)): SCRIPT,
    tree.ICON.path(): ICON,
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a browser saw at each step (``tests/node/filter-page.mjs``)."""
    for package in ("axe-core", "puppeteer-core"):
        node_judges.need_package(package)
    folder = tmp_path_factory.mktemp("filters")
    for path, data in PAGE.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)
    with pytest.MonkeyPatch.context() as patch, static_host(folder) as base:
        patch.setenv("CHROMIUM", need("chromium"))
        (line,) = node_judges.node("filter-page.mjs", f"{base}/")
    return json.loads(line)


def test_all_is_shown_until_something_is_asked(found: dict[str, Any]) -> None:
    """A product is not offered where there is none to choose from."""
    start = found["start"]
    assert (start["rows"], start["controls"]) == (ALL, CONTROLS)
    assert (start["status"], start["nothing"], start["query"]) == ("", False, "")


def test_what_is_typed_is_found_regardless_of_case_and_accents(found: dict[str, Any]) -> None:
    """The address holds what is asked, and the number of entries is said."""
    typed = found["typed"]
    assert (typed["rows"], typed["empty"]) == (["Nordic Hosting"], 0)
    assert typed["status"] == "Entries shown: 1 of 7"
    assert typed["query"] == "?q=N%C3%93RDIC+host"
    assert typed["controls"] == [*CONTROLS, "Clear filters"]


def test_filters_hold_together_and_are_taken_back(found: dict[str, Any]) -> None:
    """Nothing matches both; the back button takes the last one back, and a button all of them."""
    combined, back, cleared = found["combined"], found["back"], found["cleared"]
    assert (combined["rows"], combined["nothing"], combined["empty"]) == ([], True, 0)
    assert combined["query"] == "?q=N%C3%93RDIC+host&category=operations"
    assert back == found["typed"]
    assert (cleared["rows"], cleared["query"], cleared["nothing"]) == (ALL, "", False)
    assert (cleared["status"], found["focus"]) == ("All 7 entries are shown.", "q")


def test_the_keyboard_suffices_and_paper_shows_all(found: dict[str, Any]) -> None:
    assert (found["outside"]["rows"], found["outside"]["query"]) == (["Acme Inc."], "?outside=1")
    assert (found["printed"]["rows"], found["printed"]["controls"]) == (ALL, [])


def test_an_address_brings_its_filters_with_it(found: dict[str, Any]) -> None:
    """What else it asks stays; what is not offered asks for nothing."""
    restored, unknown = found["restored"], found["unknown"]
    assert (restored["rows"], restored["status"]) == (["Old Mail"], "Entries shown: 1 of 7")
    assert restored["query"] == "?q=mail&status=ended&kept=1"
    assert (unknown["rows"], unknown["status"]) == (ALL, "")


@pytest.mark.parametrize("name", ["markup", "long", "pattern", "number", "braces"])
def test_whatever_an_address_asks_is_text(found: dict[str, Any], name: str) -> None:
    """Markup, a pattern, and 100,000 letters, of which 200 are taken."""
    said = found["hostile"][name]
    assert (said["rows"], said["nothing"], said["images"]) == ([], True, 0)
    assert said["status"] == "Entries shown: 0 of 7"
    assert said["search"] == {"markup": 30, "long": 200, "pattern": 6, "number": 5, "braces": 12}[name]


def test_without_the_script_two_filters_work_and_no_search_is_shown(found: dict[str, Any]) -> None:
    assert found["plain"] == {"start": 7, "search": 0, "outside": 1, "both": 0, "nothing": True}


def test_axe_finds_nothing_and_the_console_is_silent(found: dict[str, Any]) -> None:
    """Under the page's own policy, which lets nothing run but the script whose digest stands in the page."""
    assert (found["axe"], found["console"]) == ([], [])
