"""Key paths such as ``engagements[0].purpose``, and the line of each key in a TOML text.

A part of a path is a name (``str``) or an index from 0 (``int``). Names that are not bare keys are written
in double quotes with TOML's escapes, so that a path is always printable.

``tomli`` keeps no positions, so the text is read a second time for keys and brackets (TOML 1.0: headers,
arrays of tables, dotted and quoted keys, inline tables, arrays, multi-line strings). This does not validate:
from invalid TOML it takes everything before the first error.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import NamedTuple

import tomli

KeyPath = tuple[str | int, ...]
"""The parts of a key path from the top of the file; empty for the whole file."""
_LAST_OF_BMP = 0xFFFF
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PART = re.compile(r'\[(?P<index>[0-9]{1,9})\]|(?P<quoted>"(?:\\.|[^"\\\n])*")|(?P<name>[^.\[\]"]+)')


def quote(text: str) -> str:
    r"""Return text as a TOML basic string, with all unprintable characters as ``\uXXXX``.

    These include control, zero-width and bidirectional characters, which could mislead on a terminal.
    """
    written = ""
    for char in text:
        code = f"\\u{ord(char):04X}" if ord(char) <= _LAST_OF_BMP else f"\\U{ord(char):08X}"
        written += "\\" + char if char in '"\\' else char if char.isprintable() else code
    return f'"{written}"'


def unquote(literal: str) -> str:
    """Return the value of a TOML string literal, given with its quotes."""
    return str(tomli.loads("key = " + literal)["key"])


def format_key(path: KeyPath) -> str:
    """Format a path as text, e.g. ``engagements[0].starts_on``."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            name = part if _BARE.fullmatch(part) else quote(part)
            written += f".{name}" if written else name
    return written


def parse_key(text: str) -> KeyPath:
    """Return the parts of a path given as text; invalid parts are skipped."""
    parts: list[str | int] = []
    for found in _PART.finditer(text):
        part = found["name"] or found["quoted"]
        with contextlib.suppress(ValueError):
            part = unquote(part) if found["quoted"] else part
        parts.append(int(found["index"]) if found["index"] else part)
    return tuple(parts)


_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r]+|\#[^\n]*)
    | (?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | (?P<mark>[\n\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,."'\#]+)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A string, mark or bare word, and the line it starts on; ``1.5`` is three tokens."""

    kind: str
    text: str
    line: int


def tokens(text: str) -> Iterator[Token]:
    """Yield strings, marks and bare words until a character cannot start any of them."""
    line, position = 1, 0
    while match := _TOKEN.match(text, position):
        kind = match.lastgroup or ""
        if kind != "space":
            yield Token(kind, match.group(), line)
        line += match.group().count("\n")
        position = match.end()


def longest_dotted_key(text: str) -> int:
    """Return the number of parts of the longest dotted key, e.g. 2 for ``a.b = 1``."""
    kinds = "".join("." if token.text == "." else "_" for token in tokens(text))
    return max((run.count("_") for run in re.findall(r"_?(?:\._?)*", kinds)), default=0)


class _Lost(Exception):
    """The text is not valid TOML at this point."""


_END = Token("end", "", 0)


def nearest_line(lines: dict[KeyPath, int], key: str) -> int | None:
    """Return the line of a key, counted from 1, or of the innermost table around it."""
    path = parse_key(key)
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)


def index_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, counted from 1, on which each key, header and array item starts."""
    reader = _Reader(text)
    # The parser reports the error; the lines found so far are still useful.
    with contextlib.suppress(_Lost, RecursionError):
        reader.read()
    return reader.lines


class _Reader:
    """Records the lines of keys in the tokens of one text; no string or bare word equals a mark."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._items: dict[KeyPath, int] = {}
        self._tokens = tokens(text)
        self._token, self._depth = next(self._tokens, _END), 0

    def read(self) -> None:
        table: KeyPath = ()
        while self._token is not _END:
            if self._token.text == "[":
                table = self._header()
            elif not self._skip("\n"):
                self._pair(table)

    def _header(self) -> KeyPath:
        """Read ``[name]`` or ``[[name]]`` and return the path of its table."""
        line = self._take().line
        many = self._skip("[")
        names = self._key()
        path: KeyPath = ()
        for number, name in enumerate(names, 1):
            path = (*path, name)
            self.lines.setdefault(path, line)
            if many and number == len(names):
                self._items[path] = self._items.get(path, -1) + 1
            if path in self._items:  # an array of tables: its newest item
                path = (*path, self._items[path])
                self.lines.setdefault(path, line)
        for _ in range(2 if many else 1):
            self._expect("]")
        return path

    def _pair(self, path: KeyPath) -> None:
        line = self._token.line
        for name in self._key():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self._expect("=")
        self._value(path)

    def _key(self) -> list[str]:
        names: list[str] = []
        while not names or self._skip("."):
            token = self._take()
            try:
                names.append(token.text if token.kind == "bare" else unquote(token.text))
            except ValueError as error:
                raise _Lost from error
        return names

    def _value(self, path: KeyPath) -> None:
        """Skip a value; a number or date may contain dots and one space."""
        first = self._take()
        closing = {"[": "]", "{": "}"}.get(first.text)
        if closing is not None:
            self._inside(path, closing)
        elif first.kind == "mark":
            raise _Lost
        while closing is None and (self._token.kind == "bare" or self._token.text == "."):
            self._take()

    def _inside(self, path: KeyPath, closing: str) -> None:
        """Read the items of an array, or the pairs of an inline table; the last comma is optional."""
        index = 0
        while not self._skip(closing):
            if closing == "}":
                self._pair(path)
            else:
                line = self._token.line
                self._value((*path, index))
                self.lines.setdefault((*path, index), line)
            index += 1
            if not self._skip(",") and self._token.text != closing:
                raise _Lost

    def _skip(self, mark: str) -> bool:
        return self._token.text == mark and bool(self._take())

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            raise _Lost

    def _take(self) -> Token:
        token = self._token
        if token is _END:
            raise _Lost
        self._depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.text, 0)
        self._token = next(self._tokens, _END)
        while self._depth and self._token.text == "\n":  # not significant inside brackets
            self._token = next(self._tokens, _END)
        return token
