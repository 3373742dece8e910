"""A signed list of known registers that customers share: a JWS in compact serialisation (RFC 7515).

The payload is RFC 8785 JSON and contains the key, whose RFC 7638 thumbprint the reader compares with one
obtained out of band. Listed registers are verified like any other. A list can add vendors, not change them.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from register_api.core import canonical, strict_base64
from register_api.core import signature as jws
from register_api.core.canonical import decodable, decode, digest
from register_api.core.field_forms import BaseUrl, Instant, Sha256
from register_api.core.text import MAX_SLUG, printable
from register_api.errors import Malformed, UntrustedKey, WatchError
from register_api.sending.database import Database, Row
from register_api.watch.check_vendor import FRESH
from register_api.watch.vendors import proposed_id
from register_api.watch.vendors_file import vendor_row

MAX_BYTES = 8 * 2**20
"""Maximum size of a list."""

_DIGITS = 8

_Text = Annotated[str, msgspec.Meta(max_length=2000)]


class KnownRegister(msgspec.Struct, frozen=True, kw_only=True):
    """A register that verified at the list author's last poll.

    Attributes:
        name: The vendor's name as used by the list's author.
        website: The vendor's website, or an empty text.
        address: Address of the register's tree.
        root_sha256: SHA-256 (hex) of the initial trust root.
        first_seen: When the author first saw it, UTC.
    """

    name: _Text
    website: _Text
    address: BaseUrl
    root_sha256: Sha256
    first_seen: Instant


@decodable
class RegisterList(msgspec.Struct, frozen=True, kw_only=True):
    """The payload.

    Attributes:
        key: Public key (JWK) of the signer; trusted only if its thumbprint is known out of band.
        made_at: Time of creation, UTC.
        registers: The registers, with unique addresses.
    """

    format: Literal["sub-processor-known-registers/1"] = "sub-processor-known-registers/1"
    key: dict[str, str]
    made_at: Instant
    registers: tuple[KnownRegister, ...]


def kid_of(key: Ed25519PrivateKey) -> str:
    """Return the JWK thumbprint of a key (RFC 7638)."""
    return jws.thumbprint(jws.ed25519_jwk(key.public_key().public_bytes_raw()))


def signed_list(database: Database, key: Ed25519PrivateKey, now: dt.datetime) -> bytes:
    """Return the signed list of the registers that verified at the last poll."""
    rows = database.query(
        "SELECT vendors.name AS name, website, register AS address, polls.root_sha256 AS root_sha256,"
        " (SELECT min(seen_at) FROM versions WHERE versions.vendor = vendors.id) AS first_seen"
        " FROM vendors JOIN polls ON polls.vendor = vendors.id WHERE closed_at IS NULL AND outcome = ?"
        " AND seen_sha256 <> '' AND EXISTS (SELECT 1 FROM versions WHERE versions.vendor = vendors.id)"
        " ORDER BY vendors.id",
        FRESH,
    )
    of_address = {row["address"]: row for row in rows}
    registers = msgspec.convert([*of_address.values()], tuple[KnownRegister, ...], strict=False)
    public = jws.ed25519_jwk(key.public_key().public_bytes_raw())
    document = RegisterList(key=public, made_at=now, registers=registers)
    payload, header = canonical.encode(document), jws.jws_header(kid_of(key))
    detached = jws.format_jws(header, key.sign(jws.jws_signing_input(header, payload)))
    return detached.replace(b"..", b"." + strict_base64.encode_url(payload).encode() + b".")


def read_list(data: bytes, kid: str) -> RegisterList:
    """Read a list signed by the key whose thumbprint is ``kid``.

    Raises:
        Malformed: The list is malformed or too large.
        UntrustedKey: It was signed by another key.
        Forged: The signature does not match.
    """
    parts = data.removesuffix(b"\n").split(b".")
    if len(data) > MAX_BYTES or not data.isascii() or len(parts) != 3:  # noqa: PLR2004
        raise Malformed("not a list of registers: a JWS in compact form")
    header, payload, signature = (part.decode("ascii") for part in parts)
    document = strict_base64.decode_url(payload)
    found = decode(document, RegisterList, max_bytes=MAX_BYTES)
    if jws.thumbprint(found.key) != kid:
        raise UntrustedKey(f"the list is signed with the key {printable(jws.thumbprint(found.key))}")
    keys, detached = {kid: jws.ed25519_public(found.key)}, f"{header}..{signature}".encode()
    jws.verify_jws(document, detached, keys.__getitem__)
    return found


class Offered(NamedTuple):
    """New vendor rows by position in the list, ids of vendors already known, and why others are skipped."""

    rows: dict[int, dict[str, Any]]
    known: list[str]
    notes: list[str]


def offered(database: Database, listed: RegisterList) -> Offered:
    """Compare a verified list with the vendors in the database, including removed ones."""
    vendors = database.query(
        "SELECT v.*, p.root_sha256 AS began FROM vendors v JOIN polls p ON p.vendor = v.id ORDER BY v.id"
    )
    existing = {
        name: {row[name]: row for row in vendors if row[name]} for name in ("id", "register", "website")
    }
    ids = set(existing["id"])
    found, first = Offered({}, [], []), dict[str, int]()
    for place, each in enumerate(listed.registers, 1):
        stated = {"name": each.name, "register": each.address, "root_sha256": each.root_sha256}
        row, faults = vendor_row({**stated, **({"website": each.website} if each.website else {})})
        if faults or not each.name:
            raise WatchError(f"entry {place} of the list: {faults[0] if faults else 'the name is missing'}")
        row["root_by"] = jws.thumbprint(listed.key)
        address, plain = row["register"], proposed_id(row)
        if first.setdefault(address, place) != place:
            raise WatchError(f"entry {place} of the list: the same register as entry {first[address]}")
        # An id for a vendor whose name another vendor already has.
        longer = f"{plain[: MAX_SLUG - _DIGITS - 1].strip('-')}-{digest(address.encode())[:_DIGITS]}"
        note = ""
        if known := existing["register"].get(address):
            note = _difference(known, row["root_sha256"])
            found.known.extend([] if note else [known["id"]])
        elif named := existing["website"].get(row.get("website", "")) or existing["id"].get(plain):
            has = f"the register {named['register']}" if named["register"] else "no register"
            note = f"{named['id']} has {has} here, and {address} by the list"
        elif id_ := next((each for each in (plain, longer) if each not in ids), ""):
            ids.add(id_)
            found.rows[place] = {**row, "id": id_}
        else:
            note = f"{address}: the id {plain} is another vendor's"
        found.notes.extend([note] if note else [])
    return found


def _difference(known: Row, root_sha256: str) -> str:
    """Return how a known vendor differs from its entry in the list, or an empty text."""
    if known["closed_at"] is not None:
        return f"{known['id']} was removed here"
    root = known["root_sha256"] or known["began"]
    if root in {"", root_sha256}:
        return ""
    return f"{known['id']}: trust begins at the root {root} here, and at {root_sha256} by the list"
