"""Targets: signatures of every form, and the keys they are checked with."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fuzz.documents import published
from fuzz.target import Target, documented
from memory_log import private_key
from register_api.core import strict_base64
from register_api.core.format import tree
from register_api.core.signature import (
    check_public_key,
    ed25519_jwk,
    ed25519_public,
    format_jws,
    jws_header,
    jws_signing_input,
    public_pem,
    thumbprint,
    verify_jws,
    verify_p256,
    verify_p256_raw,
    verify_raw,
)
from register_api.core.trust_root import check_root_roles
from register_api.publish.signing.token_uri import parse_uri
from vectors_of_others import vectors

DOCUMENT = b'{"format":"sub-processor-register/1"}'
KEY = private_key(3)
PUBLIC = KEY.public_key().public_bytes_raw()
KID = thumbprint(ed25519_jwk(PUBLIC))
P256 = ec.derive_private_key(7, ec.SECP256R1())
P256_PEM = P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
P256_DER = P256.sign(DOCUMENT, ec.ECDSA(SHA256(), deterministic_signing=True))
P256_RAW = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(P256_DER))


def _jws(header: str) -> bytes:
    return format_jws(header, KEY.sign(jws_signing_input(header, DOCUMENT)))


def _signed_jws(data: bytes) -> str:
    """Verify a JWS whose header is whatever was drawn, and which is signed for it."""
    return verify_jws(DOCUMENT, _jws(strict_base64.encode_url(data)), {KID: PUBLIC}.__getitem__)


def _is_our_jws(data: bytes, kid: str) -> None:
    assert (kid, data.count(b".")) == (KID, 2), "a JWS of another key or form"


def _is_our_header(data: bytes, _kid: str) -> None:
    header = json.loads(data)
    assert set(header) == {"alg", "kid"}, "a header with further members"
    assert (header["alg"] in {"EdDSA", "Ed25519"}, header["kid"]) == (True, KID), "another key"


def _only(good: bytes) -> object:
    def check(data: bytes, _found: object) -> None:
        assert data == good, "a signature that nobody made"

    return check


def _read_jwk(data: bytes) -> str:
    jwk = json.loads(data) if data.isascii() and data[:1] == b"{" else {}
    members = {name: str(value) for name, value in jwk.items()} if isinstance(jwk, dict) else {}
    pem = public_pem(members)
    assert pem.startswith("-----BEGIN PUBLIC KEY-----"), "no PEM"
    return thumbprint(members)


def _jwks() -> tuple[bytes, ...]:
    keys = json.loads(published()[tree.KEYS.path()])["keys"]
    others = [
        vectors("rfc7638-rsa-thumbprint.json")["jwk"],
        vectors("rfc8037-appendix-a.json")["private_jwk"],
    ]
    return tuple(json.dumps(jwk).encode() for jwk in (*(key["jwk"] for key in keys), *others))


def _check_roles(data: bytes) -> None:
    check_root_roles(json.loads(data))


def _root_signed() -> tuple[bytes, ...]:
    return (json.dumps(json.loads(published()["trust/1.root.json"])["signed"]).encode(),)


def _is_text(text: str, data: bytes) -> None:
    assert text.encode() == data, "kept in another way than it was written"


TARGETS = (
    Target(
        name="raw signature",
        parse=lambda data: verify_raw(DOCUMENT, data, PUBLIC),
        refusals=documented(verify_raw),
        seeds=lambda: (KEY.sign(DOCUMENT), bytes(64)),
        check=_only(KEY.sign(DOCUMENT)),  # type: ignore[arg-type]
    ),
    Target(
        name="Ed25519 public key",
        parse=lambda data: verify_raw(DOCUMENT, KEY.sign(DOCUMENT), data),
        refusals=documented(verify_raw, check_public_key),
        seeds=lambda: (PUBLIC, bytes(32), b"\1" + bytes(31), b"\xff" * 32),
        check=_only(PUBLIC),  # type: ignore[arg-type]
    ),
    Target(
        name="detached JWS",
        parse=lambda data: verify_jws(DOCUMENT, data, {KID: PUBLIC}.__getitem__),
        refusals=documented(verify_jws),
        seeds=lambda: (
            _jws(jws_header(KID)),
            *(each["compact"].encode() for each in vectors("rfc7515-appendix-a.json")),
        ),
        tokens=(b".", b"..", b"eyJhbGciOiJub25lIn0", b"="),
        check=_is_our_jws,
    ),
    Target(
        name="JWS header, signed",
        parse=_signed_jws,
        refusals=documented(verify_jws),
        seeds=lambda: tuple(
            f'{{"alg":"{name}","kid":"{KID}"}}'.encode() for name in ("EdDSA", "Ed25519", "none")
        ),
        tokens=(b'"crit":["b64"]', b'"b64":false', b'"jwk":{}', b'"alg":"none"', b'"kid":null', b","),
        json=True,
        check=_is_our_header,
    ),
    Target(
        name="P-256 signature, DER",
        parse=lambda data: verify_p256(DOCUMENT, data, P256_PEM),
        refusals=documented(verify_p256),
        seeds=lambda: (P256_DER,),
        tokens=(b"\x30\x80", b"\x02\x01\x00", b"\0", b"\x02\x81"),
    ),
    Target(
        name="P-256 signature, raw",
        parse=lambda data: verify_p256_raw(DOCUMENT, data, P256_PEM),
        refusals=documented(verify_p256_raw),
        seeds=lambda: (P256_RAW, bytes(64), b"\xff" * 64),
    ),
    Target(
        name="public key in PEM",
        parse=lambda data: verify_p256(DOCUMENT, P256_DER, data.decode("utf-8", "surrogateescape")),
        refusals=documented(verify_p256),
        seeds=lambda: (P256_PEM.encode(), public_pem(ed25519_jwk(PUBLIC)).encode()),
        tokens=(
            b"-----BEGIN PUBLIC KEY-----\n",
            b"-----END PUBLIC KEY-----\n",
            b"MIIB",
            b"-----BEGIN CERTIFICATE-----",
        ),
    ),
    Target(
        name="JWK",
        parse=_read_jwk,
        refusals=(*documented(thumbprint, public_pem, ed25519_public), json.JSONDecodeError, RecursionError),
        seeds=_jwks,
        tokens=(b'"kty":"OKP"', b'"crv":"P-256"', b'"alg":"EdDSA"'),
        json=True,
    ),
    Target(
        name="URI of a key in a token",
        parse=lambda data: parse_uri(data.decode("utf-8", "surrogateescape")),
        refusals=documented(parse_uri),
        seeds=lambda: (
            b"pkcs11:token=desk;object=targets;type=private?module-path=/usr/lib/x.so&pin-source=/run/pin",
            b"pkcs11:serial=1234;id=%01%02",
        ),
        tokens=(b"pkcs11:", b";", b"&", b"?", b"pin-value=1", b"%2F", b"%", b"object=", b"id=%ff", b"%C3%A9"),
        check=lambda data, found: _is_text(found.text, data),
    ),
    Target(
        name="roles of the trust root",
        parse=_check_roles,
        refusals=(*documented(check_root_roles), json.JSONDecodeError, UnicodeDecodeError, RecursionError),
        seeds=_root_signed,
        json=True,
    ),
)
