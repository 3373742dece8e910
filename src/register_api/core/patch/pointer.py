"""JSON pointers (RFC 6901): the addresses that a patch speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from register_api.errors import Inconsistent, Malformed

MAX_TOKENS = 64
"""Most reference tokens that a pointer from outside may have."""

_BAD_ESCAPE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def format_pointer(tokens: Iterable[str | int]) -> str:
    """Return the pointer of a member by the names and indices that lead to it (RFC 6901 section 3)."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def parse_pointer(text: object) -> list[str]:
    """Return the reference tokens of a pointer, unescaped (RFC 6901 sections 3 and 4)."""
    if not isinstance(text, str):
        raise Malformed("a JSON pointer is not a string")
    if not text:
        return []
    if not text.startswith("/") or _BAD_ESCAPE.search(text):
        raise Malformed(f"{text[:80]!r} is not a JSON pointer")
    if text.count("/") > MAX_TOKENS:
        raise Malformed(f"a JSON pointer has more than {MAX_TOKENS} parts")
    return [token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/")]


def list_index(token: str, length: int) -> int:
    """Return the index that a token names in an array of that many members (RFC 6901 section 4)."""
    if not _INDEX.fullmatch(token) or int(token) >= length:
        raise Inconsistent(f"the patch speaks of position {token[:20]!r} in a list of {length}")
    return int(token)


def member(container: Any, token: str) -> Any:
    """Return the member of an object or array that a token names."""
    if isinstance(container, list | tuple):
        return container[list_index(token, len(container))]
    if isinstance(container, dict) and token in container:
        return container[token]
    raise Inconsistent(f"the patch speaks of {token[:80]!r}, which is not there")
