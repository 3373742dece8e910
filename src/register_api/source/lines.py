"""Where a key stands in a TOML text: ``engagements[0].purpose`` is on line 41.

``tomli`` keeps no positions, so this reads the text a second time, only as far as keys and brackets
go (TOML 1.0: headers, arrays of tables, dotted and quoted keys, inline tables, arrays, multi-line
strings). It judges nothing: from a text that is no TOML it takes what comes before the first oddity.
"""

from __future__ import annotations

import contextlib

from register_api.source.key_path import KeyPath, parse_key, unquote
from register_api.source.toml_tokens import Token, tokens


class _Lost(Exception):
    """The text is not the TOML that was expected here."""


_END = Token("end", "", 0)


def nearest_line(lines: dict[KeyPath, int], key: str) -> int | None:
    """Return the line of a key, counted from 1, or that of the nearest table around it."""
    path = parse_key(key)
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def index_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, counted from 1, on which each key, header and array item begins."""
    reader = _Reader(text)
    # What is wrong the parser says; lines found so far still help.
    with contextlib.suppress(_Lost, RecursionError):
        reader.read()
    return reader.lines


class _Reader:
    """Walks the tokens of one text and notes where keys stand."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._items: dict[KeyPath, int] = {}
        self._tokens = tokens(text)
        self._token = next(self._tokens, _END)

    def read(self) -> None:
        table: KeyPath = ()
        while self._token is not _END:
            if self._skip("\n"):
                continue
            if self._at("["):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        """Read ``[name]`` or ``[[name]]`` and return the path of the table that it opens."""
        line = self._token.line
        self._expect("[")
        many = self._skip("[")
        *outer, last = self._key()
        path: KeyPath = ()
        for name in outer:
            path = self._newest((*path, name), line)
        path = (*path, last)
        if many:
            self._items[path] = self._items.get(path, -1) + 1
        path = self._newest(path, line)
        self._expect("]")
        if many:
            self._expect("]")
        return path

    def _newest(self, path: KeyPath, line: int) -> KeyPath:
        """Note a header's table and return it: of an array of tables, its newest item."""
        self.lines.setdefault(path, line)
        if path in self._items:
            path = (*path, self._items[path])
            self.lines.setdefault(path, line)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._token.line
        path = table
        for name in self._key():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self._expect("=")
        self._value(path)

    def _key(self) -> list[str]:
        names = [self._name()]
        while self._skip("."):
            names.append(self._name())
        return names

    def _name(self) -> str:
        token = self._take()
        if token.kind == "bare":
            return token.text
        if token.kind != "string":
            raise _Lost
        try:
            return unquote(token.text)
        except ValueError as error:
            raise _Lost from error

    def _value(self, path: KeyPath) -> None:
        if self._skip("["):
            self._array(path)
        elif self._skip("{"):
            self._inline_table(path)
        else:
            self._scalar()

    def _array(self, path: KeyPath) -> None:
        index = 0
        while not self._close("]"):
            if self._token is _END:
                raise _Lost
            self.lines.setdefault((*path, index), self._token.line)
            self._value((*path, index))
            index += 1
            self._separate("]")

    def _inline_table(self, path: KeyPath) -> None:
        while not self._close("}"):
            self._pair(path)
            self._separate("}")

    def _scalar(self) -> None:
        """Pass over a string, or over a number or date, which may hold dots and one space."""
        if self._take().kind not in ("string", "bare"):
            raise _Lost
        while self._token.kind == "bare" or self._at("."):
            self._take()

    def _close(self, mark: str) -> bool:
        """Pass over line ends, then over the closing mark if it is there."""
        while self._skip("\n"):
            pass
        return self._skip(mark)

    def _separate(self, closing: str) -> None:
        """Pass over the comma between two items; before the closing mark it may be absent."""
        while self._skip("\n"):
            pass
        if not self._skip(",") and not self._at(closing):
            raise _Lost

    def _at(self, mark: str) -> bool:
        return self._token.kind == "mark" and self._token.text == mark

    def _skip(self, mark: str) -> bool:
        if self._at(mark):
            self._take()
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            raise _Lost

    def _take(self) -> Token:
        token = self._token
        if token is _END:
            raise _Lost
        self._token = next(self._tokens, _END)
        return token
