"""Ids made from names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from register_api.core.text import MAX_SLUG

if TYPE_CHECKING:
    from collections.abc import Collection

_OTHER = re.compile("[^a-z0-9]+")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
                          "'": "", "\u2019": "", "&": " and "})  # fmt: skip


def slug(text: str, *, words: int | None = None) -> str:
    """Return an id for a text: lower case, ASCII, hyphens; for another script, a digest of it."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    parts = [part for part in _OTHER.split("".join(c for c in plain if not unicodedata.combining(c))) if part]
    made = "-".join(parts[:words])[:MAX_SLUG].strip("-")
    return made or f"id-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def free_slug(base: str, taken: Collection[str]) -> str:
    """Return an id that is not taken: the base, or the base with the next number."""
    if base not in taken:
        return base
    number = 2
    while f"{base[: MAX_SLUG - len(str(number)) - 1].strip('-')}-{number}" in taken:
        number += 1
    return f"{base[: MAX_SLUG - len(str(number)) - 1].strip('-')}-{number}"
