"""Ways to damage an example: as bytes, as lines, and as the tree that JSON is."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from hypothesis import strategies as st

_NUMBER = re.compile(rb"[0-9]+")

NUMBERS = (
    b"0",
    b"-1",
    b"00",
    b"1e999",
    b"0x7f",
    b"1.0",
    b"256",
    b"65536",
    b"2147483648",
    b"9007199254740992",
    b"9223372036854775808",
    b"18446744073709551616",
    b"9" * 400,
    "\u0663".encode(),
    b"",
)
"""What may stand where a number stood."""

ODD_BYTES = (
    b"",
    b"\n",
    b"\r\n",
    b"\0",
    b"\t",
    b" ",
    b"\x7f",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xc0\x80",
    "\u2028".encode(),
    "\u202e".encode(),
    "\u200b".encode(),
    "e\u0301".encode(),
    "\U0001f600".encode(),
    "\ufffe".encode(),
    b"\\ud800",
    b"\\u0000",
    b"%00",
    b"%ff",
    b"../",
    b"=",
    b"==",
    b"null",
    b"{}",
    b"[]",
    b'""',
    b"[" * 40,
    b"{" * 40,
    b"[" * 3000,
    b"(" * 3000,
)
"""Pieces that some reader somewhere has stumbled over."""

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**53 - 1,
    2**53,
    2**63,
    2**64,
    10**400,
    1.5,
    -0.0,
    [],
    {},
    "",
    " ",
    "\n",
    "\0",
    "\u202e",
    "e\u0301",
    "\U0001f600",
    "../../etc",
    "a" * 5000,
    "https://x",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "2026-05-10T09:00:00Z",
    "2026-05-10T11:00:00+02:00",
    "2026-05-10T09:00:00.5Z",
    "2026-05-10 09:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-05-10T09:00:00",
    ["a"],
    [None],
    {"": ""},
    {"format": "x"},
    [0] * 300,
)
"""What may stand where a value of JSON stood."""


@st.composite
def damaged(draw: st.DrawFn, seeds: tuple[bytes, ...], tokens: tuple[bytes, ...]) -> bytes:
    """Return an example after one to four steps of damage."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        data = _STEPS[draw(st.integers(0, len(_STEPS) - 1))](draw, data, seeds, tokens)
    return data


def _slice(draw: st.DrawFn, data: bytes, longest: int = 64) -> tuple[int, int]:
    start = draw(st.integers(0, len(data)))
    return start, min(len(data), start + draw(st.integers(0, longest)))


def _flip(draw: st.DrawFn, data: bytes, _seeds: Any, _tokens: Any) -> bytes:
    at, bit = draw(st.integers(0, max(len(data) - 1, 0))), draw(st.integers(0, 7))
    return data[:at] + bytes(byte ^ 1 << bit for byte in data[at : at + 1]) + data[at + 1 :]


def _replace(draw: st.DrawFn, data: bytes, _seeds: Any, _tokens: Any) -> bytes:
    start, end = _slice(draw, data, 8)
    return data[:start] + draw(st.binary(max_size=8)) + data[end:]


def _token(draw: st.DrawFn, data: bytes, _seeds: Any, tokens: tuple[bytes, ...]) -> bytes:
    start, end = _slice(draw, data, 12)
    return data[:start] + draw(st.sampled_from((*tokens, *ODD_BYTES))) + data[end:]


def _cut(draw: st.DrawFn, data: bytes, _seeds: Any, _tokens: Any) -> bytes:
    start, end = _slice(draw, data, max(len(data), 1))
    return data[:start] + data[end:]


def _copy(draw: st.DrawFn, data: bytes, _seeds: Any, _tokens: Any) -> bytes:
    start, end = _slice(draw, data, 400)
    at = draw(st.integers(0, len(data)))
    return data[:at] + data[start:end] + data[at:]


def _repeat(draw: st.DrawFn, data: bytes, _seeds: Any, _tokens: Any) -> bytes:
    start, end = _slice(draw, data, 16)
    return data[:end] + data[start:end] * draw(st.sampled_from((1, 2, 16, 300))) + data[end:]


def _splice(draw: st.DrawFn, data: bytes, seeds: tuple[bytes, ...], _tokens: Any) -> bytes:
    other = draw(st.sampled_from(seeds))
    return data[: draw(st.integers(0, len(data)))] + other[draw(st.integers(0, len(other))) :]


def _number(draw: st.DrawFn, data: bytes, _seeds: Any, _tokens: Any) -> bytes:
    found = [match.span() for match in _NUMBER.finditer(data)][:500]
    start, end = draw(st.sampled_from(found)) if found else (0, 0)
    return data[:start] + draw(st.sampled_from(NUMBERS)) + data[end:]


def _lines(draw: st.DrawFn, data: bytes, _seeds: Any, _tokens: Any) -> bytes:
    """Take a line away, repeat it, or give it another's place."""
    lines = data.split(b"\n")
    one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    way = draw(st.integers(0, 2))
    if way == 0:
        del lines[one]
    elif way == 1:
        lines.insert(other, lines[one])
    else:
        lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _nest(draw: st.DrawFn, data: bytes, _seeds: Any, _tokens: Any) -> bytes:
    """Put a value nested deeper than any reader's stack where a value of JSON begins."""
    at = data.find(b":", draw(st.integers(0, len(data)))) + 1
    depth = draw(st.sampled_from((20, 33, 1100, 20_000)))
    return data[:at] + b"[" * depth + b"]" * depth + data[at:]


_STEPS = (_flip, _replace, _token, _token, _cut, _copy, _repeat, _splice, _number, _lines, _nest)


@st.composite
def changed_json(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """Return an example after one to three changes to its tree, written as RFC 8785 has it."""
    document = [json.loads(draw(st.sampled_from(seeds)))]
    for _ in range(draw(st.integers(1, 3))):
        _change(draw, document)
    return write_sorted(document[0]).encode("utf-8", "surrogatepass")


def _change(draw: st.DrawFn, document: list[Any]) -> None:
    places = _places(document)
    holder, key = draw(st.sampled_from(places))
    way = draw(st.integers(0, 6))
    if way <= 2:
        holder[key] = copy.deepcopy(draw(st.sampled_from(ODD_VALUES)))
    elif way == 3 and holder is not document:
        del holder[key]
    elif way == 4:
        other, name = draw(st.sampled_from(places))
        holder[key] = copy.deepcopy(other[name])
    elif way == 5 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif way == 5:
        holder[draw(st.sampled_from(("", "format", "extra", "\u20ac", "\U0001f600", "\ufb33")))] = holder[key]
    else:
        for _ in range(draw(st.sampled_from((1, 2, 31, 40)))):
            holder[key] = [holder[key]]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every holder with each of its keys or indices, at most some thousands."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting and len(found) < 3000:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else list(range(len(one)))
        found += [(one, key) for key in keys]
        waiting += [one[key] for key in keys if isinstance(one[key], dict | list)]
    return found


def write_sorted(value: Any) -> str:
    """Return JSON with names sorted by UTF-16 code units, and whatever else Python can write."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_text(name)}:{write_sorted(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write_sorted, value)) + "]"
    return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
