"""The page that checks registers: one file, complete, small, and the same as the documentation says."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import promise_story
from examples import FIRST, NOW, TODAY, make_context, make_draft, make_engagement, make_vendor
from memory_folder import memory_folder
from node_judges import node
from programs import output_of
from register_api.clock import zone_of
from register_api.core import model
from register_api.core.canonical import digest, encode
from register_api.core.instant import days_of_notice, earliest_start
from register_api.core.judging import judge
from register_api.core.model import NoticeSource
from register_api.core.notice_period import Promises, promises_of
from register_api.core.versioning import make_version
from register_api.publish.templating import MODULES, check_page
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.judging.changes import NoticeGiven
    from register_api.core.model import Register

DOCS = Path(__file__).parents[3] / "docs"
ROOM = Path(str(files("register_api.publish"))) / "check_page"
PROGRAM = ROOM / "program"
PAGE = check_page().decode()
SCRIPT = PAGE.partition('<script type="module">')[2].partition("</script>")[0]

MAX_BYTES = 90_000
MAX_COMPRESSED = 27_000

_DECLARED = re.compile(r"^(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)


def sentences() -> dict[str, dict[str, str]]:
    """Every sentence by language and name, read without a program."""
    text = (PROGRAM / "sentences.js").read_text("utf-8")
    tables = {}
    for language, table in re.findall(r"^  (\w\w): \{\n(.*?)^  \},", text, re.MULTILINE | re.DOTALL):
        tables[language] = {
            name: json.loads(value) for name, value in re.findall(r'(\w+): ("(?:[^"\\]|\\.)*"),?', table)
        }
    return tables


SENTENCES = sentences()
PLURAL = re.compile(r"\{(size|days|promised|since|found)\} (entries|versions|days|Einträge|Versionen|Tage)")


@pytest.mark.parametrize("language", SENTENCES)
def test_no_number_that_may_be_one_stands_before_a_plural(language: str) -> None:
    """A log of one version has no "1 entries"."""
    found = {key: text for key, text in SENTENCES[language].items() if PLURAL.search(text)}
    assert found == {}


def test_the_documentation_names_its_digest() -> None:
    """By which somebody can tell the file that came with a release."""
    assert digest(check_page()) in (DOCS / "check.md").read_text("utf-8")


def test_it_is_small() -> None:
    assert len(check_page()) < MAX_BYTES
    assert len(gzip.compress(check_page())) < MAX_COMPRESSED


def test_every_module_is_in_it_once() -> None:
    """Nothing leads to another file, and no name is taken by two modules."""
    assert {f"{name}.js" for name in MODULES} == {path.name for path in PROGRAM.iterdir()}
    assert not re.search(r"^(?:import|export) ", SCRIPT, re.MULTILINE)
    assert not re.search(r"^\s*(?:/?\*|//)", SCRIPT, re.MULTILINE)  # a comment is dropped line by line
    assert [name for name, count in Counter(_DECLARED.findall(SCRIPT)).items() if count > 1] == []


def test_it_runs_its_own_script_and_asks_no_one_but_registers() -> None:
    """And makes no markup of what it has read."""
    assert PAGE.count("<script") == PAGE.count("</script") == 1
    assert "<!--" not in SCRIPT
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(", SCRIPT)
    assert (
        re.findall(r"https?://[^\s\"'`/]+", PAGE.replace("https://${text}", ""))
        == ["https://example.com"] * 2
    )


def test_a_host_may_frame_it_no_more_than_a_page() -> None:
    """The rule on frames stands in the header alone, where it means something."""
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', PAGE)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "frame-ancestors" not in policy[1]


def test_each_language_says_everything() -> None:
    """With the same things found."""

    def found(table: dict[str, str]) -> dict[str, set[str]]:
        return {name: set(re.findall(r"\{(\w+)\}", sentence)) for name, sentence in table.items()}

    assert SENTENCES.keys() == {"en", "de"}
    assert found(SENTENCES["de"]) == found(SENTENCES["en"])


def test_every_sentence_that_is_said_is_there_and_no_other() -> None:
    """Names of failures, of what was found, and of texts of the page, most of them there before it runs."""
    program = "".join(path.read_text("utf-8") for path in PROGRAM.iterdir() if path.stem != "sentences")
    words = set(re.findall(r'"(\w+)"', program + PAGE))
    named = {name for name in SENTENCES["en"] if not re.match(r"(word|step)_", name)}
    assert named - words == set()
    meanings = "malformed|forged|stale|rolledBack|forked|untrusted|inconsistent|clock|unreachable|usage"
    failures = rf'"(?:{meanings})", "(\w+)"'
    assert set(re.findall(failures, program)) - named == set()
    assert set(re.findall(r'data-text="(\w+)"', PAGE)) - named == set()
    written = re.findall(r'data-text="(\w+)"[^>]*>([^<]+)<', PAGE)
    assert len(written) > len(SENTENCES)
    assert [(name, SENTENCES["en"][name]) for name, _ in written] == written
    steps = {f"step_{name}" for name in re.findall(r'\{ id: "(\w+)", run', program)}
    assert steps == {name for name in SENTENCES["en"] if name.startswith("step_")}


def test_the_one_script_made_of_all_modules_can_be_parsed(tmp_path: Path) -> None:
    """Imports and comments are dropped line by line, so none of them may be longer than its line."""
    path = tmp_path / "check.mjs"
    path.write_text(SCRIPT, "utf-8")
    output_of(need("node"), "--check", path)


# ------------------------------------------------------------------ notice, recounted by two programs


@pytest.fixture(scope="module")
def story() -> Iterator[tuple[Register, ...]]:
    """Three versions in which everything that publishing derives says something."""
    with memory_folder() as folder:
        yield promise_story.registers(folder)


def in_the_browser(registers: list[Any], folder: Path) -> dict[str, Any]:
    """Recount notice with the page's own modules."""
    need("node")
    path = folder / "registers.json"
    path.write_bytes(encode(registers))
    found: dict[str, Any] = json.loads("".join(node("recount.mjs", PROGRAM, path)))
    return found


