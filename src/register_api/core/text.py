"""Hygiene of strings: what a text, a slug and an address may look like (docs/format.md, Bytes)."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

MAX_TEXT = 4000
"""Characters that a text may have (rule R17)."""

MAX_SLUG = 64
"""Characters that an id may have."""

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REGISTER_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)+")
_INVISIBLE = frozenset(
    map(
        chr,
        [
            *range(0x200B, 0x2010),
            *range(0x202A, 0x202F),
            *range(0x2060, 0x2065),
            *range(0x2066, 0x206A),
            0xFEFF,
        ],
    )
)
_HTML = re.compile(r"<[A-Za-z/!?]|&(#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);")
_MAIL = re.compile(r"[^\s@<>\"\\]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def is_slug(text: str) -> bool:
    """Tell whether a text can be an id: ``[a-z0-9]+(-[a-z0-9]+)*``, at most 64 characters."""
    return len(text) <= MAX_SLUG and _SLUG.fullmatch(text) is not None


def is_register_name(text: str) -> bool:
    """Tell whether a text can name a register: a domain, a slash, a path, e.g. ``example.com/vendors``.

    The name is also the log's origin and key name, so it has no space and no plus (C2SP signed-note).
    """
    return len(text) <= MAX_SLUG * 2 and _REGISTER_NAME.fullmatch(text) is not None


def is_mail(text: str) -> bool:
    """Tell whether a text looks like a mail address."""
    return _MAIL.fullmatch(text) is not None


def fault_in_text(text: str) -> str | None:
    """Say what is wrong with a text, or ``None``.

    Returns:
        A phrase that follows "this text": e.g. ``begins or ends with white space``.
    """
    if not text.isprintable():
        hidden = next((fault for char in text if (fault := _fault_in_character(char))), None)
        if hidden is not None:
            return hidden
    if not unicodedata.is_normalized("NFC", text):
        return "is not in Unicode normal form C"
    if text != text.strip():
        return "begins or ends with white space"
    return "holds HTML" if _HTML.search(text) else None


def _fault_in_character(char: str) -> str | None:
    if char in _INVISIBLE:
        return f"holds the invisible character U+{ord(char):04X}"
    category = unicodedata.category(char)
    if category == "Cs":
        return "holds half of a surrogate pair"
    return "holds a control character" if category == "Cc" and char != "\n" else None


def fault_in_url(text: str, *, mail: bool = False) -> str | None:
    """Say what is wrong with an address, or ``None``.

    Args:
        text: An absolute ``https`` URL without user info (RFC 3986 section 3.2.1).
        mail: Whether ``mailto:`` is fine as well.

    Returns:
        A phrase that follows "this address".
    """
    if mail and text.startswith("mailto:"):
        return None if is_mail(text.removeprefix("mailto:").partition("?")[0]) else "names no mailbox"
    if any(char.isspace() or char in '<>"\\^`{|}' for char in text):
        return "holds a character that addresses do not have"
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return "cannot be taken apart"
    if parts.scheme != "https" or not parts.hostname:
        return "is no absolute https address" + (" or mailto" if mail else "")
    if "@" in parts.netloc:
        return "holds a user name"
    return None if port_is_fine else "names port 0"
