"""Attacks of one bit: in every file that is signed, logged or named by a digest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attack import Room, two_versions
from changes import DIGEST, change, flip

from register_api.core.canonical import digest
from register_api.core.format.paths import TARGETS_BY_NAME

if TYPE_CHECKING:
    from memory_publisher import MemoryPublisher

ROOM = Room("bits", "One bit, changed on its way, in every file that somebody vouches for.")

FLIPS: tuple[tuple[str, bytes | None, int, str], ...] = (
    (r"v1/register\.json", None, 12, "V25"),
    (r"v1/keys\.json", None, 12, "V25"),
    (r"v1/heads\.json", None, 12, "V25"),
    (r"v1/heads\.json\.sig", None, 12, "V34"),
    (r"v1/heads\.json\.jws", rb"\.\.(.)", 12, "V34"),
    (r"\.well-known/sub-processors\.json", None, 12, "V34"),
    (r"v1/versions\.json", None, 12, "V12"),
    (r"v1/versions/\d/(register|diff|keys)\.json", None, 12, "V16"),
    (r"v1/versions/1/entry\.json", None, 12, "V13"),
    (r"v1/versions/2/entry\.json", None, 12, "V11"),
    (r"v1/versions/\d/entry\.tlog-proof", rb"\xe2\x80\x94 \S+ .{8}(.)", 12, "V15"),
    (r"v1/versions/\d/(register|diff)\.json\.sig", None, 12, "V17"),
    (r"v1/versions/\d/(register|diff)\.json\.jws", rb"\.\.(.)", 12, "V17"),
    (r"v1/register\.json\.sig", None, 12, "V05"),
    (r"v1/register\.json\.jws", rb"\.\.(.)", 12, "V05"),
    (r"v1/versions\.json\.sig", None, 12, "V12"),
    (r"v1/versions\.json\.jws", rb"\.\.(.)", 12, "V12"),
    (r"v1/keys/\{kid\d\}\.pem", None, 12, "V24"),
    (r"feed\.atom", None, 12, "V25"),
    (r"feed/.+\.atom", None, 12, "V34"),
    (r"(feed|v1/upcoming)\.json", None, 12, "V21"),
    (r"(feed|v1/upcoming)\.(atom|json)\.sig", None, 12, "V21"),
    (r"(feed|v1/upcoming)\.(atom|json)\.jws", rb"\.\.(.)", 12, "V21"),
    (r"feed\.atom\.dsig", rb"SignatureValue>(.)", 12, "V20"),
    (r"log/checkpoint", None, 12, "V25"),
    (r"log/tile/0/000\.p/2", None, 12, "V13"),
    (r"log/tile/0/000\.p/1", None, 12, "V14"),
    (r"log/tile/entries/000\.p/2", rb'"register":"(.)', 12, "V14"),
    (r"log/tile/entries/000\.p/1", rb'"register":"(.)', 12, "V14"),
    (r"trust/1\.root\.json", rb'"sig":"(.)', 16, "V02"),
    (r"trust/timestamp\.json", rb'"sig":"(.)', 12, "V02"),
    (r"trust/2\.(snapshot|targets)\.json", None, 12, "V02"),
    (r"trust/targets/\{sha256\}\..*", None, 12, "V25"),
)
"""Pattern of a path; where the bit is flipped, the middle if nothing else is said; code and check."""

UNREAD = re.compile(r"trust/1\.(snapshot|targets)\.json")
"""What newer metadata has replaced."""


def _names(publisher: MemoryPublisher) -> dict[str, str]:
    """Return every file that is signed, logged or named by a digest, by a name that stays."""
    heads = {digest(publisher.files[kind.path()]) for kind in TARGETS_BY_NAME.values()}
    kids = {record.kid: f"{{kid{number}}}" for number, record in enumerate(publisher.records, 1)}
    names = {}
    for path in publisher.files:
        found = DIGEST.search(path)
        if UNREAD.fullmatch(path) or (found and found[0] not in heads):
            continue
        kid = path.removeprefix("v1/keys/").removesuffix(".pem")
        names[DIGEST.sub("{sha256}", path).replace(kid, kids.get(kid, kid))] = path
    return dict(sorted(names.items()))


def _flipped(name: str, pattern: bytes | None):
    def lie(publisher: MemoryPublisher) -> None:
        path = _names(publisher)[name]
        data = publisher.files[path]
        at = data.find(b"Acme") if b"Acme" in data else len(data) // 2
        publisher.files[path] = flip(data, at) if pattern is None else change(data, pattern)

    return lie


for _name in _names(two_versions()):
    (_row,) = [row for row in FLIPS if re.fullmatch(row[0], _name)]
    ROOM.add(
        f"a bit of {_name}",
        "Changes one bit on its way.",
        _flipped(_name, _row[1]),
        *_row[2:],
        begin=two_versions,
    )
