"""What contract contacts answer to a notice: accepted, objected with a reason, or not concerned.

Every answer is kept and the newest counts. Nothing of it is public.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from register_api.clock import zone_of
from register_api.core.calendar import local_day
from register_api.core.language.language import message
from register_api.notify.deliveries import TELLING
from register_api.sending.outbox import add_fact

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    from register_api.core.diff.changes import Change
    from register_api.core.model import Register
    from register_api.sending.database import Row

Verdict = Literal["accepted", "objected", "not_concerned"]
Way = Literal["link", "publisher"]

VERDICTS: tuple[Verdict, ...] = ("accepted", "objected", "not_concerned")
LONGEST_REASON = 4000


class GivenAnswer(NamedTuple):
    """An answer as it is given.

    Attributes:
        way: By the link in the mail, or entered by the publisher.
    """

    verdict: str
    reason: str
    way: Way


class RecordedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was recorded; the columns of the table.

    Attributes:
        number: Of the answers of this recipient to this version, from 1 on.
        late: Whether it came after the last day to object.
    """

    number: int
    version: int
    recipient: str
    verdict: Verdict
    reason: str
    way: Way
    late: bool
    at: int


def fault_of(verdict: str, reason: str) -> str | None:
    """Return what is wrong with an answer, as a message of the catalogue's, or ``None``."""
    if verdict not in VERDICTS:
        return message("Choose one of the answers.")
    if verdict == "objected" and not reason.strip():
        return message("An objection needs a reason.")
    return message("The reason is too long.") if len(reason) > LONGEST_REASON else None


def last_day_to_object(changes: Iterable[Change]) -> dt.date | None:
    """Return the last day on which one may object to any of some changes; ``None``: to none of them."""
    return max((day for each in changes if (day := each.notice.objection_until)), default=None)


def is_late(register: Register, changes: Iterable[Change], now: dt.datetime) -> bool:
    """Tell whether the last day to object has passed where the publisher is."""
    last = last_day_to_object(changes)
    return last is not None and local_day(now, zone_of(register.publisher.time_zone)) > last


def newest(run: Callable[..., list[Row]], version: int, recipient: str) -> RecordedAnswer | None:
    """Return the answer of a recipient that counts."""
    rows = run(
        "SELECT * FROM answers WHERE version = ? AND recipient = ? ORDER BY number DESC LIMIT 1",
        *(version, recipient),
    )
    return msgspec.convert(rows[0], RecordedAnswer, strict=False) if rows else None


def record(
    run: Callable[..., list[Row]], version: int, recipient: str, given: GivenAnswer, now: int, *, late: bool
) -> bool:
    """Record an answer; the same as the newest one once more is no answer of its own.

    Returns:
        Whether it is new.
    """
    before = newest(run, version, recipient)
    reason = given.reason.strip()
    if before is not None and (before.verdict, before.reason) == (given.verdict, reason):
        return False
    run(
        "INSERT INTO answers (number, version, recipient, verdict, reason, way, late, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(before.number + 1 if before else 1, version, recipient, given.verdict, reason, given.way),
        *(int(late), now),
    )
    # A fact of the notice, so that it is sealed and proven like the others.
    telling = f"SELECT id FROM deliveries WHERE recipient = ? AND {TELLING} LIMIT 1"
    for row in run(telling, recipient, version, version):
        add_fact(run, row["id"], now, given.verdict, reason)
    return True
