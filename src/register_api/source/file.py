"""Read one TOML file of the source as a table, or explain its syntax errors as findings."""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import tomli  # compiled, three times as fast as tomllib: a source has a file for each sub-processor

from register_api.core.text import escaped, printable
from register_api.errors import Finding
from register_api.source.lines import longest_dotted_key, tokens


class _Fault(NamedTuple):
    """A syntax error in TOML; line and column count from 1, in characters."""

    line: int
    column: int
    message: str
    hint: str
    ends_with_line: bool
    """Whether the lines below can be parsed without this one."""


_CURLY = "“”„‟«»‹›‘’‚‛″"  # noqa: RUF001 - what word processors type
_KEY = r"(?P<key>[A-Za-z0-9_.-]+)"
_SET = rf"{_KEY}\s*=\s*"
_LINES = tuple((re.compile(rf"^\s*(?:{pattern})\s*(?:#.*)?$"), message, hint) for pattern, message, hint in (
    (r"<{7} .*|={7}|>{7} .*|\|{7} .*",
     "a merge conflict is not resolved", "keep one side; delete the lines with <<<<<<<, ======= and >>>>>>>"),
    (rf"{_SET}[{_CURLY}](?P<text>[^{_CURLY}\"']*)[{_CURLY}\"']?,?;?",
     "typographic quotes stand around the text", 'use straight ones: {key} = "{text}"'),
    (rf"[^#]*[{_CURLY}].*",
     "there is a typographic quote outside of a text", 'texts stand in straight quotes: "…"'),
    (rf"{_SET}", "missing value after the =", "leave the line out if there is nothing to say"),
    (rf"{_SET}(?P<text>null|None|nil|undefined|NULL|~|-)",
     "TOML does not know the value {text}", "leave the line out if there is nothing to say"),
    (rf"{_SET}(?P<text>True|TRUE|yes|Yes|YES|on|On)", "{text} is not a value of TOML", "write {key} = true"),
    (rf"{_SET}(?P<text>False|FALSE|no|No|NO|off|Off)",
     "{text} is not a value of TOML", "write {key} = false"),
    (rf"{_SET}(?P<text>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})",
     "{text} is not a day of the calendar", "write a day that there is, year-month-day: {key} = 2027-02-01"),
    (rf"{_SET}(?P<text>[0-9]{{1,5}}([./-])[0-9]{{1,2}}\3[0-9]{{1,5}})",
     "{text} is not written as a day", "write year-month-day, such as {key} = 2027-02-01"),
    (rf"{_SET}(?P<text>0[0-9]+)",
     "a number does not begin with 0", 'write a code with digits in quotes: {key} = "{text}"'),
    (rf"{_SET}(?P<number>[0-9]+)\s+(?P<text>[A-Za-z]+)", "a number takes no unit", "write {key} = {number}"),
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
    (r"=.*", "missing key before the =", 'write the name of the field first: name = "…"'),
))  # fmt: skip
"""Mistakes within one line, most specific first; ``{name}`` in message and hint is a group's text."""
_LONGEST_LINE = 1_000
"""Maximum length of a line that is matched, because a pattern may take quadratic time."""
_PAIR = re.compile(r"[A-Za-z0-9_-]+\s*=\s*$")
_ITEM = re.compile(r"[^,\]}#]*")
_TWICE = re.compile(r"cannot overwrite|cannot declare|duplicate inline table key", re.IGNORECASE)
_UNCLOSED = {"Unclosed array": ("list", "]"), "Unclosed inline table": ("table", "}")}
_BEGINS_A_VALUE = re.compile(r"[\"'\[{0-9]|true|false|[A-Za-z_-]+\s*=[^=]*[},]")


