"""Which public keys are refused before any signature is verified."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from memory_log import private_key
from register_api.core.signature import check_public_key, verify_raw
from register_api.errors import Malformed, UntrustedKey

P = 2**255 - 19
SIGN = 1 << 255
Y8 = int.from_bytes(
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
)
SMALL = [0, 1, P - 1, Y8, P - Y8]


def _encode(number: int) -> bytes:
    return number.to_bytes(32, "little")


@pytest.mark.parametrize("number", [y | sign for y in SMALL for sign in (0, SIGN)])
def test_keys_of_small_order_are_refused(number: int) -> None:
    """All points whose order divides 8, with either sign of x."""
    with pytest.raises(UntrustedKey):
        check_public_key(_encode(number))


@pytest.mark.parametrize("number", [P, P + 1, 2**255 - 1, (P + 1) | SIGN, P + 3])
def test_keys_in_another_spelling_are_refused(number: int) -> None:
    """A y that is not below the prime is a second name for the same key."""
    with pytest.raises(Malformed):
        check_public_key(_encode(number))


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(33), _encode(2), _encode(7)])
def test_bytes_that_are_not_a_point_are_refused(public: bytes) -> None:
    """Wrong length, or a y for which the curve has no x."""
    with pytest.raises(Malformed):
        check_public_key(public)


@pytest.mark.parametrize("number", range(1, 20))
def test_keys_of_persons_are_accepted(number: int) -> None:
    """Every key that a seed makes."""
    check_public_key(private_key(number).public_key().public_bytes_raw())


def test_the_library_alone_would_take_a_forgery() -> None:
    """Why the check is ours: under the key of order 1 one signature fits every message."""
    identity, signature = _encode(1), _encode(1) + bytes(32)
    Ed25519PublicKey.from_public_bytes(identity).verify(signature, b"anything")
    with pytest.raises(UntrustedKey):
        verify_raw(b"anything", signature, identity)
