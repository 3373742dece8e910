"""Proof that notice was sent: records of deliveries below a Merkle tree's root (docs/proof-of-notice.md).

No record names a person: it holds HMACs under a key of the recipient's own, and once that is deleted nobody
can tell whose it is. Random leaves and an order by chance hide how many records there are.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from register_api.core.canonical import encode
from register_api.core.log.merkle import node_hash

KEY_BYTES = 32
"""Length of a recipient's key: HMAC fills up shorter ones, so that two keys could stand for one."""

SMALLEST_TREE = 1024
"""Leaves that a tree has at least."""

_REPLY = b"reply\n"
"""Before a server's reply; no address holds a line feed, so that no reply can be shown as an address."""

Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Hex64 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, msgspec.Meta(max_length=1000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class ReportedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version that a message tells of, with SHA-256 of the register's bytes, hex."""

    sha256: Hex64
    version: Count


class DeliveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one delivery; docs/proof-of-notice.md says what each member means.

    What is not known is an empty text; ``recipient`` is ``None`` once the person was erased.
    """

    format: Literal["sub-processor-notice-record/1"] = "sub-processor-notice-record/1"
    id: Hex32
    register: Text
    versions: tuple[ReportedVersion, ...]
    delivery: Hex32
    recipient: Hex64 | None
    customer: Text
    channel: Text
    kind: Text
    message_id: Text
    body_sha256: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]
    at: dt.datetime
    what: Text
    reply: Hex64 | None

    def sha256_of(self, version: int) -> str | None:
        """Return the SHA-256 of a version that it tells of; ``None``: it does not tell of it."""
        return next((told.sha256 for told in self.versions if told.version == version), None)


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A tree of records, which is time-stamped: its root hash, hex, and when it was made, UTC.

    No record in it is of a later instant. Its size is a power of two.
    """

    format: Literal["sub-processor-notice-seal/1"] = "sub-processor-notice-seal/1"
    register: Text
    root: Hex64
    sealed_at: dt.datetime
    size: Count


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a recipient's HMACs readable again, while the recipient is not erased; the key is hex."""

    address: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    key: Hex64

    @property
    def recipient(self) -> str:
        """What stands for the address in records."""
        return address_mac(bytes.fromhex(self.key), self.address)


class ProvenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record stands: root, place of the leaf from 0, neighbours on the way up, hex; the reply."""

    root: Hex64
    index: Count
    path: Annotated[tuple[Hex64, ...], msgspec.Meta(max_length=63)]
    reply: Text | None


class NoticeEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """``notice.json`` of a package: addresses that can be shown; the records, ``records/1.json`` first."""

    format: Literal["sub-processor-notice-evidence/1"] = "sub-processor-notice-evidence/1"
    register: Text
    version: Count
    openings: tuple[Opening, ...]
    records: Annotated[tuple[ProvenRecord, ...], msgspec.Meta(min_length=1)]


def address_mac(key: bytes, address: str) -> str:
    """Return what stands for an address: HMAC-SHA-256 (RFC 2104), hex."""
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()


def reply_mac(key: bytes, reply: str) -> str:
    """Return what stands for a server's reply: HMAC-SHA-256, hex."""
    return hmac.new(key, _REPLY + reply.encode(), hashlib.sha256).hexdigest()


def tree_size(records: int) -> int:
    """Return how many leaves the tree of so many records has."""
    return max(SMALLEST_TREE, 1 << max(records - 1, 0).bit_length())


def audit_path(leaves: Sequence[bytes], index: int) -> tuple[tuple[bytes, ...], bytes]:
    """Return the neighbours on the way up from a leaf, and the root; leaves are a power of two of hashes."""
    path, level = [], list(leaves)
    while len(level) > 1:
        path.append(level[index ^ 1])
        level = [node_hash(*pair) for pair in zip(level[::2], level[1::2], strict=True)]
        index >>= 1
    return tuple(path), level[0]


def make_seal(register: str, leaves: Sequence[bytes], now: dt.datetime) -> tuple[str, bytes]:
    """Return the root of a tree, hex, and the bytes of its seal."""
    root = audit_path(leaves, 0)[1].hex()
    return root, encode(Seal(register=register, root=root, sealed_at=now, size=len(leaves)))
