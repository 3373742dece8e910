"""Notice evidence packages for tests, made from records in memory without a database."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json

from evidence_packages import make_package, unpack
from memory_publisher import NOW, MemoryPublisher
from register_api.core.canonical import digest, encode
from register_api.core.delivery import (
    DeliveryRecord,
    NoticeEvidence,
    Opening,
    ProvenRecord,
    ReportedVersion,
    address_mac,
    audit_path,
    make_seal,
    reply_mac,
)
from register_api.core.log.merkle import leaf_hash
from register_api.verify.evidence import archive as paths
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.offline import NOTICE_README

KEY, ADDRESS = bytes(range(32)), "ann@customer.example"
OPENING = Opening(address=ADDRESS, key=KEY.hex())
SEALED = NOW + dt.timedelta(hours=1)
MAIL = b"From: privacy@example.com\r\nTo: ann@customer.example\r\n\r\nVersion 2.\r\n"
REPLIES = {"sent": "250 OK: queued as 7", "bounced": "5.1.1"}


@functools.cache
def register() -> bytes:
    """Return the evidence package of version 2 of a register."""
    return make_package(MemoryPublisher().publish().publish().files, 2)


def record(what: str, **other: object) -> DeliveryRecord:
    """Return a delivery record of the notice of version 2."""
    data = unpack(register())["v1/versions/2/register.json"]
    name = json.loads(data)["register"]
    said = {
        "id": hashlib.sha256(what.encode()).hexdigest()[:32],
        "register": name,
        "versions": (ReportedVersion(version=2, sha256=digest(data)),),
        "delivery": "ab" * 16,
        "recipient": address_mac(KEY, ADDRESS),
        "customer": "C-17",
        "channel": "mail",
        "kind": "notice",
        "message_id": "<abab@example.com>",
        "body_sha256": digest(MAIL),
        "at": NOW,
        "what": what,
        "reply": reply_mac(KEY, REPLIES[what]),
    }
    return DeliveryRecord(**said | other)  # type: ignore[arg-type]


def notice(
    *records: DeliveryRecord, openings: tuple[Opening, ...] = (OPENING,), **said: object
) -> dict[str, bytes]:
    """Return the files of a package with records in a Merkle tree of eight leaves."""
    found = records or (record("sent"), record("bounced"))
    data = [encode(each) for each in found]
    leaves = [leaf_hash(each) for each in data] + [bytes([number]) * 32 for number in range(8 - len(data))]
    root, seal = make_seal(found[0].register, leaves, SEALED)
    proven = tuple(
        ProvenRecord(
            root=root,
            index=at,
            path=tuple(each.hex() for each in audit_path(leaves, at)[0]),
            reply=REPLIES[one.what] if openings else None,
        )
        for at, one in enumerate(found)
    )
    document = {
        "register": found[0].register,
        "version": 2,
        "openings": openings,
        "records": proven,
    }
    return {
        paths.NOTICE: encode(NoticeEvidence(**document | said)),  # type: ignore[arg-type]
        README: NOTICE_README,
        **{paths.record_path(number): each for number, each in enumerate(data, 1)},
        paths.seal_path(root): seal,
        paths.message_path(digest(MAIL), "mail"): MAIL,
        paths.REGISTER: register(),
    }


def the_seal(files: dict[str, bytes]) -> str:
    """Return the path of the only seal."""
    (path,) = (path for path in files if path.startswith("seals/") and path.endswith(".json"))
    return path
