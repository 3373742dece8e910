"""The status of notices by version and delivery, with alarms for contacts who were not notified."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import msgspec

from register_api.clock import zone_of
from register_api.core.instant import instant_of, local_day
from register_api.notify.answers import AnswerStatus, answers_to, count_answers, last_day_to_object
from register_api.notify.endpoints import endpoints
from register_api.notify.persons import display_address, pseudonym_of
from register_api.notify.publication import load, newest
from register_api.notify.sealing import Sealing, sealing
from register_api.sending.database import Database, Row


class DeliveryStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status of one delivery; with ``unknowns`` above one it may have arrived twice.

    ``alarm``: a contract contact was not notified and has not been replaced.
    """

    delivery: str
    version: int
    tells: str
    recipient: str
    kind: str
    customer: str
    pseudonym: str | None
    address: str | None
    channel: str
    state: str
    at: dt.datetime
    attempts: int
    unknowns: int
    reply: str
    message_id: str
    body_sha256: str
    alarm: bool


class VersionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics of a version's notices; ``alarms`` counts contract contacts who were not notified.

    ``days_left`` until the first change that requires notice takes effect; negative afterwards.
    """

    version: int
    published_at: dt.datetime
    recorded_at: dt.datetime
    told: bool
    effective_on: dt.date | None
    days_left: int | None
    states: dict[str, int]
    reminders: dict[str, int]
    alarms: int
    objection_until: dt.date | None
    answers: dict[str, int]


class NotifyStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The last poll of the tree, versions (newest first) and endpoints; deliveries of one version."""

    looked_at: dt.datetime | None
    problem: str
    versions: tuple[VersionStatus, ...]
    endpoints: dict[str, int]
    sealing: Sealing
    told: tuple[DeliveryStatus, ...] = ()
    answers: tuple[AnswerStatus, ...] = ()

    @property
    def needs_somebody(self) -> bool:
        """Whether action is needed: a contact was not notified, or the tree does not verify."""
        return bool(self.problem) or any(version.alarms for version in self.versions)


_NEWEST = 20
"""Number of versions shown, besides older ones with alarms."""


def status(
    database: Database, now: dt.datetime, version: int | None = None, *, addresses: bool = False
) -> NotifyStatus:
    """Return the status of one version with its deliveries, or else of the newest and of all with alarms."""
    polls = database.query("SELECT at, problem FROM looks")
    deliveries: list[DeliveryStatus] = []
    answered: list[AnswerStatus] = []
    if version is None:
        alarming = {row["version"] for row in _deliveries(database, alarms=True)}
        recorded = database.query("SELECT version FROM publications ORDER BY version DESC")
        every, first = [row["version"] for row in recorded], newest(database) - _NEWEST + 1
        numbers = [number for number in every if number >= first or number in alarming]
    else:
        numbers = [version]
        answered = answers_to(database, load(database, version), addresses=addresses)
        for row in _deliveries(database, version):
            address = display_address(row["channel"], row["address"]) if addresses else None
            who = {"pseudonym": pseudonym_of(row["pseudonym_key"], row["address"]), "address": address}
            deliveries.append(msgspec.convert(row | who, DeliveryStatus, strict=False))
    return NotifyStatus(
        looked_at=instant_of(polls[0]["at"]) if polls else None,
        problem=polls[0]["problem"] if polls else "",
        versions=tuple(_version(database, number, now) for number in numbers),
        endpoints=dict(sorted(Counter(each.condition for each in endpoints(database)).items())),
        sealing=sealing(database),
        told=tuple(deliveries),
        answers=tuple(answered),
    )


_ALARM = (
    "(d.kind = 'notice' AND r.kind = 'contact' AND r.state = 'active' AND d.state IN ('refused', 'bounced'))"
)
_OF_VERSION = "(d.version = ? OR d.id IN (SELECT delivery FROM digest_versions WHERE version = ?))"


def _deliveries(database: Database, version: int | None = None, *, alarms: bool = False) -> list[Row]:
    of_version, only = (f"AND {_OF_VERSION}", (version, version)) if version is not None else ("", ())
    return database.query(
        "SELECT d.*, d.id AS delivery, d.kind AS tells, d.state_at AS at, r.kind AS kind, r.customer,"
        f" r.address, r.pseudonym_key, CASE WHEN {_ALARM} THEN 1 ELSE 0 END AS alarm"
        " FROM deliveries d JOIN recipients r ON r.id = d.recipient"
        f" WHERE {_ALARM if alarms else '1 = 1'} {of_version} ORDER BY r.customer, d.id",
        *only,
    )


def _version(database: Database, number: int, now: dt.datetime) -> VersionStatus:
    row = database.query("SELECT * FROM publications WHERE version = ?", number)[0]
    counted = database.query(
        "SELECT kind = 'reminder' AS reminds, state, count(*) AS n FROM deliveries d"
        f" WHERE {_OF_VERSION} GROUP BY reminds, state ORDER BY state",
        *(number, number),
    )
    publication = load(database, number)
    notices = [change.notice for change in publication.changes if change.notice.required]
    effective_on = min((each.effective_on for each in notices if each.effective_on), default=None)
    today = local_day(now, zone_of(publication.register.publisher.time_zone))
    row |= {
        "effective_on": effective_on,
        "days_left": (effective_on - today).days if effective_on else None,
        "states": {each["state"]: each["n"] for each in counted if not each["reminds"]},
        "reminders": {each["state"]: each["n"] for each in counted if each["reminds"]},
        "alarms": len(_deliveries(database, number, alarms=True)),
        "objection_until": last_day_to_object(publication.changes),
        "answers": count_answers(database, publication),
    }
    return msgspec.convert(row, VersionStatus, strict=False)
