"""What is wrong with a text that is not TOML, and what to write, in words for whoever types it.

A parser says where it stopped; a person has to know what to do there. Each row of the tables below is
one way in which people go wrong: a pattern of the line, or of what the parser stopped at.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

import tomli

from register_api.source.lines import tokens


class TomlFault(NamedTuple):
    """One place where a text is not TOML: line and column are counted from 1, in characters."""

    line: int
    column: int
    message: str
    hint: str
    ends_with_line: bool
    """Whether the lines below it can be judged without this one."""


class _Row(NamedTuple):
    """A mistake: a pattern of a line of the source; ``{name}`` is the group of that name."""

    pattern: re.Pattern[str]
    message: str
    hint: str


_CURLY = "“”„‟«»‹›‘’‚‛″"  # noqa: RUF001 - what word processors type
_KEY = r"(?P<key>[A-Za-z0-9_.-]+)"
_SET = rf"{_KEY}\s*=\s*"

_LINES = tuple(_Row(re.compile(rf"^\s*(?:{pattern})\s*(?:#.*)?$"), *said) for pattern, *said in (
    (rf"{_SET}[{_CURLY}](?P<text>[^{_CURLY}\"']*)[{_CURLY}\"']?,?;?",
     "typographic quotes stand around the text", 'use straight ones: {key} = "{text}"'),
    (rf"[^#]*[{_CURLY}].*",
     "there is a typographic quote outside of a text", 'texts stand in straight quotes: "…"'),
    (rf"{_SET}", "there is no value after the =", "leave the line out if there is nothing to say"),
    (rf"{_SET}(?P<text>null|None|nil|undefined|NULL|~|-)",
     "TOML does not know the value {text}", "leave the line out if there is nothing to say"),
    (rf"{_SET}(?P<text>True|TRUE|yes|Yes|YES|on|On)", "{text} is not a value of TOML", "write {key} = true"),
    (rf"{_SET}(?P<text>False|FALSE|no|No|NO|off|Off)",
     "{text} is not a value of TOML", "write {key} = false"),
    (rf"{_SET}(?P<text>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})",
     "{text} is not a day of the calendar", "write a day that there is, year-month-day: {key} = 2027-02-01"),
    (rf"{_SET}(?P<text>[0-9]{{1,4}}([./-])[0-9]{{1,2}}\3[0-9]{{1,4}})",
     "{text} is not written as a day", "write year-month-day, such as {key} = 2027-02-01"),
    (rf"{_SET}(?P<text>0[0-9]+)",
     "a number does not begin with 0", 'write a code with digits in quotes: {key} = "{text}"'),
    (rf"{_SET}(?P<number>[0-9]+)\s+(?P<text>[A-Za-z]+)", "a number stands alone", "write {key} = {number}"),
    (rf"{_SET}\"(?P<text>[^\"]*)", "the quote at the end is missing", 'write {key} = "{text}"'),
    (rf"{_SET}'(?P<text>[^']*)", "the quote at the end is missing", "write {key} = '{text}'"),
    (rf"{_SET}\"(?P<text>[^\"]*)\"\s*[;,]", "nothing may follow the text", 'write {key} = "{text}"'),
    (rf"{_SET}\"[^\"]*\"\s*,\s*[A-Za-z0-9_-]+\s*=.*", "two keys stand on one line", "give each its own line"),
    (rf"{_SET}\"[^\"]*\"[^\"]+\".*",
     "there is a quote within the text", r"write \" for a quote within a text"),
    (rf"{_SET}'[^']*'[^']+'.*", "there is an apostrophe within the text", 'use double quotes around it: "…"'),
    (rf"{_SET}\"(?P<text>[^\"]*)\"\s*(?P<rest>\S.*)",
     "nothing may follow the text", 'put the whole text within the quotes: {key} = "{text} {rest}"'),
    (rf"{_SET}(?P<text>[^\s\"'\[\]{{}}=,][^\"'\[\]{{}}=,#]*)",
     "a text needs quotes", 'write {key} = "{text}"'),
    (r"(?P<first>[A-Za-z]+)[ ]+(?P<second>[A-Za-z]+)(?P<rest>\s*=.*)",
     "a key is one word", "did you mean {first}_{second}?"),
    (rf"(?:-\s+)?{_KEY}\s*:.*", "a key and its value are joined by =", 'write {key} = "…"'),
    (r"(?://|/\*|;|--|<!--).*", "this is not a comment", "a comment begins with #"),
    (r"[\]})]+,?", "a bracket is closed that was not opened", "take it away"),
    (r"\[\[(?!.*\]\]).*",
     "the header is not closed", "a header ends in the brackets that it begins with: [[engagements]]"),
    (r"\[(?!.*\]).*",
     "the header is not closed", "a header ends in the bracket that it begins with: [publisher]"),
    (rf"\"?{_KEY}\"?", "a key without a value", 'write {key} = "…"'),
    (r"=.*", "there is no key before the =", 'write the name of the field first: name = "…"'),
))  # fmt: skip
"""Mistakes within one line, the more special first."""

_LONGEST_LINE = 1_000
"""Characters of a line up to which it is looked at closely: a pattern's time may grow by the square."""

