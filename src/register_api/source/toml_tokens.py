"""The words of a TOML text: strings, marks, bare words, each with its line.

Only as far as it takes to find keys: a number such as ``1.5`` comes as two bare words round a dot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r]+|\#[^\n]*)
    | (?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | (?P<mark>[\n\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,."'\#]+)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(msgspec.Struct, frozen=True):
    """One string, mark or bare word, and the line it begins on."""

    kind: str
    text: str
    line: int


def tokens(text: str) -> Iterator[Token]:
    """Yield strings, marks and bare words up to the first character that begins none of them."""
    line, position = 1, 0
    while match := _TOKEN.match(text, position):
        kind = match.lastgroup or ""
        if kind != "space":
            yield Token(kind, match.group(), line)
        line += match.group().count("\n")
        position = match.end()


def longest_dotted_key(text: str) -> int:
    """Return the number of parts of the longest dotted key, e.g. 2 for ``a.b = 1``."""
    longest = parts = 0
    after_dot = False
    for token in tokens(text):
        dot = token.text == "." and token.kind == "mark"
        if not dot and not after_dot:
            parts = 1
        elif after_dot and not dot:
            parts += 1
        after_dot = dot
        longest = max(longest, parts)
    return longest
