"""Answers of contract contacts to a notice; all are kept, the newest applies, none is public."""

from __future__ import annotations

import datetime as dt
import functools
from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

from register_api.clock import zone_of
from register_api.core.changes import Change
from register_api.core.instant import local_day
from register_api.core.language.language import message
from register_api.errors import UsageError
from register_api.notify.deliveries import NOTIFIES_OF
from register_api.notify.persons import Recipient, pseudonym_of
from register_api.notify.publication import Publication, load
from register_api.sending.database import Database, Row, Run, insert
from register_api.sending.outbox import add_fact

Verdict = Literal["accepted", "objected", "not_concerned"]
Way = Literal["link", "publisher"]

VERDICTS: tuple[Verdict, ...] = ("accepted", "objected", "not_concerned")
LONGEST_REASON = 4000


class GivenAnswer(NamedTuple):
    """An answer, given by the link in the email or entered by the publisher."""

    verdict: str
    reason: str
    way: Way


def fault_of(given: GivenAnswer) -> str | None:
    """Return what is wrong with an answer as a translatable message, or ``None``."""
    if given.verdict not in VERDICTS:
        return message("Choose one of the answers.")
    if given.verdict == "objected" and not given.reason.strip():
        return message("An objection needs a reason.")
    return message("The reason is too long.") if len(given.reason) > LONGEST_REASON else None


def last_day_to_object(changes: Iterable[Change]) -> dt.date | None:
    """Return the latest objection deadline of some changes; ``None`` if none has one."""
    return max((day for each in changes if (day := each.notice.objection_until)), default=None)


def is_late(changes: Iterable[Change], day: dt.date) -> bool:
    """Whether the latest objection deadline of some changes is before a day (publisher's time zone)."""
    last = last_day_to_object(changes)
    return last is not None and day > last


def newest_answer(run: Run, version: int, recipient: str) -> Row | None:
    """Return the recipient's newest answer; ``late`` means after the objection deadline."""
    query = "SELECT * FROM answers WHERE version = ? AND recipient = ? ORDER BY number DESC LIMIT 1"
    return next(iter(run(query, version, recipient)), None)


def record_answer(
    run: Run, version: int, recipient: str, given: GivenAnswer, now: int, *, late: bool
) -> bool:
    """Record an answer; return false if it repeats the newest one.

    It is also recorded as a fact of the notice and sealed with it (docs/proof-of-notice.md).
    """
    before = newest_answer(run, version, recipient)
    reason = given.reason.strip()
    if (
        before is not None
        and (before["verdict"], before["reason"]) == (given.verdict, reason)
        # The publisher may correct the day of receipt; a link that is used again later is no new answer.
        and (given.way == "link" or bool(before["late"]) == late)
    ):
        return False
    row = {"number": before["number"] + 1 if before else 1, "version": version, "recipient": recipient}
    insert(run, "answers", row | given._asdict() | {"reason": reason, "late": int(late), "at": now})
    query = f"SELECT id FROM deliveries WHERE recipient = ? AND {NOTIFIES_OF} LIMIT 1"
    for row in run(query, recipient, version, version):
        add_fact(run, row["id"], now, given.verdict, reason)
    return True


def enter_answer(
    database: Database,
    version: int,
    recipient: Recipient,
    given: GivenAnswer,
    now: dt.datetime,
    received: dt.date | None = None,
) -> bool:
    """Record an answer received by other means than a link, by default today; return whether it is new."""
    publication = load(database, version)
    today = local_day(now, zone_of(publication.register.publisher.time_zone))
    if received is not None and received > today:
        raise UsageError(f"--received: {received} is in the future")
    late = is_late(publication.concerning(recipient.products, recipient.hears), received or today)
    with database.transaction() as run:
        return record_answer(run, version, recipient.id, given, int(now.timestamp()), late=late)


class AnswerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a contract contact to a notice, or ``open``."""

    recipient: str
    customer: str
    pseudonym: str | None
    address: str | None
    verdict: Verdict | Literal["open"] = "open"
    reason: str = ""
    way: Way | None = None
    late: bool = False
    at: dt.datetime | None = None


_NEWEST = (
    "FROM deliveries d JOIN recipients r ON r.id = d.recipient"
    " LEFT JOIN answers a ON a.recipient = d.recipient AND a.version = d.version AND a.number ="
    " (SELECT max(number) FROM answers b WHERE b.recipient = d.recipient AND b.version = d.version)"
    " WHERE d.version = ? AND d.kind = 'notice' AND d.channel = 'mail' AND r.kind = 'contact'"
    " AND (r.state = 'active' OR a.verdict IS NOT NULL)"
)
"""Notices to contract contacts with their newest answers; contacts who left are included if they answered."""


def count_answers(database: Database, publication: Publication) -> dict[str, int]:
    """Return how many contract contacts gave each answer to a version, or have not answered (``open``)."""
    if last_day_to_object(publication.changes) is None:
        return {}
    return dict(sorted(Counter(each.verdict for each in answers_to(database, publication)).items()))


def answers_to(
    database: Database, publication: Publication, *, addresses: bool = False
) -> list[AnswerStatus]:
    """Return each contract contact's answer to a version, or that it is open."""
    rows = database.query(
        "SELECT r.id AS recipient, r.customer, r.address, r.pseudonym_key, r.products, r.hears,"
        f" a.verdict, a.reason, a.way, a.late, a.at {_NEWEST} ORDER BY r.customer, r.id",
        publication.register.version,
    )

    @functools.cache
    def may_object(products: str, hears: str) -> bool:
        return last_day_to_object(publication.concerning(products, hears)) is not None

    found = []
    for row in rows:
        if row["verdict"] or may_object(row["products"], row["hears"]):
            pseudonym = pseudonym_of(row["pseudonym_key"], row["address"])
            who = {"pseudonym": pseudonym, "address": row["address"] if addresses else None}
            stated = {name: value for name, value in row.items() if value is not None}
            found.append(msgspec.convert(stated | who, AnswerStatus, strict=False))
    return found
