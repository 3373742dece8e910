"""Key paths in a source file: ``engagements[0].locations[1].country`` and its parts.

A part is a name (``str``) or the place in a list, counted from 0 (``int``). Names that TOML would not
take bare are written in double quotes with TOML's escapes, so that a path is always printable.
"""

from __future__ import annotations

import re

import tomli

KeyPath = tuple[str | int, ...]
"""The parts of a key path from the top of the file downwards; empty for the whole file."""

_LAST_OF_BMP = 0xFFFF
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PART = re.compile(r'\[(?P<index>[0-9]{1,9})\]|(?P<quoted>"(?:\\.|[^"\\\n])*")|(?P<name>[^.\[\]"]+)')


def quote(text: str) -> str:
    r"""Return text as a TOML basic string in which everything unprintable is escaped.

    Control, zero-width and bidirectional characters become ``\uXXXX``: what is printed on a terminal
    is what stands in the file.
    """
    return '"' + "".join(_escaped(character) for character in text) + '"'


def unquote(literal: str) -> str:
    """Return what a TOML string literal, quotes included, says."""
    return str(tomli.loads("key = " + literal)["key"])


def format_key(path: KeyPath) -> str:
    """Return a path as it is printed, e.g. ``engagements[0].starts_on``."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            name = part if _BARE.fullmatch(part) else quote(part)
            written += f".{name}" if written else name
    return written


def parse_key(text: str) -> KeyPath:
    """Return the parts of a printed path; what is no path is taken as far as it can be read."""
    return tuple(_part(match) for match in _PART.finditer(text))


def _part(match: re.Match[str]) -> str | int:
    if match["index"] is not None:
        return int(match["index"])
    if match["quoted"] is None:
        return match["name"]
    try:
        return unquote(match["quoted"])
    except ValueError:
        return match["quoted"]


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04X}" if code <= _LAST_OF_BMP else f"\\U{code:08X}"
