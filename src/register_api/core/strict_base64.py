"""Base64 with exactly one spelling for each byte string (RFC 4648 sections 3.5, 4 and 5).

Common decoders ignore foreign characters, missing padding and trailing bits, so a signature could be
respelled without becoming invalid. Here anything that does not re-encode to the same text is refused.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from register_api.errors import Malformed


def encode(data: bytes) -> str:
    """Return the standard encoding with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """Decode the standard encoding with padding.

    Raises:
        Malformed: Not exactly what ``encode`` returns.
    """
    return _decode(text, text, encode)


def encode_url(data: bytes) -> str:
    """Return the URL-safe encoding without padding, as in JOSE (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_url(text: str) -> bytes:
    """Decode the URL-safe encoding without padding.

    Raises:
        Malformed: Not exactly what ``encode_url`` returns.
    """
    return _decode(text, (text + "=" * (-len(text) % 4)).replace("-", "+").replace("_", "/"), encode_url)


def _decode(text: str, standard: str, encoder: Callable[[bytes], str]) -> bytes:
    try:
        data = base64.b64decode(standard.encode("utf-8", "replace"), validate=True)
    except binascii.Error as error:
        raise Malformed(f"not base64: {error}") from error
    if encoder(data) != text:
        name = "base64" if encoder is encode else "base64url"
        raise Malformed(f"{name} in a non-standard spelling")
    return data
