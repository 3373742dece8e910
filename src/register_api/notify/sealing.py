"""Seals the facts about deliveries in timestamped Merkle trees (docs/proof-of-notice.md)."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import NamedTuple

import msgspec

from register_api.core import delivery as proof
from register_api.core.canonical import decode, digest, encode
from register_api.core.instant import format_instant, instant_of
from register_api.core.log.merkle import HASH_BYTES, leaf_hash
from register_api.core.log.time_stamp import CLOCK_TOLERANCE, TimeStamp
from register_api.core.text import quoted
from register_api.errors import NotifyError, NotStamped
from register_api.notify.persons import Recipient, pseudonym_of, recipients_at
from register_api.notify.publication import Publication
from register_api.publish.time_authority import TimeAuthority, ask
from register_api.sending.database import Database, Row, Run, insert
from register_api.verify.evidence import archive as paths
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.offline import NOTICE_README

MAX_FACTS = 16_384
"""Maximum facts in one tree; the rest go into the next."""

_FACTS = """
SELECT f.id, f.at, f.what, f.reply, d.id AS delivery, d.version, d.channel, d.kind, d.message_id,
    d.body_sha256, r.customer, r.address, r.pseudonym_key, p.sha256
FROM facts f JOIN deliveries d ON d.id = f.delivery JOIN recipients r ON r.id = d.recipient
    LEFT JOIN publications p ON p.version = d.version
WHERE f.seal = ?
"""
_DIGESTS = """
SELECT v.delivery, v.version, p.sha256 FROM digest_versions v JOIN publications p ON p.version = v.version
WHERE v.delivery IN (SELECT delivery FROM facts WHERE seal = ?) ORDER BY v.version
"""
_ONE_AT_A_TIME = """
UPDATE publications SET told = told WHERE version = (SELECT min(version) FROM publications) RETURNING register
"""
"""Reads the register's name and, in PostgreSQL, locks the row so that only one worker seals at a time."""


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """The state of sealing: unsealed facts, time of the last seal, seals without a timestamp."""

    unsealed: int
    sealed_at: dt.datetime | None
    unstamped: int


def sealing(database: Database) -> Sealing:
    """Return the state of sealing."""
    (row,) = database.query(
        "SELECT (SELECT count(*) FROM facts WHERE seal IS NULL) AS unsealed, max(sealed_at) AS sealed_at,"
        " count(*) - count(stamp) AS unstamped FROM seals"
    )
    return msgspec.convert(row, Sealing, strict=False)


def seal_facts(database: Database, now: dt.datetime) -> int:
    """Seal all unsealed facts up to ``now``; facts dated later by another machine's clock wait."""
    sealed, at = 0, int(now.timestamp())
    while True:
        claim = secrets.token_hex(16)  # keeps other workers from sealing the same facts
        with database.transaction() as run:
            registers = run(_ONE_AT_A_TIME)
            claimed = registers and run(
                "UPDATE facts SET seal = ? WHERE id IN (SELECT id FROM facts WHERE seal IS NULL AND at <= ?"
                " ORDER BY at, id LIMIT ?) RETURNING id",
                *(claim, at, MAX_FACTS),
            )
            if not claimed:
                return sealed
            _plant(run, claim, registers[0]["register"], now)
        sealed += len(claimed)


def _plant(run: Run, claim: str, register: str, now: dt.datetime) -> None:
    """Build the tree of claimed facts, each at a random position, with random leaves elsewhere."""
    digests: dict[str, list[Row]] = {}
    for row in run(_DIGESTS, claim):
        digests.setdefault(row["delivery"], []).append(row)
    records = {
        row["id"]: _record(row, register, digests.get(row["delivery"], [row])) for row in run(_FACTS, claim)
    }
    size = proof.tree_size(len(records))
    places = secrets.SystemRandom().sample(range(size), len(records))
    leaves = [secrets.token_bytes(HASH_BYTES) for _ in range(size)]
    for place, data in zip(places, records.values(), strict=True):
        leaves[place] = leaf_hash(data)
    root, document = proof.make_seal(register, leaves, now)
    for place, (fact, data) in zip(places, records.items(), strict=True):
        run("UPDATE facts SET seal = ?, leaf = ?, record = ? WHERE id = ?", root, place, data, fact)
    seal = {"root": root, "sealed_at": int(now.timestamp()), "document": document, "leaves": b"".join(leaves)}
    insert(run, "seals", seal)


def _record(row: Row, register: str, versions: list[Row]) -> bytes:
    key = row["pseudonym_key"]
    reported = [each for each in versions if each["version"] is not None]
    as_they_are = ("id", "delivery", "customer", "channel", "kind", "message_id", "body_sha256", "what")
    return encode(
        proof.DeliveryRecord(
            register=register,
            versions=tuple(
                proof.ReportedVersion(version=each["version"], sha256=each["sha256"]) for each in reported
            ),
            recipient=pseudonym_of(key, row["address"]),
            at=instant_of(row["at"]),
            reply=None if key is None else proof.reply_mac(key, row["reply"]),
            **{name: row[name] for name in as_they_are},
        )
    )