def _explain(text: str, error: tomli.TOMLDecodeError) -> _Fault:
    character = text[error.pos : error.pos + 1]
    if character and not character.isprintable() and character not in "\r\n\t":
        name = unicodedata.name(character, "a control character").lower()
        message = f"there is an invisible character: {name} (U+{ord(character):04X})"
        hint = "delete it; type a space if one is wanted"
        return _Fault(error.lineno, error.colno, message, hint, ends_with_line=True)
    if _TWICE.search(error.msg):
        return _twice(text, error)
    if error.msg in _UNCLOSED:
        return _unclosed(text, error)
    if error.msg == "Unterminated string":  # a text over several lines
        begins = max(text.rfind('"""'), text.rfind("'''"))
        line, hint = text.count("\n", 0, begins) + 1, f"put {text[begins : begins + 3]} after it"
        return _Fault(line, 1, "the text that begins here does not end", hint, ends_with_line=False)
    return _in_line(text, error)


def _line(text: str, number: int) -> str:
    return text.split("\n")[number - 1] if number <= text.count("\n") + 1 else ""


def _twice(text: str, error: tomli.TOMLDecodeError) -> _Fault:
    line = _line(text, error.lineno).strip()
    what = line.split("#" if line.startswith("[") else "=")[0].strip()
    begins = re.compile(rf"\s*{re.escape(what)}\s*(?:=|\.|#|$)")
    before = [at for at, line in enumerate(text.split("\n")[: error.lineno - 1], 1) if begins.match(line)]
    message = f"{what} is already in line {before[-1]}" if before else f"{what} appears twice"
    return _Fault(error.lineno, 1, message, "keep one of the two", not line.startswith("["))


def _unclosed(text: str, error: tomli.TOMLDecodeError) -> _Fault:
    """Report a missing comma between two items, or a missing closing bracket."""
    kind, bracket = _UNCLOSED[error.msg]
    follows = text[error.pos :].partition("\n")[0]
    open_at: list[int] = []
    for token in tokens(text[: error.pos]):
        if token.text in {"[", "{"}:
            open_at.append(token.line)
        elif token.text in {"]", "}"} and open_at:
            open_at.pop()
    opened = open_at[0] if open_at else None  # the line of the outermost
    if follows and _BEGINS_A_VALUE.match(follows) and not (kind == "list" and error.colno == 1):
        what = follows.partition(",")[0].strip(" ]}")
        message = f"a comma is missing before {what}"
        return _Fault(error.lineno, error.colno, message, "", opened == error.lineno)
    hint = f"put {bracket} after its last item"
    message = f"the {kind} that begins here is not closed: {bracket} is missing"
    return _Fault(opened or error.lineno, 1, message, hint, opened == error.lineno)


def _in_line(text: str, error: tomli.TOMLDecodeError) -> _Fault:
    number = min(error.lineno, text.rstrip("\n").count("\n") + 1)
    line = _line(text, number).replace("\r", "")
    # In an inline table, the pair at which the parser stopped is also matched as a line of its own.
    within = _PAIR.search(line, 0, error.colno - 1) if error.msg == "Invalid value" else None
    value = _ITEM.match(line, error.colno - 1)
    pair = " " * within.start() + line[within.start() : value.end()] if within and value else ""
    for part in (part for part in (line, pair) if len(part) <= _LONGEST_LINE):
        for pattern, message, hint in _LINES:
            found = pattern.match(part)
            if found:
                words = {name: value.strip() for name, value in found.groupdict().items()}
                column = found.start("text") + 1 if words.get("text") else error.colno
                return _Fault(
                    number, column, message.format(**words), hint.format(**words), ends_with_line=True
                )
    reason = f"{error.msg[:1].lower()}{error.msg[1:]}"
    return _Fault(number, error.colno, f"not valid TOML: {reason}", "", ends_with_line=False)


MAX_SOURCE_BYTES = 256 * 1024
"""Largest source file (docs/rules.md, R17)."""
MAX_KEY_PARTS = 16
"""Maximum parts of a dotted key: the model nests four deep, and parsing time grows with the square."""
_BOM = b"\xef\xbb\xbf"
_MAX_FAULTS = 20
"""Maximum number of errors reported for one file."""


