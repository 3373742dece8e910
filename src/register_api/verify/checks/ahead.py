"""What lies ahead, as it is published and as it follows from the register (V29)."""

from __future__ import annotations

from typing import Any

from register_api.clock import zone_of
from register_api.core.ahead import UpcomingEvents, upcoming_document
from register_api.core.canonical import Encoded, decode, encode, parse
from register_api.core.format import tree
from register_api.core.forms import FORMAT_MINOR
from register_api.core.model import Register
from register_api.errors import Inconsistent, Malformed
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.checks.run import Run

_NAMED_BY = ("day", "what", "subprocessor", "engagement", "planned")
"""Members that tell one event from another."""


def check_upcoming(run: Run, register: Encoded[Register]) -> str:
    """Work out what lies ahead of the newest register, and compare what is published of it (V29)."""
    expected = _expected(register)
    path, newest = tree.UPCOMING.path(), register.document
    data = run.get(path)
    with naming(path):
        said = decode(data, UpcomingEvents, max_bytes=tree.UPCOMING.max_bytes)
        if said.format_minor != newest.format_minor:
            raise Inconsistent("not of the same minor number of the format as the register")
        if said.format_minor == FORMAT_MINOR:
            agrees = said == expected
        else:
            agrees = _agrees(_plain(data), _plain(encode(expected)), newer=said.format_minor > FORMAT_MINOR)
        if not agrees:
            raise Inconsistent("differs from what follows from the register")
    number = len(expected.upcoming)
    return f"{number} {'event' if number == 1 else 'events'} from {expected.as_of.isoformat()} on"


def _expected(newest: Encoded[Register]) -> UpcomingEvents:
    """Return what follows from the register."""
    register = newest.document
    try:
        zone = zone_of(register.publisher.time_zone)
    except Malformed as error:
        raise NotApplicable(error.message) from error
    try:
        return upcoming_document(newest, zone)
    except Malformed as error:
        if register.format_minor > FORMAT_MINOR:
            raise NotApplicable(
                f"a later minor number of the format is not judged: {error.message}"
            ) from error
        raise


def _plain(data: bytes) -> Any:
    return parse(data, max_bytes=tree.UPCOMING.max_bytes)


def _agrees(said: Any, expected: Any, *, newer: bool) -> bool:
    """Compare documents of two minor numbers: what both know; what the newer one brought is not judged."""
    mine, theirs = _by_name(expected.pop("upcoming")), _by_name(said.pop("upcoming"))
    if not (mine.keys() <= theirs.keys() if newer else mine.keys() == theirs.keys()):
        return False
    unjudged = {"format_minor", "type"} if newer else {"format_minor"}
    pairs = [(said, expected), *((theirs[name], row) for name, row in mine.items())]
    return all(_shared(one, other, unjudged) for one, other in pairs)


def _by_name(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row.get(name) for name in _NAMED_BY): row for row in rows}


def _shared(said: Any, expected: Any, unjudged: set[str]) -> bool:
    """Tell whether the members that two objects share are the same."""
    if not (isinstance(said, dict) and isinstance(expected, dict)):
        return bool(said == expected)
    names = said.keys() & expected.keys() - unjudged
    return all(_shared(said[name], expected[name], unjudged) for name in names)
