"""Verification of signatures, and public keys; nothing here signs (docs/format/signatures.md).

Raw Ed25519 (RFC 8032), detached JWS (RFC 7515 appendix F, RFC 8037), ECDSA P-256 with SHA-256. The key always
comes from the caller, who knows its validity; keys embedded in a signature are never used.

A JWS is ``BASE64URL(header) ".." BASE64URL(signature)`` on one line, with exactly the header
``{"alg":"EdDSA","kid":"<thumbprint>"}``, and covers ``BASE64URL(header) "." BASE64URL(document)``. Variants
that common libraries accept are refused: further header members, ``crit``, a key in the header, padding,
other spellings of base64url, a final newline.

A key is a JWK (RFC 7517) with the required members only, so that each key has a single JWK, PEM and name:
``kid`` is its RFC 7638 thumbprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from register_api.core import canonical, strict_base64
from register_api.errors import Forged, Malformed, UntrustedKey

SIGNATURE_BYTES = 64
"""Length of an Ed25519 signature, and of a P-256 one in XML Signature."""

_KEY_BYTES = 32
"""Length of an Ed25519 public key, and of a P-256 number or coordinate."""

_MAX_PEM_BYTES = 4096
_MAX_JWS_BYTES = 1024
"""Maximum sizes of public keys in PEM and of detached JWS."""

_ALGORITHMS = frozenset({"EdDSA", "Ed25519"})
"""JWS names of the only algorithm: RFC 8037 section 3.1, and RFC 9864 section 2.2."""

_P = 2**255 - 19
"""The field's prime (RFC 8032 section 5.1)."""

_D = -121665 * pow(121666, -1, _P) % _P
"""The curve's constant: -x^2 + y^2 = 1 + d x^2 y^2."""


