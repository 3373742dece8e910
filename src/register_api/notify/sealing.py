"""Seals what happened to deliveries: records below a root, with a timestamp (docs/proof-of-notice.md)."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable

import msgspec

from register_api.core.canonical import encode
from register_api.core.delivery import DeliveryRecord, VersionTold, make_seal, reply_mac, tree_size
from register_api.core.instant import format_instant
from register_api.core.log.merkle import HASH_BYTES, leaf_hash
from register_api.core.log.time_stamp import CLOCK_TOLERANCE, TimeStamp
from register_api.errors import NotStamped
from register_api.notify.contacts import Recipient
from register_api.publish.time_authority import TimeAuthority, ask
from register_api.sending.database import Database, Row

MOST_FACTS = 16_384
"""Facts below one root; what is left goes below the next."""

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
"""Reads the register's name, and locks that row in PostgreSQL, so that two workers make no two roots."""


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed by now.

    Attributes:
        unsealed: Facts that are not.
        sealed_at: When the last seal was made.
        unstamped: Seals without a timestamp.
    """

    unsealed: int
    sealed_at: dt.datetime | None
    unstamped: int


def sealing(database: Database) -> Sealing:
    """Return what is sealed by now."""
    facts = database.query("SELECT count(*) AS n FROM facts WHERE seal IS NULL")
    seals = database.query("SELECT max(sealed_at) AS at, count(*) - count(stamp) AS n FROM seals")[0]
    at = None if seals["at"] is None else dt.datetime.fromtimestamp(seals["at"], dt.UTC)
    return Sealing(unsealed=facts[0]["n"], sealed_at=at, unstamped=seals["n"])


def seal_facts(database: Database, now: dt.datetime) -> int:
    """Seal every fact that is not sealed yet.

    Args:
        database: Where they are kept.
        now: The present instant, UTC; what happened later by another machine's clock waits.

    Returns:
        How many facts.
    """
    sealed = 0
    while number := _seal(database, now):
        sealed += number
    return sealed


def _seal(database: Database, now: dt.datetime) -> int:
    """Put facts below one root; another worker that does the same meanwhile finds none of them."""
    claim, at = secrets.token_hex(16), int(now.timestamp())
    with database.transaction() as run:
        registers = run(_ONE_AT_A_TIME)
        claimed = registers and run(
            "UPDATE facts SET seal = ? WHERE id IN (SELECT id FROM facts WHERE seal IS NULL AND at <= ?"
            " ORDER BY at, id LIMIT ?) RETURNING id",
            *(claim, at, MOST_FACTS),
        )
        if claimed:
            _plant(run, claim, registers[0]["register"], now)
    return len(claimed)


def _plant(run: Callable[..., list[Row]], claim: str, register: str, now: dt.datetime) -> None:
    """Make the tree of claimed facts: each at a place by chance, and random leaves at all others."""
    digests: dict[str, list[VersionTold]] = {}
    for row in run(_DIGESTS, claim):
        told = VersionTold(version=row["version"], sha256=row["sha256"])
        digests.setdefault(row["delivery"], []).append(told)
    records = {
        row["id"]: _record(row, register, digests.get(row["delivery"], _told(row)))
        for row in run(_FACTS, claim)
    }
    size = tree_size(len(records))
    places = secrets.SystemRandom().sample(range(size), len(records))
    leaves = [secrets.token_bytes(HASH_BYTES) for _ in range(size)]
    for place, data in zip(places, records.values(), strict=True):
        leaves[place] = leaf_hash(data)
    root, document = make_seal(register, leaves, now)
    for place, (fact, data) in zip(places, records.items(), strict=True):
        run("UPDATE facts SET seal = ?, leaf = ?, record = ? WHERE id = ?", root, place, data, fact)
    run(
        "INSERT INTO seals (root, sealed_at, document, leaves) VALUES (?, ?, ?, ?)",
        *(root, int(now.timestamp()), document, b"".join(leaves)),
    )


def _told(row: Row) -> list[VersionTold]:
    """Return the version that a message tells of; a confirmation tells of none."""
    return [] if row["version"] is None else [VersionTold(version=row["version"], sha256=row["sha256"])]


def _record(row: Row, register: str, versions: list[VersionTold]) -> bytes:
    key = row["pseudonym_key"]
    return encode(
        DeliveryRecord(
            id=row["id"],
            register=register,
            versions=tuple(versions),
            delivery=row["delivery"],
            recipient=Recipient.pseudonym_of(key, row["address"]),
            customer=row["customer"],
            channel=row["channel"],
            kind=row["kind"],
            message_id=row["message_id"],
            body_sha256=row["body_sha256"],
            at=dt.datetime.fromtimestamp(row["at"], dt.UTC),
            what=row["what"],
            reply=None if key is None else reply_mac(key, row["reply"]),
        )
    )


def stamp_seals(database: Database, authority: TimeAuthority, now: dt.datetime) -> list[TimeStamp]:
    """Have every seal stamped that is not yet; no transaction is open while the authority is asked.

    Returns:
        The new stamps.

    Raises:
        NotStamped: The authority gave none that can be kept; the seals wait for the next time.
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
