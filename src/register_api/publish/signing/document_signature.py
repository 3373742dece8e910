"""Signatures beside a document, in both forms (docs/format.md, Signatures on documents)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.keys.signature import format_jws, jws_header, jws_signing_input

if TYPE_CHECKING:
    from register_api.publish.signing.signer import Ed25519Signer


def sign_raw(data: bytes, signer: Ed25519Signer) -> bytes:
    """Return the Ed25519 signature over a document's exact bytes: 64 bytes (RFC 8032)."""
    return signer.sign(data)


def sign_jws(data: bytes, signer: Ed25519Signer) -> bytes:
    """Return the detached JWS over a document (RFC 7515 appendix F): one line without newline."""
    header = jws_header(signer.kid)
    return format_jws(header, signer.sign(jws_signing_input(header, data)))