def stamp_seals(database: Database, authority: TimeAuthority, now: dt.datetime) -> list[TimeStamp]:
    """Have all seals without a timestamp stamped and return the timestamps; ``NotStamped`` ends the run.

    No transaction is open during requests to the authority.
    """
    stamps = []
    for row in database.query("SELECT root, document FROM seals WHERE stamp IS NULL ORDER BY sealed_at"):
        data, stamp = ask(authority, bytes(row["document"]))
        if abs(stamp.at - now) > CLOCK_TOLERANCE:
            raise NotStamped(
                f"stamped at {format_instant(stamp.at)}, and this machine's clock says {format_instant(now)}"
            )
        with database.transaction() as run:
            run("UPDATE seals SET stamp = ? WHERE root = ? AND stamp IS NULL", data, row["root"])
        stamps.append(stamp)
    return stamps


# The address of an endpoint may contain a password, so its pseudonym is not opened.
_PROVEN_FACTS = """
SELECT f.record, f.seal, f.leaf, f.reply, r.address, b.body,
    CASE WHEN r.channel = 'mail' THEN r.pseudonym_key END AS pseudonym_key
FROM facts f JOIN deliveries d ON d.id = f.delivery JOIN recipients r ON r.id = d.recipient
    LEFT JOIN bodies b ON b.delivery = d.id
WHERE d.recipient = ? AND (d.kind <> 'digest' AND d.version = ?
    OR d.id IN (SELECT delivery FROM digest_versions WHERE version = ?))
ORDER BY f.at, f.id
"""


class NoticeFiles(NamedTuple):
    """The content of a package: files by path, numbers of records and unsealed facts, newest seal."""

    files: dict[str, bytes]
    records: int
    unsealed: int
    sealed_at: dt.datetime


def recipients_of(database: Database, address: str | None, customer: str | None) -> list[Recipient]:
    """Return the recipients at an address, or all contacts that a customer ever had."""
    if address is not None:
        at_address = recipients_at(database, address)
        found = [each for each in at_address if customer in {None, each.customer}]
        if len({each.customer for each in found}) > 1:
            raise NotifyError(
                f"{quoted(address)} is a contact of several customers", hint="name one with --customer"
            )
    else:
        rows = database.query("SELECT * FROM recipients WHERE customer = ? ORDER BY created_at, id", customer)
        found = [msgspec.convert(row, Recipient) for row in rows]
    if not found:
        raise NotifyError("unknown recipient", hint="register-api notify contacts list")
    return found


def notice_files(database: Database, publication: Publication, recipients: list[Recipient]) -> NoticeFiles:
    """Collect the evidence of a version's notices to these recipients, and to nobody else."""
    version = publication.register.version
    rows = [row for each in recipients for row in database.query(_PROVEN_FACTS, each.id, version, version)]
    sealed = [row for row in rows if row["record"] is not None]
    if not sealed:
        raise NotifyError(
            f"nothing about version {version} is sealed for this recipient", hint="register-api notify seal"
        )
    if len(sealed) > paths.MAX_RECORDS:
        raise NotifyError(f"more than {paths.MAX_RECORDS} records", hint="name one recipient")
    roots = dict.fromkeys(row["seal"] for row in sealed)
    seals = {root: database.query("SELECT * FROM seals WHERE root = ?", root)[0] for root in roots}
    records = [decode(bytes(row["record"]), proof.DeliveryRecord) for row in sealed]
    recorded = {record.recipient for record in records}  # None if erased
    known = {
        row["address"]: proof.Opening(address=row["address"], key=bytes(row["pseudonym_key"]).hex())
        for row in sealed
        if row["pseudonym_key"] is not None
    }
    notice = proof.NoticeEvidence(
        register=publication.register.register,
        version=version,
        openings=tuple(opening for opening in known.values() if opening.recipient in recorded),
        records=tuple(map(_proven, sealed, records, (seals[row["seal"]] for row in sealed))),
    )
    files = {paths.NOTICE: encode(notice), README: NOTICE_README}
    for number, (row, record) in enumerate(zip(sealed, records, strict=True), 1):
        files[paths.record_path(number)] = bytes(row["record"])
        if row["body"] is not None and digest(bytes(row["body"])) == record.body_sha256:
            files[paths.message_path(record.body_sha256, record.channel)] = bytes(row["body"])
    for root, seal in seals.items():
        files[paths.seal_path(root)] = bytes(seal["document"])
        if seal["stamp"] is not None:
            files[paths.stamp_path(root)] = bytes(seal["stamp"])
    newest = max(seal["sealed_at"] for seal in seals.values())
    return NoticeFiles(files, len(sealed), len(rows) - len(sealed), instant_of(newest))


def _proven(row: Row, record: proof.DeliveryRecord, seal: Row) -> proof.ProvenRecord:
    """Return a record's position and inclusion proof, with the server's reply if still stored."""
    hashes = bytes(seal["leaves"])
    leaves = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    path, _ = proof.audit_path(leaves, row["leaf"])
    key = row["pseudonym_key"]
    is_kept = key is not None and record.reply == proof.reply_mac(bytes(key), row["reply"])
    way, reply = tuple(neighbour.hex() for neighbour in path), row["reply"] if is_kept else None
    return proof.ProvenRecord(root=row["seal"], index=row["leaf"], path=way, reply=reply)
