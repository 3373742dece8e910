"""What people fill in, read from any bytes."""

from __future__ import annotations

from urllib.parse import parse_qs

MOST_BYTES = 64 * 1024
_MOST_FIELDS = 1000

Form = dict[str, list[str]]


def read_form(body: bytes) -> Form:
    """Read a form (``application/x-www-form-urlencoded``); what is none has no fields."""
    try:
        return parse_qs(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}


def one(form: Form, name: str) -> str:
    """Return the value of a field, or an empty text."""
    return form.get(name, [""])[0]


def plain(text: str) -> str:
    """Return a text that somebody wrote, without characters that cannot be printed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char if char.isprintable() or char == "\n" else " " for char in lines).strip()
