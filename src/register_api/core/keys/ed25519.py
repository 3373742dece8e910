"""Which 32 bytes may be an Ed25519 public key (RFC 8032 section 5.1.3).

The library behind ``signature`` refuses a signature whose S is not below the group order, but takes
any point as a key. Under a key of small order one signature fits nearly every message; under a key
that is spelled in two ways one person counts as two. Both are refused here, before any signature.
"""

from __future__ import annotations

from register_api.errors import Malformed, UntrustedKey

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
