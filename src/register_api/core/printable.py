"""Foreign text in messages: truncated, and without characters that a terminal might act on."""

from __future__ import annotations


def printable(text: object, limit: int = 300) -> str:
    """Return a text, or what an exception says, truncated and escaped for terminal output (ASCII).

    Args:
        text: Anything whose text comes from elsewhere; libraries quote what they were given, at any length.
        limit: The most characters of it.
    """
    return ascii(str(text)[:limit])[1:-1]


def quoted(text: str, limit: int = 60) -> str:
    """Return a text in double quotes, truncated with an ellipsis; what cannot be seen is escaped."""
    return f'"{escaped(text if len(text) <= limit else text[: limit - 1] + "…")}"'


def escaped(text: str) -> str:
    r"""Return a text with every character that cannot be seen, or not be encoded, written as ``\x1b``."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
