"""Texts cut, contrasted and closed, whatever their language."""

from __future__ import annotations

from itertools import takewhile

from register_api.core.text import without_any_invisible

MAX_VALUE = 160
"""Longest value that a sentence quotes, in characters."""


def shorten(text: str, limit: int | None = MAX_VALUE) -> str:
    """Return a text on one line, cut at a word where it is longer than the limit; ``None``: never."""
    if limit is None:
        return " ".join(text.split())
    line = " ".join(text[: 2 * limit + 1].split())
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[limit // 2 :] else head).rstrip(" ,;:.") + "…"


def one_line(text: str, limit: int | None = None) -> str:
    """Return a text without what could begin a header, or changes how the line around it is read."""
    visible = "".join(char if char.isprintable() else " " for char in without_any_invisible(text))
    return shorten(visible, limit)


def contrast(before: str, after: str, limit: int | None = MAX_VALUE) -> tuple[str, str]:
    """Return two texts cut to the limit so that where they first differ is still seen."""
    if limit is None or max(len(before), len(after)) <= limit:
        return shorten(before, limit), shorten(after, limit)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = before.rfind(" ", 0, max(common - limit // 4, 0)) + 1
    lead = "…" if start else ""
    return lead + shorten(before[start:], limit), lead + shorten(after[start:], limit)


def sentence(text: str) -> str:
    """Return a text that ends as a sentence does, and once only: a name may bring its own full stop."""
    return text if text.endswith((".", "…", "!", "?")) else text + "."


def capital(text: str) -> str:
    """Return a text with a capital first letter, as a sentence or a label begins."""
    return text[:1].upper() + text[1:]


def count(number: int, thing: str) -> str:
    """Return a number of things in English, for commands: ``1 day``, ``7 days``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