def given(registers: tuple[Register, ...]) -> Iterator[NoticeGiven]:
    """Recount notice with the program."""
    zone = zone_of(registers[-1].publisher.time_zone)
    older: Register | None = None
    promises: Promises = promises_of([], zone)
    for newer in registers:
        yield from judge(older, newer, None, promises).given
        older = newer
        promises = promises_of([one for one in registers if one.version <= newer.version], zone)


def plain(register: Register) -> Any:
    return msgspec.json.decode(encode(register))


def test_both_programs_recount_the_same_notice(story: tuple[Register, ...], tmp_path: Path) -> None:
    """What the publisher set, what the command recounts, and what the page does."""
    found = in_the_browser([plain(register) for register in story], tmp_path)
    assert found.get("failure") is None
    expected = [
        (one.version, one.name, one.outcome, one.notice.days, one.reason or "") for one in given(story)
    ]
    seen = [
        (one["version"], one["name"], one["outcome"], one["days"], one["reason"]) for one in found["notices"]
    ]
    assert sorted(seen) == sorted(expected)
    assert {outcome for _, _, outcome, _, _ in seen} == {"kept", "short"}


@pytest.mark.parametrize("field", ["version", "at", "required", "promised_days", "days", "day_count", "met"])
def test_an_announcement_that_says_something_else_is_a_contradiction(
    story: tuple[Register, ...], tmp_path: Path, field: str
) -> None:
    """Each field that publishing derives is recounted."""
    others = {
        "version": 2,
        "at": "2020-01-01T00:00:00Z",
        "required": False,
        "day_count": "business",
        "met": False,
    }
    registers = [plain(register) for register in story]
    vendor = next(vendor for vendor in registers[-1]["subprocessors"] if vendor["id"] == "gamma")
    vendor["engagements"][0]["announced"][field] = others.get(field, 1000)
    found = in_the_browser(registers, tmp_path)
    assert (found["failure"], found["values"]["field"]) == ("recount", field)


