"""Base64 in which every byte string has exactly one spelling (RFC 4648 sections 3.5, 4 and 5).

Common decoders pass over foreign characters, missing padding and stray trailing bits, so that a
signature can be respelled without becoming invalid. Here whatever does not come out the same when
encoded again is refused.
"""

from __future__ import annotations

import base64
import binascii

from register_api.errors import Malformed


def encode(data: bytes) -> str:
    """Return the standard encoding with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """Read the standard encoding with padding.

    Raises:
        Malformed: Any other spelling than ``encode`` gives.
    """
    data = _decode(text.encode("utf-8", "replace"))
    if encode(data) != text:
        raise Malformed("base64 that is spelled in another way than the standard one")
    return data


def encode_url(data: bytes) -> str:
    """Return the URL-safe encoding without padding, as JOSE has it (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_url(text: str) -> bytes:
    """Read the URL-safe encoding without padding.

    Raises:
        Malformed: Any other spelling than ``encode_url`` gives.
    """
    padded = text + "=" * (-len(text) % 4)
    data = _decode(padded.replace("-", "+").replace("_", "/").encode("utf-8", "replace"))
    if encode_url(data) != text:
        raise Malformed("base64url that is spelled in another way than the standard one")
    return data


def _decode(data: bytes) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise Malformed(f"not base64: {error}") from error
