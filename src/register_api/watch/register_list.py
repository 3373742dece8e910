"""A list of known registers that one customer signs and others read: a JWS in compact form (RFC 7515).

Its payload is RFC 8785 JSON and names the key; a reader compares the RFC 7638 thumbprint of that key with one
that came another way, and takes nothing else on trust: registers of the list are verified like any.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from register_api.core import canonical, strict_base64
from register_api.core.canonical import decode
from register_api.core.forms import BaseUrl, Instant, Sha256
from register_api.core.instant import format_instant, instant_of
from register_api.core.printable import printable
from register_api.core.signature import (
    ed25519_jwk,
    ed25519_public,
    format_jws,
    jws_header,
    jws_signing_input,
    thumbprint,
    verify_jws,
)
from register_api.errors import Malformed, UntrustedKey
from register_api.sending.database import Database
from register_api.watch.look import FRESH

MOST_BYTES = 8 * 2**20
"""A list is never larger."""

_Text = Annotated[str, msgspec.Meta(max_length=2000)]


class KnownRegister(msgspec.Struct, frozen=True, kw_only=True):
    """A register that verified at the last look of whoever made the list.

    Attributes:
        name: The vendor's name, as whoever made the list calls it.
        website: Its address, or an empty text.
        address: Address of the register's tree.
        root_sha256: SHA-256 (hex) of the root that trust in it began from.
        first_seen: When it was seen first, UTC.
    """

    name: _Text
    website: _Text
    address: BaseUrl
    root_sha256: Sha256
    first_seen: Instant


class RegisterList(msgspec.Struct, frozen=True, kw_only=True):
    """The payload.

    Attributes:
        key: Public key (JWK) of whoever signs. It proves nothing: readers know its thumbprint from elsewhere.
        made_at: When, UTC.
        registers: The registers, each address once.
    """

    format: Literal["sub-processor-known-registers/1"] = "sub-processor-known-registers/1"
    key: dict[str, str]
    made_at: Instant
    registers: tuple[KnownRegister, ...]


def kid_of(key: Ed25519PrivateKey) -> str:
    """Return the thumbprint by which readers know a key."""
    return thumbprint(_jwk(key))


def _jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    return ed25519_jwk(key.public_key().public_bytes_raw())


def signed_list(database: Database, key: Ed25519PrivateKey, now: dt.datetime) -> bytes:
    """Return the signed list of the registers that verified at the last look, where they are now."""
    rows = database.query(
        "SELECT vendors.name AS name, website, register AS address, polls.root_sha256 AS root_sha256,"
        " (SELECT min(seen_at) FROM versions WHERE versions.vendor = vendors.id) AS first_seen"
        " FROM vendors JOIN polls ON polls.vendor = vendors.id WHERE closed_at IS NULL AND outcome = ?"
        " AND seen_sha256 <> '' AND EXISTS (SELECT 1 FROM versions WHERE versions.vendor = vendors.id)"
        " ORDER BY vendors.id",
        FRESH,
    )
    of_address = {row["address"]: row for row in rows}
    said = {
        "format": RegisterList.__struct_defaults__[0],
        "key": _jwk(key),
        "made_at": format_instant(now),
        "registers": [
            {**row, "first_seen": format_instant(instant_of(row["first_seen"]))}
            for row in of_address.values()
        ],
    }
    payload, header = canonical.encode(said), jws_header(kid_of(key))
    detached = format_jws(header, key.sign(jws_signing_input(header, payload)))
    return detached.replace(b"..", b"." + strict_base64.encode_url(payload).encode() + b".")


def read_list(data: bytes, kid: str) -> RegisterList:
    """Read a list that a known key has signed.

    Args:
        data: The file; a newline at the end does not count.
        kid: Thumbprint of the key, which came another way.

    Raises:
        Malformed: It has another form, or is too large.
        UntrustedKey: Another key signed it.
        Forged: The signature does not fit.
    """
    header, payload, signature = _parts(data)
    document = strict_base64.decode_url(payload)
    found = decode(document, RegisterList, max_bytes=MOST_BYTES)
    if thumbprint(found.key) != kid:
        raise UntrustedKey(f"the list is signed with the key {printable(thumbprint(found.key))}")
    verify_jws(document, f"{header}..{signature}".encode(), {kid: ed25519_public(found.key)}.__getitem__)
    return found


def _parts(data: bytes) -> list[str]:
    parts = data.removesuffix(b"\n").split(b".")
    if len(data) > MOST_BYTES or not data.isascii() or len(parts) != 3:  # noqa: PLR2004
        raise Malformed("not a list of registers: a JWS in compact form")
    return [part.decode("ascii") for part in parts]
