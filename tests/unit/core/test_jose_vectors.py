"""The examples of RFC 8032, 7515, 7638 and 8037: which of them fit, and what is refused of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from register_api.core import strict_base64
from register_api.core.signature import (
    ed25519_public,
    jws_signing_input,
    public_pem,
    thumbprint,
    verify_jws,
    verify_p256_raw,
    verify_raw,
)
from register_api.errors import Forged, Malformed
from vectors_of_others import vectors

RFC_7515 = vectors("rfc7515-appendix-a.json")
RFC_7638 = vectors("rfc7638-rsa-thumbprint.json")
RFC_8037 = vectors("rfc8037-appendix-a.json")
PUBLIC_JWK = {name: RFC_8037["private_jwk"][name] for name in ("kty", "crv", "x")}


def _any_key(_kid: str) -> bytes:
    """Trust every key that is asked for: what is refused below is refused for its form."""
    return ed25519_public(PUBLIC_JWK)


@pytest.mark.parametrize("case", vectors("rfc8032-ed25519.json"), ids=lambda case: str(case["name"]))
def test_rfc_8032_section_7_1(case: dict[str, str]) -> None:
    """Secret gives public key and signature; one bit elsewhere in message or signature fits nothing."""
    secret, public, message, signature = (
        bytes.fromhex(case[name]) for name in ("secret", "public", "message", "signature")
    )
    private = Ed25519PrivateKey.from_private_bytes(secret)
    assert private.public_key().public_bytes_raw() == public
    assert private.sign(message) == signature
    verify_raw(message, signature, public)
    for other in (signature[:-1] + bytes([signature[-1] ^ 1]), bytes([signature[0] ^ 1]) + signature[1:]):
        with pytest.raises(Forged):
            verify_raw(message, other, public)
    with pytest.raises(Forged):
        verify_raw(message + b"\0", signature, public)


@pytest.mark.parametrize("case", RFC_7515, ids=lambda case: str(case["section"]))
def test_rfc_7515_appendix_a_is_refused_attached_and_detached(case: dict[str, Any]) -> None:
    """No content between the dots (appendix F), and no algorithm but ours: not even ``none``."""
    header, payload, signature = case["compact"].split(".")
    content = strict_base64.decode_url(payload)
    for jws in (case["compact"], f"{header}..{signature}"):
        with pytest.raises(Malformed):
            verify_jws(content, jws.encode(), _any_key)


def test_rfc_7515_appendix_a_3_is_a_signature_of_the_feed_key_s_kind() -> None:
    """ES256 writes r and s as XML Signature does, so the same code checks it."""
    case = next(case for case in RFC_7515 if case["section"] == "A.3")
    header, payload, signature = case["compact"].split(".")
    signed = jws_signing_input(header, strict_base64.decode_url(payload))
    assert signed.decode() == f"{header}.{payload}"
    verify_p256_raw(signed, strict_base64.decode_url(signature), public_pem(case["jwk"]))
    with pytest.raises(Forged):
        verify_p256_raw(signed + b"A", strict_base64.decode_url(signature), public_pem(case["jwk"]))


@pytest.mark.parametrize("section", ["A.1", "A.2", "A.4"])
def test_keys_of_other_kinds_have_neither_thumbprint_nor_pem(section: str) -> None:
    """HMAC, RSA and P-521 are no keys of this format."""
    jwk = next(case["jwk"] for case in RFC_7515 if case["section"] == section)
    for use in (thumbprint, public_pem, ed25519_public):
        with pytest.raises(Malformed):
            use(jwk)


def test_rfc_7638_section_3_1_is_a_key_that_is_refused() -> None:
    """The RFC's one example is an RSA key, which this format does not have; see RFC 8037 for ours."""
    with pytest.raises(Malformed):
        thumbprint(RFC_7638["jwk"])


def test_rfc_8037_appendix_a_1_to_a_3() -> None:
    """Private key, public key and thumbprint belong together; other members do not count."""
    private = Ed25519PrivateKey.from_private_bytes(strict_base64.decode_url(RFC_8037["private_jwk"]["d"]))
    assert private.public_key().public_bytes_raw() == ed25519_public(PUBLIC_JWK)
    assert thumbprint(PUBLIC_JWK) == RFC_8037["thumbprint"]
    assert thumbprint(RFC_8037["private_jwk"] | {"use": "sig"}) == RFC_8037["thumbprint"]


def test_rfc_8037_appendix_a_4_and_a_5() -> None:
    """The signature fits its signing input; its header, which names no key, is not one of this format."""
    header, payload, encoded = RFC_8037["compact"].split(".")
    content, signature = RFC_8037["payload"].encode(), strict_base64.decode_url(encoded)
    signed = jws_signing_input(header, content)
    assert signed.decode() == f"{header}.{payload}"
    verify_raw(signed, signature, ed25519_public(PUBLIC_JWK))
    for jws in (RFC_8037["compact"], f"{header}..{encoded}"):
        with pytest.raises(Malformed):
            verify_jws(content, jws.encode(), _any_key)
