"""Attacks on the form of metadata: what it lists, how it is spelled, what stands beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attack import Room
from changes import damaged, missing, put, resigned

from register_api.core.format import tree

if TYPE_CHECKING:
    from memory_publisher import MemoryPublisher

ROOM = Room("metadata", "TUF metadata that is missing, spelled anew, says things twice, or lists too much.")

TIMESTAMP, SNAPSHOT, TARGETS = tree.TIMESTAMP.path(), "trust/3.snapshot.json", "trust/3.targets.json"


ROOM.add("timestamp is a page", "Answers with a page.", damaged(TIMESTAMP, lambda _: b"<html>"), 11, "V02")
ROOM.add("targets metadata missing", "Withholds what the snapshot names.", missing(TARGETS), 10, "V02")
ROOM.add("snapshot missing", "Withholds what the timestamp names.", missing(SNAPSHOT), 10, "V02")
ROOM.add("timestamp missing", "Withholds freshness itself.", missing(TIMESTAMP), 10, "V02")


@ROOM.attack(11, "V02", why="What it signs may be right: the format has one form, without delegations.")
def delegation(publisher: MemoryPublisher) -> None:
    """Lets another speak for the targets."""
    resigned(publisher, TARGETS, lambda plain: plain.update(delegations={"keys": {}, "roles": []}))
    publisher.vouch_snapshot()


@ROOM.attack(11, "V02")
def target_not_listed(publisher: MemoryPublisher) -> None:
    """Vouches for everything but the list of keys."""
    resigned(publisher, TARGETS, lambda plain: plain["targets"].pop("keys.json"))
    publisher.vouch_snapshot()


@ROOM.attack(11, "V02")
def target_digest_in_capital_letters(publisher: MemoryPublisher) -> None:
    """Spells a target's digest in capital letters."""

    def change(plain: dict) -> None:
        hashes = plain["targets"]["keys.json"]["hashes"]
        hashes["sha256"] = hashes["sha256"].upper()

    resigned(publisher, TARGETS, change)
    publisher.vouch_snapshot()


@ROOM.attack(11, "V02")
def target_digest_leads_out(publisher: MemoryPublisher) -> None:
    """Gives a path out of the tree as a target's digest, by which its copy is named."""
    resigned(
        publisher,
        TARGETS,
        lambda plain: plain["targets"]["keys.json"].update(hashes={"sha256": "../../../x"}),
    )
    publisher.vouch_snapshot()


@ROOM.attack(11, "V02")
def target_without_sha256(publisher: MemoryPublisher) -> None:
    """Gives a target's digest by another function only."""
    resigned(
        publisher, TARGETS, lambda plain: plain["targets"]["keys.json"].update(hashes={"sha512": "0" * 128})
    )
    publisher.vouch_snapshot()


@ROOM.attack(0, why="Harmless: only the targets of the format are ever asked for.")
def extraneous_targets(publisher: MemoryPublisher) -> None:
    """Lists a program among the targets, in the hope that it is fetched."""
    extra = {"length": 10**12, "hashes": {"sha256": "0" * 64}}
    resigned(publisher, TARGETS, lambda plain: plain["targets"].update({"program.exe": extra}))
    publisher.vouch_snapshot()


def _spelled_anew(path: str, **form: object):
    return damaged(path, lambda data: json.dumps(json.loads(data), **form).encode())


INDENTED = "TUF signs what metadata says, not how it is spelled; the format has one spelling, compact ASCII."
ROOM.add(
    "timestamp indented", "Spells metadata anew.", _spelled_anew(TIMESTAMP, indent=1), 11, "V02", why=INDENTED
)
ROOM.add(
    "snapshot indented",
    "Spells metadata anew.",
    _spelled_anew(SNAPSHOT, indent=1),
    11,
    "V02",
    why="Longer than the timestamp says: over a limit, and not read to its end.",
)


@ROOM.attack(11, "V02", why=INDENTED)
def snapshot_indented_and_vouched_for(publisher: MemoryPublisher) -> None:
    """Spells a snapshot anew, and names its digest in the timestamp."""
    publisher.files[SNAPSHOT] = json.dumps(json.loads(publisher.files[SNAPSHOT]), indent=1).encode()
    publisher.refresh()


ROOM.add(
    "first root indented",
    "Spells the root anew.",
    _spelled_anew("trust/1.root.json", indent=1),
    11,
    "V01",
    why=INDENTED,
)
ROOM.add(
    "timestamp with a newline at the end",
    "Adds a byte that no signature covers.",
    damaged(TIMESTAMP, lambda data: data + b"\n"),
    11,
    "V02",
    why=INDENTED,
)
ROOM.add(
    "timestamp with an escape",
    "Spells a letter as an escape.",
    damaged(TIMESTAMP, lambda data: put(data, b"timestamp", b"\\u0074imestamp")),
    11,
    "V02",
    why=INDENTED,
)


def _said_twice(data: bytes) -> bytes:
    """Put an expiry in 2099 before the true one: which one counts is each reader's own affair."""
    return put(data, b'"expires":', b'"expires":"2099-01-01T00:00:00Z","expires":')


UNSIGNED = "No signature and no digest covers it: it could say anything under a good signature."
ROOM.add(
    "member beside what the timestamp signs",
    "Adds a member to the envelope.",
    damaged(
        TIMESTAMP, lambda data: put(data, b'{"signatures"', b'{"note":"pay to another account","signatures"')
    ),
    11,
    "V02",
    why=UNSIGNED,
)
ROOM.add(
    "member beside a signature",
    "Adds a member to a signature.",
    damaged(TIMESTAMP, lambda data: put(data, b'{"keyid"', b'{"comment":"checked by us","keyid"')),
    11,
    "V02",
    why=UNSIGNED,
)

TWICE = "Two programs would read two things in the same bytes."
ROOM.add(
    "duplicate name in the timestamp",
    "Says twice when it expires.",
    damaged(TIMESTAMP, _said_twice),
    11,
    "V02",
    why=TWICE,
)
ROOM.add(
    "duplicate name in the root",
    "Says twice when it expires.",
    damaged("trust/1.root.json", _said_twice),
    11,
    "V01",
    why=TWICE,
)


@ROOM.attack(11, "V02", why=TWICE)
def duplicate_signed_part(publisher: MemoryPublisher) -> None:
    """Puts a signed part of the attacker's own before the true one."""
    theirs = json.dumps({"_type": "timestamp", "expires": "2099-01-01T00:00:00Z"}, separators=(",", ":"))
    publisher.files[TIMESTAMP] = put(
        publisher.files[TIMESTAMP], b'"signed":', f'"signed":{theirs},"signed":'.encode()
    )


@ROOM.attack(11, "V02", why="Over a limit; TUF itself would count the key once.")
def timestamp_with_a_thousand_signatures(publisher: MemoryPublisher) -> None:
    """Signs freshness a thousand times over, with keys of the attacker's own."""
    document = json.loads(publisher.files[TIMESTAMP])
    document["signatures"] += [{"keyid": f"{number:064x}", "sig": "00" * 64} for number in range(1000)]
    publisher.files[TIMESTAMP] = json.dumps(document, separators=(",", ":")).encode()


@ROOM.attack(11, "V02", why="Two signatures of one key are not of the form that TUF has.")
def one_signature_twice_in_the_timestamp(publisher: MemoryPublisher) -> None:
    """Lists the online key's signature twice."""
    document = json.loads(publisher.files[TIMESTAMP])
    document["signatures"] *= 2
    publisher.files[TIMESTAMP] = json.dumps(document, separators=(",", ":")).encode()