def changed_starts(notice: NoticeSource) -> Iterator[tuple[Register, ...]]:
    """Yield histories in which a second version changes what is announced to begin later."""
    late, us = TODAY + dt.timedelta(days=60), model.Location(country="US")
    go = model.PlannedChangeSource(id="go", effective_on=late, set={"status": "active"})
    more = model.PlannedChangeSource(id="more", effective_on=late, set={"locations": [{"country": "US"}]})
    available = make_engagement(status="available", planned=(go,))
    starting = make_engagement(starts_on=late)
    edits = [
        (use, msgspec.structs.replace(use, **fields))
        for use, fields in [
            (available, {"locations": (us,)}),
            (available, {"planned": (go, more)}),
            (available, {"entity": model.Entity(legal_name="Other Ltd.")}),
            (available, {"purpose": "Other words"}),
            (starting, {"locations": (us,)}),
            (starting, {"entity": model.Entity(legal_name="Other Ltd.")}),
        ]
    ]
    for before, after in edits:
        first = make_version(make_draft(make_vendor(), notice=notice), make_context(now=FIRST))
        found = [first]
        for number, use in enumerate((before, after)):
            draft = make_draft(make_vendor(), make_vendor("beta", engagements=(use,)), notice=notice)
            now = NOW + dt.timedelta(days=number)
            found.append(
                make_version(draft, make_context(found[-1], now=now, promises=promises_of(found, dt.UTC)))
            )
        yield tuple(found)


@pytest.mark.parametrize(
    "events", [("addition", "activation"), ("addition", "activation", "replacement", "relocation")]
)
def test_both_programs_recount_a_changed_start(events: tuple[str, ...], tmp_path: Path) -> None:
    """It is announced again if a promise covers the change, and keeps its announcement otherwise."""
    for registers in changed_starts(NoticeSource(days=30, applies_to=events)):
        for read in (registers, registers[1:]):
            found = in_the_browser([plain(register) for register in read], tmp_path)
            assert found.get("failure") is None
        expected = [(one.version, one.notice.days) for one in given(registers)]
        seen = in_the_browser([plain(register) for register in registers], tmp_path)["notices"]
        assert sorted((one["version"], one["days"]) for one in seen) == sorted(expected)


DAYS = [
    ("2026-06-05", 5, "business", ["2026-06-10"]),
    ("2026-06-05", 5, "business", []),
    ("2026-06-06", 1, "business", ["2026-06-06", "2026-06-07"]),
    ("2026-06-01", 30, "calendar", ["2026-06-02"]),
    ("2026-12-31", 0, "business", []),
    ("1969-12-25", 12, "business", ["1970-01-01"]),
    ("2024-02-28", 366, "business", ["2024-02-29"]),
]
"""Of an announcement: its day, days promised, how they are counted, holidays."""


def test_both_programs_count_days_alike(tmp_path: Path) -> None:
    """Also from a Saturday, over a holiday on one, and backwards."""
    need("node")
    expected = []
    for day, days, count, holidays in DAYS:
        notice = NoticeSource(
            days=days,
            day_count=count,  # type: ignore[arg-type]
            holidays=tuple(map(dt.date.fromisoformat, holidays)),
            applies_to=("addition",),
        )
        begin = dt.date.fromisoformat(day)
        later = earliest_start(begin, notice)
        expected.append(
            [later.isoformat(), days_of_notice(begin, later, notice), days_of_notice(later, begin, notice)]
        )
    path = tmp_path / "days.json"
    path.write_text(json.dumps(DAYS))
    assert json.loads("".join(node("recount.mjs", PROGRAM, path, "days"))) == expected
