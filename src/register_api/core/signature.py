"""Public keys and signatures: VERIFY only (docs/format/signatures.md).

Raw Ed25519 (RFC 8032) beside documents and in notes, detached JWS (RFC 7515 appendix F, RFC 8037)
beside documents, ECDSA P-256 with SHA-256 beside feeds. The key always comes from the caller, who
knows what it was good for; nothing in a signature brings its own.

A JWS is ``BASE64URL(header) ".." BASE64URL(signature)`` in one line, header exactly
``{"alg":"EdDSA","kid":"<thumbprint>"}``, and covers ``BASE64URL(header) "." BASE64URL(document)``. What
common libraries let pass is refused: further header members, ``crit``, a key in the header, padding,
other spellings of base64url, a final newline.

A key is a JWK (RFC 7517) of the required members and no others, so that it has one JWK, one PEM and one
name: ``kid`` is its RFC 7638 thumbprint.
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

PUBLIC_BYTES = 32
"""Length of a public key."""

SIGNATURE_BYTES = 64
"""Length of a signature."""

_P = 2**255 - 19
"""The field's prime (RFC 8032 section 5.1)."""

_D = -121665 * pow(121666, -1, _P) % _P
"""The curve's constant: -x^2 + y^2 = 1 + d x^2 y^2."""

_SIGN_BIT = 1 << 255


def check_public_key(public: bytes) -> None:
    """Refuse bytes that are no key to rely on."""
    if len(public) != PUBLIC_BYTES:
        raise Malformed(f"an Ed25519 public key of {len(public)} bytes instead of {PUBLIC_BYTES}")
    y = int.from_bytes(public, "little") & (_SIGN_BIT - 1)
    if y >= _P:
        raise Malformed("an Ed25519 public key in a spelling that is not canonical")
    if _has_small_order(y):
        raise UntrustedKey("an Ed25519 public key of small order, under which anybody can sign")
    if not _has_x(y):
        raise Malformed("an Ed25519 public key that is not a point of the curve")


def _has_small_order(y: int) -> bool:
    """Tell whether the order of a point divides 8, the cofactor.

    Orders 1 and 2 have y = 1 and -1, order 4 has y = 0. A point of order 8 doubles to y = 0, so
    x^2 = -y^2, which the curve's equation turns into d y^4 + 2 y^2 = 1.
    """
    return y in {0, 1, _P - 1} or (_D * pow(y, 4, _P) + 2 * y * y - 1) % _P == 0


