"""A folder of TOML files becomes a draft, or every reason why it does not."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from register_api.errors import Finding, Refused, UsageError
from register_api.source.file import MAX_SOURCE_BYTES, parse_source
from register_api.source.load import LoadedSource, load, load_zone
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Mapping

REGISTER = """\
register = "example.com/sub-processors"
updated_on = 2026-05-10
order = ["zebra"]
statuses = []
categories = []
[publisher]
name = "Example"
time_zone = "Europe/Berlin"
language = "en"
[notice]
days = 30
applies_to = ["addition"]
"""

ACME = """\
name = "Acme"
[[engagements]]
id = "mail"
category = "ops"
status = "active"
"""


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a source of a good register and one good vendor, changed by ``files``."""
    for name, content in {"register.toml": REGISTER, "subprocessors/acme.toml": ACME, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def told(loaded: LoadedSource) -> list[tuple[str, str, str, str, int | None]]:
    """Return rule, severity, file, key and line of every finding."""
    return [(f.rule, f.severity, f.file, f.key, f.line) for f in loaded.findings]


def test_good_source_is_a_draft_without_findings(tmp_path: Path) -> None:
    """What is right gives the register and its vendors and nothing else."""
    loaded = load(write(tmp_path, {}))
    assert loaded.findings == ()
    assert loaded.draft
    assert loaded.draft.register.publisher.name == "Example"
    assert [vendor.id for vendor in loaded.draft.subprocessors] == ["acme"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("[]", ["acme", "beta", "zebra"]),
        ('["zebra"]', ["zebra", "acme", "beta"]),
        ('["zebra", "beta", "acme"]', ["zebra", "beta", "acme"]),
        ('["nobody", "beta", "acme", "beta"]', ["beta", "acme", "zebra"]),
    ],
)
def test_vendors_follow_the_order_then_their_ids(tmp_path: Path, order: str, expected: list[str]) -> None:
    """Vendors that ``order`` leaves out come last by id; a wrong ``order`` is kept for its own rule."""
    vendor = ACME.replace("Acme", "Other")
    files = {"subprocessors/zebra.toml": vendor, "subprocessors/beta.toml": vendor}
    loaded = load(write(tmp_path, {**files, "register.toml": REGISTER.replace('["zebra"]', order)}))
    assert loaded.draft
    assert [vendor.id for vendor in loaded.draft.subprocessors] == expected
    assert list(loaded.draft.register.order) == eval(order)  # noqa: S307 - the table above


ACME_FILE = "subprocessors/acme.toml"


@pytest.mark.parametrize(
    ("files", "finding", "words"),
    [
        (
            {ACME_FILE: ACME + 'stauts = "x"\n'},
            ("R01", "error", ACME_FILE, "engagements[0].stauts", 6),
            "did you mean status?",
        ),
        (
            {ACME_FILE: ACME.replace('"active"', '"on"')},
            ("R01", "error", ACME_FILE, "engagements[0].status", 5),
            "one of active, conditional, available",
        ),
        (
            {ACME_FILE: ACME + 'starts_on = "June"\n'},
            ("R01", "error", ACME_FILE, "engagements[0].starts_on", 6),
            "a day such as 2026-06-10",
        ),
        (
            {ACME_FILE: ACME + "[[engagements]]\ncategory = 'x'\nstatus = 'active'\n"},
            ("R01", "error", ACME_FILE, "engagements[1].id", 6),
            "id is missing: expected text",
        ),
        (
            {ACME_FILE: ACME + "locations = [{country='FI'},\n{country=1}]\n"},
            ("R01", "error", ACME_FILE, "engagements[0].locations[1].country", 7),
            "expected text, found the number 1",
        ),
        (
            {"register.toml": "version = 1\n" + REGISTER},
            ("R01", "error", "register.toml", "version", 1),
            "version is set by publishing",
        ),
        (
            {"register.toml": REGISTER.replace("Europe/Berlin", "Europe/Berln")},
            ("R05", "error", "register.toml", "publisher.time_zone", 8),
            "did you mean Europe/Berlin?",
        ),
        (
            {"register.toml": REGISTER.replace('"Europe/Berlin"', "1")},
            ("R01", "error", "register.toml", "publisher.time_zone", 8),
            "expected text",
        ),
        ({ACME_FILE: b"\xef\xbb\xbf" + ACME.encode()}, ("R01", "error", ACME_FILE, "", 1), "byte-order mark"),
        ({ACME_FILE: ACME.encode("utf-16")}, ("R01", "error", ACME_FILE, "", 1), "save it as UTF-8"),
        ({ACME_FILE: b'id = "acme"\nname = "\xe9"'}, ("R01", "error", ACME_FILE, "", 2), "not UTF-8"),
        ({ACME_FILE: ACME + "x = \n"}, ("R01", "error", ACME_FILE, "", 6), "missing value after the ="),
        (
            {ACME_FILE: ACME + 'id = "again"\n\n'},
            ("R01", "error", ACME_FILE, "", 6),
            "id is already in line 3",
        ),
        ({ACME_FILE: "a = " + "[" * 5000}, ("R01", "error", ACME_FILE, "", None), "nested too deeply"),
        (
            {ACME_FILE: "a = " + "9" * 5000},
            ("R01", "error", ACME_FILE, "", None),
            "not valid TOML",
        ),
        (
            {ACME_FILE: ACME + "#" * MAX_SOURCE_BYTES},
            ("R17", "error", ACME_FILE, "", None),
            f"more than {MAX_SOURCE_BYTES} bytes",
        ),
        (
            {ACME_FILE: 'id = "acme-inc"\n' + ACME},
            ("R02", "error", ACME_FILE, "id", 1),
            'the id is "acme-inc", but the file is named "acme"',
        ),
        (
            {"EXAMPLE.txt": "", "subprocessors/notes.md": ""},
            ("R01", "warning", "subprocessors/notes.md", "", None),
            "is not read",
        ),
        ({"a.toml": ACME}, ("R01", "warning", "a.toml", "", None), "belongs in subprocessors/<id>.toml"),
        (
            {"subprocessors/old/acme.toml": ACME},
            ("R01", "warning", "subprocessors/old/acme.toml", "", None),
            "is not read",
        ),
        (
            {"subprocessors/EXAMPLE.toml": ACME},
            ("R01", "warning", "subprocessors/EXAMPLE.toml", "", None),
            "is not read",
        ),
    ],
)  # fmt: skip
def test_one_mistake_is_one_finding(
    tmp_path: Path, files: dict[str, str | bytes], finding: tuple[str, str, str, str, int | None], words: str
) -> None:
    """Rule, severity, file, key, line and words of each; only a warning leaves a draft."""
    loaded = load(write(tmp_path, files))
    assert told(loaded) == [finding]
    assert words in loaded.findings[0].message + " " + loaded.findings[0].hint
    assert (loaded.draft is None) == (finding[1] == "error")