_PAIR = re.compile(r"[A-Za-z0-9_-]+\s*=\s*$")
_ITEM = re.compile(r"[^,\]}#]*")
_TWICE = re.compile(r"cannot overwrite|cannot declare|duplicate inline table key", re.IGNORECASE)
_UNCLOSED = {"Unclosed array": ("list", "]"), "Unclosed inline table": ("table", "}")}
_BEGINS_A_VALUE = re.compile(r"[\"'\[{0-9]|true|false|[A-Za-z_-]+\s*=[^=]*[},]")


def explain(text: str, error: tomli.TOMLDecodeError) -> TomlFault:
    """Return what a parser stopped at as a person would say it."""
    stopped = _unseen(text, error) or _twice(text, error) or _unclosed(text, error) or _unended(text, error)
    return stopped or _in_line(text, error)


def _line(text: str, number: int) -> str:
    return text.split("\n")[number - 1] if number <= text.count("\n") + 1 else ""


def _unseen(text: str, error: tomli.TOMLDecodeError) -> TomlFault | None:
    """A character that no one sees: a no-break space from a web page, a control character."""
    character = text[error.pos : error.pos + 1]
    if not character or character.isprintable() or character in "\r\n\t":
        return None
    name = unicodedata.name(character, "a control character").lower()
    message = f"there is an invisible character: {name} (U+{ord(character):04X})"
    hint = "delete it; type a space if one is wanted"
    return TomlFault(error.lineno, error.colno, message, hint, ends_with_line=True)


def _twice(text: str, error: tomli.TOMLDecodeError) -> TomlFault | None:
    """A key or a header that stands there already."""
    if not _TWICE.search(error.msg):
        return None
    line = _line(text, error.lineno).strip()
    what = line.split("#" if line.startswith("[") else "=")[0].strip()
    begins = re.compile(rf"\s*{re.escape(what)}\s*(?:=|\.|#|$)")
    before = [at for at, line in enumerate(text.split("\n")[: error.lineno - 1], 1) if begins.match(line)]
    said = f"{what} is already in line {before[-1]}" if before else f"{what} stands twice"
    return TomlFault(error.lineno, 1, said, "keep one of the two", not line.startswith("["))


def _unclosed(text: str, error: tomli.TOMLDecodeError) -> TomlFault | None:
    """A comma that is missing between two items, or the bracket after the last."""
    if error.msg not in _UNCLOSED:
        return None
    kind, bracket = _UNCLOSED[error.msg]
    follows = text[error.pos :].partition("\n")[0]
    opened = _opened(text[: error.pos])
    if follows and _BEGINS_A_VALUE.match(follows) and not (kind == "list" and error.colno == 1):
        what = follows.partition(",")[0].strip(" ]}")
        message = f"a comma is missing before {what}"
        return TomlFault(error.lineno, error.colno, message, "", opened == error.lineno)
    hint = f"put {bracket} after its last item"
    message = f"the {kind} that begins here is not closed: {bracket} is missing"
    return TomlFault(opened or error.lineno, 1, message, hint, opened == error.lineno)


def _unended(text: str, error: tomli.TOMLDecodeError) -> TomlFault | None:
    """A text over several lines, begun by three quotes, that does not end."""
    if error.msg != "Unterminated string":
        return None
    begins = max(text.rfind('"""'), text.rfind("'''"))
    line, hint = text.count("\n", 0, begins) + 1, f"put {text[begins : begins + 3]} after it"
    return TomlFault(line, 1, "the text that begins here does not end", hint, ends_with_line=False)


def _opened(text: str) -> int | None:
    """Return the line of the outermost bracket that a text leaves open."""
    open_at: list[int] = []
    for token in tokens(text):
        if token.text in {"[", "{"}:
            open_at.append(token.line)
        elif token.text in {"]", "}"} and open_at:
            open_at.pop()
    return open_at[0] if open_at else None


def _in_line(text: str, error: tomli.TOMLDecodeError) -> TomlFault:
    number = min(error.lineno, text.rstrip("\n").count("\n") + 1)
    line = _line(text, number).replace("\r", "")
    # Within a table on one line, the key and the value at which the parser stopped, as if they stood alone.
    within = _PAIR.search(line, 0, error.colno - 1) if error.msg == "Invalid value" else None
    value = _ITEM.match(line, error.colno - 1)
    pair = " " * within.start() + line[within.start() : value.end()] if within and value else ""
    looked_at = [part for part in (line, pair) if len(part) <= _LONGEST_LINE]
    for row, part in ((row, part) for part in looked_at for row in _LINES):
        found = row.pattern.match(part)
        if found:
            words = {name: value.strip() for name, value in found.groupdict().items()}
            column = found.start("text") + 1 if words.get("text") else error.colno
            message, hint = row.message.format(**words), row.hint.format(**words)
            return TomlFault(number, column, message, hint, ends_with_line=True)
    said = f"{error.msg[:1].lower()}{error.msg[1:]}"
    return TomlFault(number, error.colno, f"not valid TOML: {said}", "", ends_with_line=False)
