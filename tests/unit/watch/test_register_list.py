"""Lists of registers that customers share: signed, read by their key alone, and never over what is known."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as judge
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

from publishers import NOW
from register_api.core import canonical, strict_base64
from register_api.core.schemas import definitions
from register_api.core.signature import ed25519_jwk, format_jws, jws_header, jws_signing_input
from register_api.errors import Forged, Malformed, RegisterError, UntrustedKey, WatchError
from register_api.watch.register_list import MAX_BYTES, RegisterList, kid_of, offered, read_list, signed_list
from register_api.watch.vendors import remove
from watching import AT, add_vendor

if TYPE_CHECKING:
    from register_api.sending.database import Database

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)) for number in (1, 2))
ROOT = "ab" * 32
PAGE = (Path(__file__).parents[3] / "docs/watch-registers.md").read_text("utf-8")
EMPTY = {"format": "sub-processor-known-registers/1", "made_at": "2026-01-01T00:00:00Z", "registers": []}


def verified(database: Database, id_: str, **said: object) -> None:
    """Add a vendor whose register was verified."""
    add_vendor(database, id_, register=f"https://{id_}.example/", **said)
    with database.transaction() as run:
        run(
            "UPDATE polls SET root_sha256 = ?, outcome = ?, seen_sha256 = ? WHERE vendor = ?",
            *(ROOT, "fresh", "0" * 64, id_),
        )
        for version in (1, 2):
            values = (id_, version, "0" * 64, AT, AT + version, None, b"")
            run("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)", *values)


def compact(document: dict[str, object], key: Ed25519PrivateKey = KEY) -> bytes:
    """Sign a payload of any content."""
    payload = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    header = jws_header(kid_of(KEY))
    encoded = base64.urlsafe_b64encode(payload).rstrip(b"=")
    return format_jws(header, key.sign(jws_signing_input(header, payload))).replace(
        b"..", b"." + encoded + b"."
    )


def test_a_list_has_what_verified_and_nothing_of_the_contract(database: Database) -> None:
    verified(database, "acme", website="https://acme.example/", owner="dpo@customer.example")
    add_vendor(database, "beta", register="https://beta.example/")
    add_vendor(database, "gamma")
    data = signed_list(database, KEY, NOW)
    (found,) = read_list(data, kid_of(KEY)).registers
    assert (found.name, found.address, found.website, found.root_sha256) == (
        "Acme",
        "https://acme.example/",
        "https://acme.example/",
        ROOT,
    )
    assert found.first_seen.timestamp() == AT + 1
    assert b"dpo@" not in base64.urlsafe_b64decode(data.split(b".")[1] + b"==")


def test_the_form_is_that_of_rfc_7515(database: Database) -> None:
    """Checked by hand: header, payload, signature over both as they are spelled."""
    header, payload, signature = signed_list(database, KEY, NOW).split(b".")
    said = json.loads(base64.urlsafe_b64decode(header + b"=="))
    assert said == {"alg": "EdDSA", "kid": kid_of(KEY)}
    key = json.loads(base64.urlsafe_b64decode(payload + b"=="))["key"]
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
    public.verify(base64.urlsafe_b64decode(signature + b"=="), header + b"." + payload)


def test_a_list_of_another_key_or_altered_is_refused(database: Database) -> None:
    verified(database, "acme")
    data = signed_list(database, KEY, NOW)
    with pytest.raises(UntrustedKey):
        read_list(data, kid_of(OTHER))
    with pytest.raises(UntrustedKey):
        read_list(signed_list(database, OTHER, NOW), kid_of(KEY))
    header, payload, signature = data.split(b".")
    with pytest.raises(Forged):
        read_list(compact(EMPTY | {"key": jwk(KEY)}, OTHER), kid_of(KEY))
    with pytest.raises(Malformed):
        read_list(b".".join((header, payload, signature, signature)), kid_of(KEY))


def jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    return ed25519_jwk(key.public_key().public_bytes_raw())


@given(st.binary(max_size=80) | st.lists(st.text("abcAB_-=", max_size=20)).map(".".join).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(RegisterError):
        read_list(data, kid_of(KEY))


def test_only_what_is_not_watched_yet_is_taken_over(database: Database) -> None:
    """A list cannot change the address or the root of a vendor: not by its id, website or register."""
    for id_ in ("acme", "beta", "gamma", "delta"):
        verified(database, id_, website=f"https://www.{id_}.example/")
    found = read_list(signed_list(database, KEY, NOW), kid_of(KEY))
    with database.transaction() as run:
        run("DELETE FROM versions")
        run("DELETE FROM polls")
        run("DELETE FROM vendors")
    add_vendor(database, "acme", register="https://elsewhere.example/")
    add_vendor(database, "one", register="https://beta.example/")
    add_vendor(database, "two", website="https://www.gamma.example/")
    remove(database, "one", AT)
    assert [row["name"] for row in offered(database, found).rows.values()] == ["Delta"]


def test_an_entry_that_no_vendor_can_have_is_refused(database: Database) -> None:
    entry = {
        "name": "x\x1b[31m", "website": "", "address": "javascript:alert(1)", "root_sha256": ROOT,
        "first_seen": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    found = read_list(compact(EMPTY | {"key": jwk(KEY), "registers": [entry]}), kid_of(KEY))
    with pytest.raises(WatchError, match="entry 1"):
        offered(database, found)


def test_what_does_not_verify_now_or_here_is_not_shared(database: Database) -> None:
    """A fork, a host that is down, an address that was not looked at yet; one register twice is once."""
    for id_ in ("acme", "forked", "down", "moved", "gone"):
        verified(database, id_)
    verified(database, "copy")
    add_vendor(database, "copy", register="https://acme.example/")
    add_vendor(database, "moved", register="https://other.example/")
    with database.transaction() as run:
        for id_, outcome in (("forked", "forked"), ("down", "unreachable")):
            run("UPDATE polls SET outcome = ? WHERE vendor = ?", outcome, id_)
        run("UPDATE polls SET seen_sha256 = ? WHERE vendor = ?", "0" * 64, "copy")
    remove(database, "gone", AT)
    found = read_list(signed_list(database, KEY, NOW), kid_of(KEY)).registers
    assert [each.address for each in found] == ["https://acme.example/"]


GOOD = canonical.encode(
    EMPTY
    | {
        "key": ed25519_jwk(KEY.public_key().public_bytes_raw()),
        "registers": [
            {
                "name": "Acme", "website": "", "address": "https://acme.example/", "root_sha256": ROOT,
                "first_seen": "2026-01-01T09:00:00Z",
            }
        ],
    }
)  # fmt: skip


def signed(payload: bytes) -> bytes:
    """Sign whatever it is, as who holds the key may."""
    header = jws_header(kid_of(KEY))
    detached = format_jws(header, KEY.sign(jws_signing_input(header, payload)))
    return detached.replace(b"..", b"." + strict_base64.encode_url(payload).encode() + b".")


def test_another_implementation_takes_the_list() -> None:
    key = OKPKey.import_key(json.loads(GOOD)["key"])
    assert key.thumbprint() == kid_of(KEY)
    with pytest.warns(SecurityWarning, match="RFC 9864"):
        found = judge.deserialize_compact(signed(GOOD), key, algorithms=["EdDSA"])
    assert found.payload == GOOD
    assert read_list(signed(GOOD) + b"\n", kid_of(KEY)).registers[0].name == "Acme"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"<html>",
        b"[]",
        b"{" * 100_000,
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        GOOD.replace(b'"name":"Acme"', b'"name":"Acme","name":"Acme"'),
        GOOD.replace(b'"format":', b'"format":"sub-processor-known-registers/1","format":'),
        GOOD.replace(b'"name":"Acme"', b'"name":1.5'),
        GOOD.replace(b'"name":"Acme",', b""),
        GOOD.replace(b'"name":"Acme"', b'"name":"' + b"x" * 2001 + b'"'),
        GOOD.replace(b"09:00:00Z", b"09:00:00+00:00"),
        GOOD.replace(b"09:00:00Z", b"09:00:00"),
        GOOD.replace(b"known-registers/1", b"known-registers/2"),
        GOOD.replace(b'"crv":"Ed25519",', b""),
        GOOD[:-1],
        GOOD + b" ",
        GOOD + b" " * MAX_BYTES,
    ],
    ids=range(19),
)
def test_what_is_no_list_is_refused_also_if_it_is_signed(payload: bytes) -> None:
    with pytest.raises(Malformed):
        read_list(signed(payload), kid_of(KEY))


@given(st.integers(0, len(signed(GOOD)) - 1), st.integers(1, 255))
def test_no_byte_can_be_altered(place: int, by: int) -> None:
    altered = bytearray(signed(GOOD))
    altered[place] ^= by
    with pytest.raises(RegisterError):
        read_list(bytes(altered), kid_of(KEY))


def test_the_page_has_the_schema() -> None:
    """As the struct makes it; and it takes what is written, and nothing that lacks a field."""
    (block,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (reference,), found = definitions([RegisterList], "#/$defs/{name}")
    schema = {**reference, "$defs": found}
    assert json.loads(block) == schema
    valid = jsonschema.Draft202012Validator(schema)
    assert valid.is_valid(json.loads(GOOD))
    assert not valid.is_valid({**json.loads(GOOD), "registers": [{"name": "Acme"}]})
