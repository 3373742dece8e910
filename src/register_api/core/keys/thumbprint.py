"""Public keys as JSON Web Keys, and the names made from them (RFC 7517, RFC 7638).

A key's ``kid`` is its RFC 7638 thumbprint. The forms here have the required members and no others, so
that one key has one JWK, one PEM and one name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from register_api.core import canonical, strict_base64
from register_api.core.keys.ed25519 import check_public_key
from register_api.errors import Malformed

_COORDINATE_BYTES = 32
_ED25519 = {"kty": "OKP", "crv": "Ed25519"}
_P256 = {"kty": "EC", "crv": "P-256"}


def ed25519_jwk(public: bytes) -> dict[str, str]:
    """Return the JWK of an Ed25519 public key of 32 bytes (RFC 8037 section 2), without ``alg``."""
    return _ED25519 | {"x": strict_base64.encode_url(public)}


def p256_jwk(x: bytes, y: bytes) -> dict[str, str]:
    """Return the JWK of a P-256 public key (RFC 7518 section 6.2.1), without ``alg``.

    Args:
        x: Coordinate, 32 bytes, big-endian.
        y: The other coordinate.
    """
    return _P256 | {"x": strict_base64.encode_url(x), "y": strict_base64.encode_url(y)}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Return the RFC 7638 thumbprint: base64url of the SHA-256 over the required members.

    Args:
        jwk: An Ed25519 or P-256 key; other members than the required ones do not count.

    Raises:
        Malformed: A key of another kind, or a required member is missing or misspelled.
    """
    if _is_kind(jwk, _ED25519):
        required = ed25519_jwk(_coordinate(jwk, "x"))
    else:
        required = p256_jwk(*_p256_coordinates(jwk))
    return strict_base64.encode_url(hashlib.sha256(canonical.encode(required)).digest())


def ed25519_public(jwk: Mapping[str, str]) -> bytes:
    """Return the 32 bytes of an Ed25519 key.

    Raises:
        Malformed: A key of another kind or of a wrong form.
        UntrustedKey: A key of small order.
    """
    if not _is_kind(jwk, _ED25519) or len(jwk) != len(ed25519_jwk(b"")):
        raise Malformed("not the JWK of an Ed25519 key, with its required members only")
    public = _coordinate(jwk, "x")
    check_public_key(public)
    return public


def public_pem(jwk: Mapping[str, str]) -> str:
    """Return the key as SubjectPublicKeyInfo in PEM, the only text that ``keys.json`` may give for it.

    Raises:
        Malformed: A key of another kind or of a wrong form, or a point that is not on its curve.
        UntrustedKey: An Ed25519 key of small order.
    """
    key: Ed25519PublicKey | ec.EllipticCurvePublicKey
    if _is_kind(jwk, _ED25519):
        key = Ed25519PublicKey.from_public_bytes(ed25519_public(jwk))
    else:
        key = _p256_public(jwk)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _p256_public(jwk: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = _p256_coordinates(jwk)
    if len(jwk) != len(p256_jwk(x, y)):
        raise Malformed("not the JWK of a P-256 key, with its required members only")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    except ValueError as error:
        raise Malformed("a P-256 key that is not a point of the curve") from error


def _p256_coordinates(jwk: Mapping[str, str]) -> tuple[bytes, bytes]:
    if not _is_kind(jwk, _P256):
        raise Malformed("the JWK of neither an Ed25519 nor a P-256 key")
    return _coordinate(jwk, "x"), _coordinate(jwk, "y")


def _is_kind(jwk: Mapping[str, str], kind: Mapping[str, str]) -> bool:
    return all(jwk.get(member) == value for member, value in kind.items())


def _coordinate(jwk: Mapping[str, str], member: str) -> bytes:
    data = strict_base64.decode_url(jwk.get(member, ""))
    if len(data) != _COORDINATE_BYTES:
        raise Malformed(f"a JWK whose member {member!r} is not {_COORDINATE_BYTES} bytes long")
    return data