def _has_x(y: int) -> bool:
    """Tell whether (y^2 - 1) / (d y^2 + 1) is a square, by Euler's criterion."""
    numerator, denominator = y * y - 1, _D * y * y + 1
    # Multiplying by the square of the denominator instead of dividing keeps what is asked.
    return pow(numerator * denominator, (_P - 1) // 2, _P) == 1


MAX_PEM_BYTES = 4096
"""A public key in PEM is never larger."""

ALGORITHMS = frozenset({"EdDSA", "Ed25519"})
"""Names of the one algorithm: RFC 8037 section 3.1, and RFC 9864 section 2.2."""

MAX_JWS_BYTES = 1024
"""A detached JWS of this form is never larger."""

_P256_NUMBER_BYTES = 32


def verify_raw(data: bytes, signature: bytes, public: bytes) -> None:
    """Check an Ed25519 signature over bytes (RFC 8032 section 5.1.7).

    Args:
        data: The signed bytes, as received.
        signature: 64 bytes, R and S.
        public: The key, 32 bytes.

    Raises:
        Malformed: Signature or key have the wrong length, or the key is no canonical point.
        UntrustedKey: The key has small order.
        Forged: The signature does not fit.
    """
    check_public_key(public)
    if len(signature) != SIGNATURE_BYTES:
        raise Malformed(f"an Ed25519 signature of {len(signature)} bytes instead of {SIGNATURE_BYTES}")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature as error:
        raise Forged("an Ed25519 signature that does not fit the bytes received") from error


def jws_header(kid: str) -> str:
    """Return the protected header for a key, in base64url as it is signed and sent.

    Args:
        kid: RFC 7638 thumbprint of the key.
    """
    return strict_base64.encode_url(canonical.encode({"alg": "EdDSA", "kid": kid}))


def jws_signing_input(header: str, data: bytes) -> bytes:
    """Return the bytes that are signed for a document (RFC 7515 section 5.1).

    Args:
        header: Protected header in base64url.
        data: The document's exact bytes.
    """
    return f"{header}.{strict_base64.encode_url(data)}".encode()


def format_jws(header: str, signature: bytes) -> bytes:
    """Return the detached form: header and signature, with nothing between the dots.

    Args:
        header: Protected header in base64url.
        signature: Ed25519 signature over ``jws_signing_input``, 64 bytes.
    """
    return f"{header}..{strict_base64.encode_url(signature)}".encode()


def verify_jws(data: bytes, jws: bytes, find_key: Callable[[str], bytes]) -> str:
    """Check a detached JWS over a document's exact bytes.

    Args:
        data: The document as received.
        jws: The detached JWS as received.
        find_key: From ``kid`` to the 32 bytes of an Ed25519 key that may sign this document; raises
            ``UntrustedKey`` or ``KeyError`` for any other.

    Returns:
        The ``kid`` of the key that signed.

    Raises:
        Malformed: Any other form than the one above.
        UntrustedKey: The key is not one of the caller's.
        Forged: The signature does not fit.
    """
    header, signature = _parts(jws)
    kid = _kid(header)
    try:
        public = find_key(kid)
    except KeyError as error:
        raise UntrustedKey(f"signed with a key that is not listed: {kid!r}") from error
    verify_raw(jws_signing_input(header, data), signature, public)
    return kid


def _parts(jws: bytes) -> tuple[str, bytes]:
    """Split into the header as spelled, and the signature."""
    if len(jws) > MAX_JWS_BYTES or not jws.isascii():
        raise Malformed(f"a detached JWS is at most {MAX_JWS_BYTES} bytes of ASCII")
    header, dots, encoded = jws.decode("ascii").partition("..")
    if not dots:
        raise Malformed("not a detached JWS: header, two dots, signature")
    signature = strict_base64.decode_url(encoded)
    if len(signature) != SIGNATURE_BYTES:
        raise Malformed(f"a JWS signature of {len(signature)} bytes instead of {SIGNATURE_BYTES}")
    return header, signature


def _kid(header: str) -> str:
    """Read the header: exactly ``alg`` and ``kid``, in the one spelling."""
    members = canonical.parse(strict_base64.decode_url(header), max_bytes=MAX_JWS_BYTES)
    if not isinstance(members, dict) or members.keys() != {"alg", "kid"}:
        raise Malformed("a JWS header with other members than alg and kid")
    algorithm, kid = members["alg"], members["kid"]
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or not isinstance(kid, str):
        raise Malformed("a JWS header that does not name EdDSA and a key")
    return kid


def verify_p256(data: bytes, signature: bytes, public_pem: str) -> None:
    """Check an ECDSA signature with P-256 and SHA-256, in DER as X9.62 has it."""
    key = _p256_key(public_pem)
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Forged("an ECDSA signature that does not fit the bytes received") from error


def verify_p256_raw(data: bytes, signature: bytes, public_pem: str) -> None:
    """Check an ECDSA signature with P-256 and SHA-256, as XML Signature writes it.

    Args:
        data: The signed bytes, as received.
        signature: r and s as 32 bytes each, big-endian (XML Signature 1.1 section 6.4.3).
        public_pem: The key as SubjectPublicKeyInfo in PEM.

    Raises:
        Malformed: The signature is not 64 bytes, or the text is no public key in PEM.
        UntrustedKey: It is a key of another kind.
        Forged: The signature does not fit.
    """
    if len(signature) != 2 * _P256_NUMBER_BYTES:
        raise Malformed(f"an ECDSA signature of {len(signature)} bytes instead of {2 * _P256_NUMBER_BYTES}")
    r, s = signature[:_P256_NUMBER_BYTES], signature[_P256_NUMBER_BYTES:]
    der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    verify_p256(data, der, public_pem)


def _p256_key(public_pem: str) -> ec.EllipticCurvePublicKey:
    data = public_pem.encode("utf-8", "replace")
    if len(data) > MAX_PEM_BYTES:
        raise Malformed(f"a public key of more than {MAX_PEM_BYTES} bytes")
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Malformed("a text that is no public key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UntrustedKey("a key that is not an ECDSA key on P-256")
    return key


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
