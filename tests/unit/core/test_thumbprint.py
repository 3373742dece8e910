"""JWK, PEM and thumbprint: one of each for a key."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.jwk import ECKey, OKPKey

from memory_log import private_key
from register_api.core.signature import ed25519_jwk, ed25519_public, p256_jwk, public_pem, thumbprint
from register_api.errors import Malformed, UntrustedKey

RFC_8037 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
NUMBERS = ec.derive_private_key(7, ec.SECP256R1()).public_key().public_numbers()
X, Y = NUMBERS.x.to_bytes(32, "big"), NUMBERS.y.to_bytes(32, "big")
P256 = p256_jwk(X, Y)
P256_MODULUS = 2**256 - 2**224 + 2**192 + 2**96 - 1


def test_thumbprints_agree_with_joserfc() -> None:
    """Of both kinds of key."""
    jwk = ed25519_jwk(private_key(1).public_key().public_bytes_raw())
    assert thumbprint(jwk) == OKPKey.import_key(dict(jwk)).thumbprint()
    assert thumbprint(P256) == ECKey.import_key(dict(P256)).thumbprint()


def test_jwk_and_pem_say_the_same_key() -> None:
    """There and back; no ``alg`` in the JWK."""
    public = private_key(1).public_key().public_bytes_raw()
    jwk = ed25519_jwk(public)
    assert set(jwk) == {"kty", "crv", "x"}
    assert set(P256) == {"kty", "crv", "x", "y"}
    assert ed25519_public(jwk) == public
    assert load_pem_public_key(public_pem(jwk).encode()).public_bytes_raw() == public
    assert load_pem_public_key(public_pem(P256).encode()).public_numbers() == NUMBERS


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "OKP"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        RFC_8037 | {"crv": "X25519"},
        RFC_8037 | {"kty": "EC"},
        RFC_8037 | {"alg": "EdDSA"},
        RFC_8037 | {"x": RFC_8037["x"] + "="},
        RFC_8037 | {"x": RFC_8037["x"][:-1] + "p"},
        RFC_8037 | {"x": "AAAA"},
        RFC_8037 | {"x": ""},
        RFC_8037 | {"x": "_" * 42 + "8"},
        P256 | {"crv": "P-384"},
        P256 | {"alg": "ES256"},
        P256 | {"y": P256["x"]},
        {member: value for member, value in P256.items() if member != "y"},
        p256_jwk(X[1:], Y),
        p256_jwk(P256_MODULUS.to_bytes(32, "big"), Y),
        p256_jwk(bytes(32), bytes(32)),
    ],
)
def test_unsupported_keys_have_no_pem(jwk: dict[str, str]) -> None:
    """Another kind or curve, further members, other base64url, no point of the curve."""
    with pytest.raises(Malformed):
        public_pem(jwk)


def test_a_key_of_small_order_has_no_pem() -> None:
    """It would vouch for everything."""
    with pytest.raises(UntrustedKey):
        public_pem(ed25519_jwk(bytes(32)))
