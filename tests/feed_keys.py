"""Fixed feed keys for tests, so that signatures are reproducible."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from register_api.publish.signing.signer import P256Signer

OURS = P256Signer(ec.derive_private_key(0xC0FFEE, ec.SECP256R1()))
THEIRS = P256Signer(ec.derive_private_key(0xBAD, ec.SECP256R1()))


def find_ours(kid: str) -> str:
    """Look up a key by id, in a key list with a single key."""
    return {OURS.kid: OURS.public_pem}[kid]
