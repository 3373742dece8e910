"""The files of a package that proves notice, and how large each may be (docs/proof-of-notice.md)."""

from __future__ import annotations

import re

from register_api.core.format.kind import MIB
from register_api.core.format.tree import TIME_STAMP

NOTICE = "notice.json"
REGISTER = "register.zip"
MESSAGES = "messages/"
MAX_RECORDS = 300

_KIB = 1024
_BOUNDS = {
    re.compile(r"notice\.json"): MIB,
    re.compile(r"records/[1-9][0-9]{0,2}\.json"): 16 * _KIB,
    re.compile(r"seals/[0-9a-f]{64}\.json"): 4 * _KIB,
    re.compile(r"seals/[0-9a-f]{64}\.tsr"): TIME_STAMP.max_bytes,
    re.compile(r"messages/[0-9a-f]{64}\.(eml|json)"): 16 * MIB,
    re.compile(r"register\.zip"): 32 * MIB,
}


def record_path(number: int) -> str:
    """Return where a record lies, counted from 1."""
    return f"records/{number}.json"


def seal_path(root: str) -> str:
    """Return where the seal of a root lies."""
    return f"seals/{root}.json"


def stamp_path(root: str) -> str:
    """Return where the timestamp on a seal lies."""
    return f"seals/{root}.tsr"


def message_path(sha256: str, channel: str) -> str:
    """Return where a message lies as it was sent."""
    return f"{MESSAGES}{sha256}.{'eml' if channel == 'mail' else 'json'}"


def notice_bound(path: str) -> int | None:
    """Return the most bytes of a file of such a package; ``None`` where none is called so."""
    return next((most for name, most in _BOUNDS.items() if name.fullmatch(path)), None)
