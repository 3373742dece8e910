"""What people type that is not TOML, and what they are told to write."""

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from register_api.source.file import parse_source

FAULTS = [
    ('name = "Hetzner\n', 1, "the quote at the end is missing", 'write name = "Hetzner"'),
    (
        "name = “Hetzner”\n",
        1,
        "typographic quotes stand around the text",
        'use straight ones: name = "Hetzner"',
    ),
    (
        "name = „Hetzner“\n",
        1,
        "typographic quotes stand around the text",
        'use straight ones: name = "Hetzner"',
    ),
    ("name = 'A'\n<<<<<<< HEAD\n", 2, "a merge conflict is not resolved", "keep one side"),
    ("name = 'A'\n=======\nseat = 'DE'\n", 2, "a merge conflict is not resolved", "keep one side"),
    ("name = 'A'\n>>>>>>> 1f2e3d\n", 2, "a merge conflict is not resolved", "keep one side"),
    ("day = 20226-06-01\n", 1, "20226-06-01 is not written as a day", "day = 2027-02-01"),
    ("name = Hetzner\n", 1, "a text needs quotes", 'write name = "Hetzner"'),
    ("default = True\n", 1, "True is not a value of TOML", "write default = true"),
    ("default = no\n", 1, "no is not a value of TOML", "write default = false"),
    ("seat = null\n", 1, "TOML does not know the value null", "leave the line out"),
    ("starts_on =  # later\n", 1, "missing value after the =", "leave the line out"),
    ('a = [{country = "GB", default = True}]\n', 1, "True is not a value of TOML", "write default = true"),
    ("a = {country = GB, b = 1}\n", 1, "a text needs quotes", 'write country = "GB"'),
    ('a = {country = "GB", place = null}\n', 1, "TOML does not know the value null", "leave the line out"),
    ('a = ["a" "b"]\n', 1, 'a comma is missing before "b"', ""),
    ('places = [{country = "DE" place = "x"}]\n', 1, 'a comma is missing before place = "x"', ""),
    ('a = 1\nx = [\n "a",\n "b"\nname = "y"\n', 2, "the list that begins here is not closed", "put ]"),
    ("a = [1\n", 1, "the list that begins here is not closed", "put ]"),
    ("starts_on = 01/02/2027\n", 1, "01/02/2027 is not written as a day", "starts_on = 2027-02-01"),
    ("starts_on = 1.2.2027\n", 1, "1.2.2027 is not written as a day", "starts_on = 2027-02-01"),
    ("starts_on = 2027-2-1\n", 1, "2027-2-1 is not written as a day", "starts_on = 2027-02-01"),
    ("starts_on = 2027-02-30\n", 1, "2027-02-30 is not a day of the calendar", "write a day that there is"),
    ('seat = "DE"\nseat = "FR"\n', 2, "seat is already in line 1", "keep one of the two"),
    ("[a]\nb=1\n[a]\nc=1\n", 3, "[a] is already in line 1", "keep one of the two"),
    ('legal name = "x"\n', 1, "a key is one word", "did you mean legal_name?"),
    ('name: "x"\n', 1, "a key and its value are joined by =", 'write name = "…"'),
    ("- name: x\n", 1, "a key and its value are joined by =", 'write name = "…"'),
    ("name = 'it's'\n", 1, "there is an apostrophe within the text", "use double quotes"),
    ('name = "say "hi" now"\n', 1, "there is a quote within the text", r"write \""),
    ('[engagements\nid="x"\n', 1, "the header is not closed", "[publisher]"),
    ('[[engagements]\nid="x"\n', 1, "the header is not closed", "[[engagements]]"),
    ('name = "x"\n}\n', 2, "a bracket is closed that was not opened", "take it away"),
    ("name\n", 1, "a key without a value", 'write name = "…"'),
    ('a = 1\nb = """x\n\nc=1\n', 2, "the text that begins here does not end", 'put """ after it'),
    ("zip = 0123\n", 1, "a number does not begin with 0", 'zip = "0123"'),
    ('a = "x", b = "y"\n', 1, "two keys stand on one line", "give each its own line"),
    ('name = "Müller" Ltd\n', 1, "nothing may follow the text", 'name = "Müller Ltd"'),
    ('a = "x";\n', 1, "nothing may follow the text", 'write a = "x"'),
    ("days = 30 days\n", 1, "a number takes no unit", "write days = 30"),
    ('a = \u00a0"x"\n', 1, "there is an invisible character: no-break space (U+00A0)", "delete it"),
    ('a = "x"\u200b\n', 1, "there is an invisible character: zero width space (U+200B)", "delete it"),
    ('= "x"\n', 1, "missing key before the =", "write the name of the field"),
    ("// comment\n", 1, "this is not a comment", "a comment begins with #"),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), FAULTS)
def test_a_fault_is_told_in_words(text: str, line: int, message: str, hint: str) -> None:
    (finding,) = parse_source("acme.toml", text.encode()).findings
    assert (finding.rule, finding.line) == ("R01", line)
    assert finding.message.startswith(message)
    assert hint in finding.hint
    assert finding.column is not None
    assert finding.excerpt.strip()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [(text, hint.split(": ", 1)[-1].removeprefix("write ")) for text, _, _, hint in FAULTS if " = " in hint],
)
def test_what_is_told_to_write_is_toml(wrong: str, right: str) -> None:
    if "…" not in right:
        tomli.loads(right)


def test_every_line_of_a_file_is_told() -> None:
    """A line that is wrong by itself hides none of those below it."""
    text = "name = Acme\nseat = “DE”\n\nwebsite = null\nfine = 1\nstarts_on = 1.2.2027\n"
    findings = parse_source("acme.toml", text.encode()).findings
    assert [finding.line for finding in findings] == [1, 2, 4, 6]


def test_as_many_places_are_told_as_can_be_read() -> None:
    assert len(parse_source("acme.toml", b"name = Acme Inc\n" * 500).findings) == 20


@pytest.mark.parametrize(
    "text", ["name = Acme\x07\n", "name = “Ac\x9bme”\n", 'a\x85 = "x"\n', "\tname = Acme\x1b Inc\n"]
)
def test_what_a_terminal_would_act_on_is_escaped(text: str) -> None:
    (finding,) = parse_source("acme.toml", text.encode()).findings
    assert (finding.message + finding.hint + finding.excerpt).isprintable()


@given(st.text(alphabet="ab=[]{}\",.#\n 0-9“'\\_:", max_size=80))
def test_whatever_is_typed_is_read_or_told(text: str) -> None:
    file = parse_source("acme.toml", text.encode())
    assert (file.table is None) == bool(file.findings)
    for finding in file.findings:
        assert finding.line is not None
        assert 1 <= finding.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    "text",
    [
        'a = b"' + " " * 200_000 + '"',
        "a = " + '"' * 200_001,
        "[" * 100_000,
        'a = "' + "“" * 80_000,
        "a b" * 80_000,
    ],
    ids=["spaces", "quotes", "brackets", "curly", "words"],
)
def test_a_long_line_takes_no_more_than_reading_it(text: str) -> None:
    """Patterns whose time grows by the square are not tried on it."""
    assert parse_source("acme.toml", text.encode()).findings
