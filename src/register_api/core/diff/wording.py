"""Plain English for sentences about the register: dates, enumerations, texts cut to what differs."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

MAX_VALUE = 160
"""Longest value that a sentence quotes, in characters."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def english_date(day: dt.date) -> str:
    """Return a day as lawyers write it: ``10 June 2026``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def join(parts: Sequence[str]) -> str:
    """Return parts as one enumeration: ``a, b and c``; by semicolons where a part has commas itself."""
    if any(", " in part for part in parts):
        return "; ".join(parts)
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def shorten(text: str, limit: int = MAX_VALUE) -> str:
    """Return a text on one line, cut at a word where it is longer than the limit."""
    line = " ".join(text[: 2 * limit + 1].split())
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[limit // 2 :] else head).rstrip(" ,;:.") + "…"


def contrast(before: str, after: str, limit: int = MAX_VALUE) -> tuple[str, str]:
    """Return two texts cut to the limit so that where they first differ is still seen."""
    if len(before) <= limit and len(after) <= limit:
        return shorten(before, limit), shorten(after, limit)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = before.rfind(" ", 0, max(common - limit // 4, 0)) + 1
    lead = "…" if start else ""
    return lead + shorten(before[start:], limit), lead + shorten(after[start:], limit)


def sentence(text: str) -> str:
    """Return a text that ends as a sentence does, and once only: a name may bring its own full stop."""
    return text if text.endswith((".", "…", "!", "?")) else text + "."


def count(number: int, thing: str) -> str:
    """Return a number of things: ``1 day``, ``7 days``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