@pytest.mark.parametrize(
    "files",
    [
        {ACME_FILE: 'id = "acme"\n' + ACME},
        {ACME_FILE: ACME.replace("\n", "\r\n")},
        {"EXAMPLE.toml": "this is = not read"},
        {".hidden.toml": "=", "subprocessors/.acme.toml.swp": "=", ".old/acme.toml": "="},
        {"README.md": "a note beside the register"},
        {ACME_FILE: ACME + 'starts_on = "2026-06-10"\nends_on = 2026-07-10\n'},
        {ACME_FILE: ACME + "#" * (MAX_SOURCE_BYTES - len(ACME))},
        {ACME_FILE: ACME + 'notes = "one.two.three.four.five.six.seven.eight.nine.a.b.c.d.e.f.g.h"\n'},
    ],
)
def test_what_is_right_gives_no_finding(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    """The same id said twice, other line ends, hidden files and the example are fine."""
    loaded = load(write(tmp_path, files))
    assert loaded.findings == ()
    assert loaded.draft


def test_mistakes_of_all_files_come_together_in_order(tmp_path: Path) -> None:
    """The register's findings come first, then the vendors', each file's by line."""
    files = {
        "register.toml": REGISTER.replace("days = 30", 'days = "30"').replace("order", "oder"),
        "subprocessors/beta.toml": "broken",
        ACME_FILE: ACME.replace("name", "nam"),
    }
    assert told(load(write(tmp_path, files))) == [
        ("R01", "error", "register.toml", "oder", 3),
        ("R01", "error", "register.toml", "notice.days", 11),
        ("R01", "error", ACME_FILE, "name", None),
        ("R01", "error", ACME_FILE, "nam", 1),
        ("R01", "error", "subprocessors/beta.toml", "", 1),
    ]


def test_id_that_stands_in_two_files(tmp_path: Path) -> None:
    """The second file says in which other one its id stands, besides not being named by it."""
    loaded = load(write(tmp_path, {"subprocessors/beta.toml": '# copied\nid = "acme"\nname = "Beta"\n'}))
    assert told(loaded) == [("R02", "error", "subprocessors/beta.toml", "id", 2)] * 2
    assert "is also used in subprocessors/acme.toml" in loaded.findings[1].message


def test_missing_files_and_folders(tmp_path: Path) -> None:
    """No folder is a usage error; an empty one lacks register.toml and says how to make it."""
    with pytest.raises(UsageError, match="folder not found"):
        load(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="folder not found"):
        load(tmp_path / "file")
    empty = tmp_path / "empty"
    empty.mkdir()
    loaded = load(empty)
    assert told(loaded) == [
        ("R01", "error", "register.toml", "", None),
        ("R01", "warning", "subprocessors", "", None),
    ]
    assert "register-api init" in loaded.findings[0].hint


def test_what_is_no_ordinary_file_cannot_be_read(tmp_path: Path) -> None:
    """Folders, pipes and links to nowhere are findings; a pipe is not waited for."""
    folder = write(tmp_path, {}) / "subprocessors"
    (folder / "a-folder.toml").mkdir()
    (folder / "b-link.toml").symlink_to("nowhere")
    os.mkfifo(folder / "c-pipe.toml")
    loaded = load(tmp_path)
    assert [f.message.partition(":")[0] for f in loaded.findings] == ["this file cannot be read"] * 3
    assert loaded.draft is None


def test_file_name_that_is_no_text_stays_printable(tmp_path: Path) -> None:
    """A name that is not UTF-8, or that would move the cursor, is named with replacement characters."""
    folder = write(tmp_path, {}) / "subprocessors"
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b.toml")).write_text("x")
    ((_, _, file, _, _),) = told(load(tmp_path))
    assert file == r"subprocessors/\udcff\x1b.toml"


def test_overlong_dotted_key_is_refused_at_once(tmp_path: Path) -> None:
    """A key of a hundred thousand parts is refused without the parser, which would take minutes."""
    started = time.process_time()
    loaded = load(write(tmp_path, {ACME_FILE: ".".join("a" * 100_000) + " = 1"}))
    assert "more than 16 parts" in loaded.findings[0].message
    assert time.process_time() - started < 5


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_time_zones_that_load(name: str) -> None:
    """Names of the IANA time zone database load."""
    assert load_zone(name).key == name


@pytest.mark.parametrize(
    "name",
    ["", "Europe", "localtime", "../zone.tab", "/etc/passwd", "europe/berlin", "CEST", "a\0b", "x" * 5000],
)
def test_time_zones_that_do_not_load(name: str) -> None:
    """Whatever is no IANA name is refused with a finding, and not looked for on the disk."""
    with pytest.raises(Refused) as refused:
        load_zone(name)
    (finding,) = refused.value.findings
    assert (finding.rule, finding.file, finding.key) == ("R05", "register.toml", "publisher.time_zone")
    assert finding.hint


def test_findings_of_the_rules_get_their_lines(tmp_path: Path) -> None:
    """A rule knows the key; the file tells the line. Known lines stay, missing files do no harm."""
    folder = write(tmp_path, {})
    asked = [
        Finding(rule="R10", severity="error", file=ACME_FILE, key="engagements[0].starts_on", message="m"),
        Finding(rule="R04", severity="error", file=ACME_FILE, key="engagements[0].category", message="m"),
        Finding(rule="R24", severity="warning", file="register.toml", key="updated_on", message="m"),
        Finding(rule="R19", severity="error", file="register.toml", key="register", message="m", line=77),
        Finding(rule="R03", severity="error", file="subprocessors/gone.toml", key="id", message="m"),
        Finding(rule="R26", severity="warning", file="", key="", message="m"),
    ]
    located = load(folder).located(asked)
    assert [finding.line for finding in located] == [2, 4, 2, 77, None, None]
    assert [finding.rule for finding in located] == [finding.rule for finding in asked]


PIECES = st.sampled_from([
    *ACME.splitlines(), *REGISTER.splitlines(), *'[]{}=.,"\\#', '"""', "'''", "\n",
    "1979-05-27T07:32:00Z", "inf", "0x1", "\x00", "\u202e", "[[engagements.locations]]", "[extra]",
])  # fmt: skip
HOSTILE = st.binary(max_size=80) | st.lists(PIECES, max_size=12).map(lambda parts: "\n".join(parts).encode())


@settings(max_examples=examples(200), deadline=None)
@given(HOSTILE, st.sampled_from(["register.toml", ACME_FILE]))
@example(b"a=0000-01-01", ACME_FILE)
@example(b"\xff\xfe", "register.toml")
@example(b"publisher = {time_zone = 'UTC'}", "register.toml")
@example(b"[publisher]\ntime_zone = ['UTC']", "register.toml")
def test_any_bytes_give_findings_or_a_draft(data: bytes, name: str) -> None:
    """Whatever bytes a file holds, loading ends with findings that can be printed, never otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(write(Path(folder), {name: data}))
    assert (loaded.draft is None) == any(finding.severity == "error" for finding in loaded.findings)
    assert all((f.file + f.key + f.message + f.hint).isprintable() for f in loaded.findings)
    assert all(f.line is None or 1 <= f.line <= data.count(b"\n") + 1 for f in loaded.findings)


def test_size_is_counted_in_bytes() -> None:
    """The limit holds for bytes, not for characters."""
    assert parse_source("a.toml", b"#" * MAX_SOURCE_BYTES).table == {}
    assert parse_source("a.toml", ("#" + "é" * (MAX_SOURCE_BYTES // 2)).encode()).findings[0].rule == "R17"
