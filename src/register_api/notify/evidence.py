"""What proves to others whom a version was told: sealed records with their paths, as one file."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import msgspec

from register_api.core.canonical import decode, digest, encode
from register_api.core.delivery import (
    DeliveryRecord,
    NoticeEvidence,
    Opening,
    ProvenRecord,
    audit_path,
    reply_mac,
)
from register_api.core.log.merkle import HASH_BYTES
from register_api.core.printable import quoted
from register_api.errors import NotifyError
from register_api.notify.contacts import Recipient, recipients_at
from register_api.notify.publication import Publication
from register_api.sending.database import Database, Row
from register_api.verify.evidence import archive as paths
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.notice import NOTICE_README

# The address of an endpoint may be a password, which is not opened.
_FACTS = """
SELECT f.record, f.seal, f.leaf, f.reply, r.address, b.body,
    CASE WHEN r.channel = 'mail' THEN r.pseudonym_key END AS pseudonym_key
FROM facts f JOIN deliveries d ON d.id = f.delivery JOIN recipients r ON r.id = d.recipient
    LEFT JOIN bodies b ON b.delivery = d.id
WHERE d.recipient = ? AND (d.kind <> 'digest' AND d.version = ?
    OR d.id IN (SELECT delivery FROM digest_versions WHERE version = ?))
ORDER BY f.at, f.id
"""


class NoticeFiles(NamedTuple):
    """A package before it is packed.

    Attributes:
        files: Its files by path.
        records: How many records are in it.
        unsealed: How many facts are not, since nothing has sealed them yet.
        sealed_at: When the newest of its seals was made.
    """

    files: dict[str, bytes]
    records: int
    unsealed: int
    sealed_at: dt.datetime


def recipients_of(database: Database, address: str | None, customer: str | None) -> list[Recipient]:
    """Return whose records are wanted: one recipient's, or those of all contacts a customer ever had.

    Raises:
        NotifyError: There is nobody, or the address belongs to contacts of several customers.
    """
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
        raise NotifyError("there is no such recipient", hint="register-api notify contacts list")
    return found


def notice_files(database: Database, publication: Publication, recipients: list[Recipient]) -> NoticeFiles:
    """Gather what proves what some recipients were told of a version.

    Args:
        database: Where it is recorded.
        publication: The version.
        recipients: Whose records; nobody else's are in it.

    Raises:
        NotifyError: Nothing of it is sealed, or it is more than a package takes.
    """
    version = publication.register.version
    rows = [row for each in recipients for row in database.query(_FACTS, each.id, version, version)]
    sealed = [row for row in rows if row["record"] is not None]
    if not sealed:
        raise NotifyError(
            f"nothing about version {version} is sealed for this recipient", hint="register-api notify seal"
        )
    if len(sealed) > paths.MAX_RECORDS:
        raise NotifyError(f"more than {paths.MAX_RECORDS} records", hint="name one recipient")
    seals = {row["seal"]: _seal(database, row["seal"]) for row in sealed}
    notice = NoticeEvidence(
        register=publication.register.register,
        version=version,
        openings=_openings(sealed),
        records=tuple(_proven(row, seals[row["seal"]]) for row in sealed),
    )
    files = {paths.NOTICE: encode(notice), README: NOTICE_README}
    for number, row in enumerate(sealed, 1):
        files |= _files_of_record(number, row)
    for seal in seals.values():
        files |= _files_of_seal(seal)
    newest = max(seal["sealed_at"] for seal in seals.values())
    return NoticeFiles(files, len(sealed), len(rows) - len(sealed), dt.datetime.fromtimestamp(newest, dt.UTC))


def _files_of_record(number: int, row: Row) -> dict[str, bytes]:
    """Return the record, and the message that it is about if it is still kept."""
    data = bytes(row["record"])
    record = decode(data, DeliveryRecord)
    files = {paths.record_path(number): data}
    if row["body"] is not None and digest(bytes(row["body"])) == record.body_sha256:
        files[paths.message_path(record.body_sha256, record.channel)] = bytes(row["body"])
    return files


def _files_of_seal(seal: Row) -> dict[str, bytes]:
    files = {paths.seal_path(seal["root"]): bytes(seal["document"])}
    if seal["stamp"] is not None:
        files[paths.stamp_path(seal["root"])] = bytes(seal["stamp"])
    return files


def _seal(database: Database, root: str) -> Row:
    return database.query("SELECT * FROM seals WHERE root = ?", root)[0]


def _openings(rows: list[Row]) -> tuple[Opening, ...]:
    """Return the recipients who are not erased, each once."""
    known = {
        row["address"]: Opening(address=row["address"], key=bytes(row["pseudonym_key"]).hex())
        for row in rows
        if row["pseudonym_key"] is not None
    }
    recorded = {decode(bytes(row["record"]), DeliveryRecord).recipient for row in rows}
    return tuple(opening for opening in known.values() if opening.recipient in recorded)


def _proven(row: Row, seal: Row) -> ProvenRecord:
    """Return where a record stands, with the server's reply if it is still kept."""
    hashes = bytes(seal["leaves"])
    leaves = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    path, _ = audit_path(leaves, row["leaf"])
    key, record = row["pseudonym_key"], decode(bytes(row["record"]), DeliveryRecord)
    shown = key is not None and record.reply == reply_mac(bytes(key), row["reply"])
    return ProvenRecord(
        root=row["seal"],
        index=row["leaf"],
        path=tuple(neighbour.hex() for neighbour in path),
        reply=row["reply"] if shown else None,
    )