class SourceFile(msgspec.Struct, frozen=True):
    """One file: its text and parsed TOML, or the findings that explain why it cannot be read."""

    name: str
    text: str | None = None
    table: dict[str, Any] | None = None
    findings: tuple[Finding, ...] = ()


def read_source_file(folder: Path, path: Path) -> SourceFile:
    """Read one TOML file; any content results in a table or findings, never an exception."""
    name = name_of(folder, path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device may have no end
            return _refused(name, "this file cannot be read: it is not a regular file")
        with path.open("rb") as stream:
            return parse_source(name, stream.read(MAX_SOURCE_BYTES + 1))
    except OSError as error:
        return _refused(name, f"this file cannot be read: {error.strerror or type(error).__name__}")


def parse_source(name: str, data: bytes) -> SourceFile:
    """Parse the bytes of one TOML file."""
    if len(data) > MAX_SOURCE_BYTES:
        message = f"this file has more than {MAX_SOURCE_BYTES} bytes (256 KiB)"
        return _refused(name, message, rule="R17", hint="move long text to a separate document")
    if data.startswith(_BOM):
        hint = "save it as UTF-8 without a byte-order mark"
        return _refused(name, "this file begins with a byte-order mark", hint=hint, line=1)
    text = None
    try:
        text = data.decode("utf-8")
        dotted = any(line.count(".") >= MAX_KEY_PARTS for line in text.split("\n"))
        if dotted and longest_dotted_key(text) > MAX_KEY_PARTS:
            return _refused(name, f"a dotted key has more than {MAX_KEY_PARTS} parts", text)
        return SourceFile(name, text, tomli.loads(text))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = [finding(name, "", "this file is not UTF-8 text", hint="save it as UTF-8", line=line)]
    except RecursionError:
        found = [finding(name, "", "lists or tables are nested too deeply")]
    except tomli.TOMLDecodeError as error:
        found = list(_syntax_findings(name, text or "", error))
    except ValueError as error:  # a number with more digits than Python parses
        found = [finding(name, "", f"not valid TOML: {printable(error)}")]
    return SourceFile(name, text, None, tuple(found))


def name_of(folder: Path, path: Path) -> str:
    """Return a file's path relative to the source folder, with ``/``, escaped for printing."""
    # Comparing text is faster than ``relative_to``, and each sub-processor has a file.
    return escaped(path.as_posix().removeprefix(f"{folder.as_posix().rstrip('/')}/"))


def finding(name: str, key: str, message: str, hint: str = "", **more: Any) -> Finding:
    """Return an R01 error; ``rule``, ``severity`` and ``line`` are optional."""
    more = {"rule": "R01", "severity": "error", **more}
    return Finding(file=name, key=key, message=message, hint=hint, **more)


def _syntax_findings(name: str, text: str, error: tomli.TOMLDecodeError) -> Iterator[Finding]:
    """Yield every syntax error; each faulty line is blanked and the rest is parsed again."""
    lines = text.split("\n")
    for _ in range(_MAX_FAULTS):
        fault = _explain("\n".join(lines), error)
        yield finding(
            name, "", escaped(fault.message), hint=escaped(fault.hint), line=fault.line, column=fault.column,
            excerpt=escaped(lines[fault.line - 1].strip("\r").replace("\t", " ")),
        )  # fmt: skip
        if not fault.ends_with_line:
            return
        lines[fault.line - 1] = ""
        try:
            tomli.loads("\n".join(lines))
        except tomli.TOMLDecodeError as further:
            error = further
        except (ValueError, RecursionError):
            return
        else:
            return


def _refused(name: str, message: str, text: str | None = None, **more: Any) -> SourceFile:
    return SourceFile(name, text, None, (finding(name, "", message, **more),))
