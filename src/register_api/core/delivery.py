"""Proof that notice was sent: records of deliveries below a Merkle tree's root (docs/proof-of-notice.md).

Records do not name persons: they contain HMACs under a key per recipient, and cannot be attributed once that
key is deleted. Random leaves in random order hide the number of records.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from register_api.core.canonical import decodable, encode
from register_api.core.log.merkle import node_hash

KEY_BYTES = 32
"""Length of a recipient's key. HMAC pads shorter keys, so two different ones could be equivalent."""

SMALLEST_TREE = 1024
"""Minimum number of leaves of a tree."""

_REPLY = b"reply\n"
"""Prefix of a server's reply; addresses contain no line feed, so a reply cannot pass for an address."""

Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Hex64 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, msgspec.Meta(max_length=1000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class ReportedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version that a message reports, with the SHA-256 of the register's bytes (hex)."""

    sha256: Hex64
    version: Count


@decodable
class DeliveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An event of one delivery; docs/proof-of-notice.md defines the members.

    Unknown values are empty strings; ``recipient`` is ``None`` after the person was erased.
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
        """Return the SHA-256 of a version, or ``None`` if the record does not include it."""
        return next((item.sha256 for item in self.versions if item.version == version), None)


@decodable
class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A time-stamped tree of records: its root hash (hex) and time of creation (UTC).

    None of its records is later than that time. Its size is a power of two.
    """

    format: Literal["sub-processor-notice-seal/1"] = "sub-processor-notice-seal/1"
    register: Text
    root: Hex64
    sealed_at: dt.datetime
    size: Count


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Address and key (hex) that attribute HMACs to a recipient, until the recipient is erased."""

    address: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    key: Hex64

    @property
    def recipient(self) -> str:
        """The HMAC used for the address in records."""
        return address_mac(bytes.fromhex(self.key), self.address)


class ProvenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Inclusion proof of a record (hex): root, index of the leaf from 0, sibling hashes; and the reply."""

    root: Hex64
    index: Count
    path: Annotated[tuple[Hex64, ...], msgspec.Meta(max_length=63)]
    reply: Text | None


@decodable
class NoticeEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """``notice.json`` of a package: openings for addresses; proofs for ``records/1.json`` and following."""

    format: Literal["sub-processor-notice-evidence/1"] = "sub-processor-notice-evidence/1"
    register: Text
    version: Count
    openings: tuple[Opening, ...]
    records: Annotated[tuple[ProvenRecord, ...], msgspec.Meta(min_length=1)]


def address_mac(key: bytes, address: str) -> str:
    """Return the HMAC-SHA-256 (RFC 2104) of an address, hex."""
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()


def reply_mac(key: bytes, reply: str) -> str:
    """Return the HMAC-SHA-256 of a server's reply, hex."""
    return hmac.new(key, _REPLY + reply.encode(), hashlib.sha256).hexdigest()


def tree_size(records: int) -> int:
    """Return the number of leaves of the tree for a number of records."""
    return max(SMALLEST_TREE, 1 << max(records - 1, 0).bit_length())


def audit_path(leaves: Sequence[bytes], index: int) -> tuple[tuple[bytes, ...], bytes]:
    """Return a leaf's audit path (RFC 6962 section 2.1.1) and the root of a tree with 2^n leaf hashes."""
    path, level = [], list(leaves)
    while len(level) > 1:
        path.append(level[index ^ 1])
        level = [node_hash(*pair) for pair in zip(level[::2], level[1::2], strict=True)]
        index >>= 1
    return tuple(path), level[0]


def make_seal(register: str, leaves: Sequence[bytes], now: dt.datetime) -> tuple[str, bytes]:
    """Return the root of a tree (hex) and the bytes of its seal."""
    root = audit_path(leaves, 0)[1].hex()
    return root, encode(Seal(register=register, root=root, sealed_at=now, size=len(leaves)))