def check_public_key(public: bytes) -> None:
    """Check that bytes are a safe Ed25519 public key (RFC 8032 section 5.1.3).

    The library rejects a signature whose S is not below the group order, but accepts any point as a key.
    Under a key of small order one signature is valid for nearly every message; a non-canonical spelling would
    let one key count twice.

    Raises:
        Malformed: Not 32 bytes, or not a canonical point.
        UntrustedKey: A key of small order.
    """
    if len(public) != _KEY_BYTES:
        raise Malformed(f"an Ed25519 public key of {len(public)} bytes instead of {_KEY_BYTES}")
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P:
        raise Malformed("an Ed25519 public key in a spelling that is not canonical")
    # The order divides 8, the cofactor: orders 1 and 2 have y = 1 and -1, order 4 has y = 0. A point of
    # order 8 doubles to y = 0, so x^2 = -y^2, which the curve's equation turns into d y^4 + 2 y^2 = 1.
    if y in {0, 1, _P - 1} or (_D * pow(y, 4, _P) + 2 * y * y - 1) % _P == 0:
        raise UntrustedKey("an Ed25519 public key of small order, under which anybody can sign")
    # (y^2 - 1) / (d y^2 + 1) must be a square, by Euler's criterion; multiplying by the square of the
    # denominator instead of dividing does not affect that.
    if pow((y * y - 1) * (_D * y * y + 1), (_P - 1) // 2, _P) != 1:
        raise Malformed("an Ed25519 public key that is not a point of the curve")


def verify_raw(data: bytes, signature: bytes, public: bytes) -> None:
    """Verify an Ed25519 signature over bytes with a 32-byte key (RFC 8032 section 5.1.7).

    Raises:
        Malformed: Signature or key have the wrong length, or the key is not a canonical point.
        UntrustedKey: The key has small order.
        Forged: The signature is invalid.
    """
    check_public_key(public)
    if len(signature) != SIGNATURE_BYTES:
        raise Malformed(f"an Ed25519 signature of {len(signature)} bytes instead of {SIGNATURE_BYTES}")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature as error:
        raise Forged("an Ed25519 signature that does not fit the bytes received") from error


def jws_header(kid: str) -> str:
    """Return the protected header for a key, in base64url."""
    return strict_base64.encode_url(canonical.encode({"alg": "EdDSA", "kid": kid}))


def jws_signing_input(header: str, data: bytes) -> bytes:
    """Return the signing input for a document (RFC 7515 section 5.1)."""
    return f"{header}.{strict_base64.encode_url(data)}".encode()


def format_jws(header: str, signature: bytes) -> bytes:
    """Return the detached JWS."""
    return f"{header}..{strict_base64.encode_url(signature)}".encode()


def verify_jws(data: bytes, jws: bytes, find_key: Callable[[str], bytes]) -> str:
    """Verify a detached JWS over a document's exact bytes; return the ``kid`` of the signing key.

    ``find_key`` returns the 32 bytes of the Ed25519 key with a ``kid`` that may sign this document, and
    raises ``UntrustedKey`` or ``KeyError`` for any other.

    Raises:
        Malformed: Not of the form above.
        UntrustedKey: The key is not one of the caller's.
        Forged: The signature is invalid.
    """
    if len(jws) > _MAX_JWS_BYTES or not jws.isascii():
        raise Malformed(f"a detached JWS is at most {_MAX_JWS_BYTES} bytes of ASCII")
    header, dots, encoded = jws.decode("ascii").partition("..")
    if not dots:
        raise Malformed("not a detached JWS: header, two dots, signature")
    signature = strict_base64.decode_url(encoded)
    if len(signature) != SIGNATURE_BYTES:
        raise Malformed(f"a JWS signature of {len(signature)} bytes instead of {SIGNATURE_BYTES}")
    members = canonical.parse(strict_base64.decode_url(header), max_bytes=_MAX_JWS_BYTES)
    if not isinstance(members, dict) or members.keys() != {"alg", "kid"}:
        raise Malformed("a JWS header with other members than alg and kid")
    algorithm, kid = members["alg"], members["kid"]
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS or not isinstance(kid, str):
        raise Malformed("a JWS header that does not name EdDSA and a key")
    try:
        public = find_key(kid)
    except KeyError as error:
        raise UntrustedKey(f"signed with a key that is not listed: {kid!r}") from error
    verify_raw(jws_signing_input(header, data), signature, public)
    return kid


def verify_p256(data: bytes, signature: bytes, public_pem: str) -> None:
    """Verify an ECDSA signature with P-256 and SHA-256, in DER (X9.62), with a key in PEM.

    Raises:
        Malformed: The text is not a public key in PEM.
        UntrustedKey: It is a key of another kind.
        Forged: The signature is invalid.
    """
    pem = public_pem.encode("utf-8", "replace")
    if len(pem) > _MAX_PEM_BYTES:
        raise Malformed(f"a public key of more than {_MAX_PEM_BYTES} bytes")
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Malformed("not a public key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UntrustedKey("a key that is not an ECDSA key on P-256")
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Forged("an ECDSA signature that does not fit the bytes received") from error


def verify_p256_raw(data: bytes, signature: bytes, public_pem: str) -> None:
    """Verify such a signature as in XML Signature 1.1 section 6.4.3: r and s, 32 bytes each, big-endian.

    Raises:
        Malformed: The signature is not 64 bytes, or the text is not a public key in PEM.
        UntrustedKey: It is a key of another kind.
        Forged: The signature is invalid.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise Malformed(f"an ECDSA signature of {len(signature)} bytes instead of {SIGNATURE_BYTES}")
    r, s = (int.from_bytes(number, "big") for number in (signature[:_KEY_BYTES], signature[_KEY_BYTES:]))
    verify_p256(data, encode_dss_signature(r, s), public_pem)


def ed25519_jwk(public: bytes) -> dict[str, str]:
    """Return the JWK of an Ed25519 public key of 32 bytes (RFC 8037 section 2), without ``alg``."""
    return {"kty": "OKP", "crv": "Ed25519", "x": strict_base64.encode_url(public)}


def p256_jwk(x: bytes, y: bytes) -> dict[str, str]:
    """Return the JWK of a P-256 public key, two coordinates of 32 bytes (RFC 7518 section 6.2.1)."""
    return {"kty": "EC", "crv": "P-256", "x": strict_base64.encode_url(x), "y": strict_base64.encode_url(y)}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Return the RFC 7638 thumbprint: base64url of the SHA-256 over the required members.

    Raises:
        Malformed: Neither an Ed25519 nor a P-256 key, or a required member is missing or misspelled.
    """
    return strict_base64.encode_url(hashlib.sha256(canonical.encode(_required(jwk))).digest())


def ed25519_public(jwk: Mapping[str, str]) -> bytes:
    """Return the 32 bytes of an Ed25519 key.

    Raises:
        Malformed: Another kind of key, or the wrong form.
        UntrustedKey: A key of small order.
    """
    if jwk.get("crv") != "Ed25519" or _required(jwk) != jwk:
        raise Malformed("not the JWK of an Ed25519 key, with its required members only")
    public = _coordinate(jwk, "x")
    check_public_key(public)
    return public


def public_pem(jwk: Mapping[str, str]) -> str:
    """Return a key as SubjectPublicKeyInfo in PEM.

    Raises:
        Malformed: Another kind of key, the wrong form, or a point that is not on the curve.
        UntrustedKey: An Ed25519 key of small order.
    """
    key: Ed25519PublicKey | ec.EllipticCurvePublicKey
    if jwk.get("crv") == "Ed25519":
        key = Ed25519PublicKey.from_public_bytes(ed25519_public(jwk))
    elif _required(jwk) != jwk:
        raise Malformed("not the JWK of a P-256 key, with its required members only")
    else:
        point = b"\x04" + _coordinate(jwk, "x") + _coordinate(jwk, "y")
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except ValueError as error:
            raise Malformed("a P-256 key that is not a point of the curve") from error
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _required(jwk: Mapping[str, str]) -> dict[str, str]:
    """Return the required members of a key in canonical spelling."""
    kind = jwk.get("kty"), jwk.get("crv")
    if kind == ("OKP", "Ed25519"):
        return ed25519_jwk(_coordinate(jwk, "x"))
    if kind == ("EC", "P-256"):
        return p256_jwk(_coordinate(jwk, "x"), _coordinate(jwk, "y"))
    raise Malformed("the JWK of neither an Ed25519 nor a P-256 key")


def _coordinate(jwk: Mapping[str, str], member: str) -> bytes:
    data = strict_base64.decode_url(jwk.get(member, ""))
    if len(data) != _KEY_BYTES:
        raise Malformed(f"a JWK whose member {member!r} is not {_KEY_BYTES} bytes long")
    return data
