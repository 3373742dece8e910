"""A list of known registers that one customer signs and others read: a JWS in compact form (RFC 7515).

Its payload is RFC 8785 JSON and names the key; a reader compares the RFC 7638 thumbprint of that key with one
that came another way, and takes nothing else on trust: registers of the list are verified like any.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from register_api.core import canonical, strict_base64
from register_api.core.canonical import decode
from register_api.core.forms import Sha256
from register_api.core.instant import format_instant
from register_api.core.keys.signature import format_jws, jws_header, jws_signing_input, verify_jws
from register_api.core.keys.thumbprint import ed25519_jwk, ed25519_public, thumbprint
from register_api.core.printable import printable
from register_api.errors import Malformed, UntrustedKey, WatchError
from register_api.watch.vendors_file import proposed_id, vendor_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from register_api.sending.database import Database

MOST_BYTES = 8 * 2**20
"""A list is never larger."""

_Text = Annotated[str, msgspec.Meta(max_length=2000)]


class KnownRegister(msgspec.Struct, frozen=True, kw_only=True):
    """A register that was verified.

    Attributes:
        name: The vendor's name, as whoever made the list calls it.
        website: Its address, or an empty text.
        address: Address of the register's tree.
        root_sha256: SHA-256 (hex) of the root that trust in it began from.
        first_seen: When it was seen first, UTC.
    """

    name: _Text
    website: _Text
    address: _Text
    root_sha256: Sha256
    first_seen: dt.datetime


class RegisterList(msgspec.Struct, frozen=True, kw_only=True):
    """The payload.

    Attributes:
        key: Public key (JWK) of whoever signs.
        made_at: When, UTC.
    """

    format: Literal["sub-processor-register-list/1"] = "sub-processor-register-list/1"
    key: dict[str, str]
    made_at: dt.datetime
    registers: tuple[KnownRegister, ...]


def kid_of(key: Ed25519PrivateKey) -> str:
    """Return the thumbprint by which readers know a key."""
    return thumbprint(_jwk(key))


def _jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    return ed25519_jwk(key.public_key().public_bytes_raw())


def signed_list(database: Database, key: Ed25519PrivateKey, now: dt.datetime) -> bytes:
    """Return the signed list of all registers that verify or did."""
    rows = database.query(
        "SELECT vendors.name AS name, website, register AS address, polls.root_sha256 AS root_sha256,"
        " (SELECT min(seen_at) FROM versions WHERE versions.vendor = vendors.id) AS first_seen"
        " FROM vendors JOIN polls ON polls.vendor = vendors.id WHERE closed_at IS NULL AND register <> ''"
        " AND polls.root_sha256 <> '' AND EXISTS (SELECT 1 FROM versions WHERE versions.vendor = vendors.id)"
        " ORDER BY vendors.id"
    )
    said = {
        "format": RegisterList.__struct_defaults__[0],
        "key": _jwk(key),
        "made_at": format_instant(now),
        "registers": [{**row, "first_seen": _instant(row["first_seen"])} for row in rows],
    }
    payload, header = canonical.encode(said), jws_header(kid_of(key))
    detached = format_jws(header, key.sign(jws_signing_input(header, payload)))
    return detached.replace(b"..", b"." + strict_base64.encode_url(payload).encode() + b".")


def _instant(at: int) -> str:
    return format_instant(dt.datetime.fromtimestamp(at, dt.UTC))


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


def new_vendors(database: Database, found: RegisterList) -> dict[int, dict[str, Any]]:
    """Return rows for vendors of a list that are not watched here, by their number in the list.

    What is known here stays as it is: a list changes no address and no root of a vendor, and brings none back
    that was removed.

    Raises:
        WatchError: An entry has no form that a vendor can have.
    """
    known = database.query("SELECT id, register, website FROM vendors")
    there = {text for row in known for text in row.values() if text}
    rows = dict(_rows(found))
    return {
        number: row
        for number, row in rows.items()
        if not there & {proposed_id(row), row.get("register"), row.get("website")}
    }


def _rows(found: RegisterList) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, each in enumerate(found.registers, start=1):
        said = {"name": each.name, "register": each.address, "root_sha256": each.root_sha256}
        row, faults = vendor_row({**said, **({"website": each.website} if each.website else {})})
        if faults:
            raise WatchError(f"entry {number} of the list: {faults[0]}")
        yield number, row
