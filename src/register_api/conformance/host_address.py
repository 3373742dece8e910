"""The address of a host: scheme, host, port and the folder below which the tree lies."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import msgspec

from register_api.errors import UsageError

_PORTS = {"http": 80, "https": 443}
_PRINTABLE = re.compile(r"[!-~]+")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tree is served.

    Attributes:
        base: The address, ending in a slash.
        secure: Whether it is spoken to with TLS.
        host: Name or number, without brackets.
        port: Port.
        authority: Value of ``Host``.
        prefix: Path of the folder without its last slash; empty for the root.
    """

    base: str
    secure: bool
    host: str
    port: int
    authority: str
    prefix: str

    def path_of(self, reference: str, beside: str = "") -> str | None:
        """Resolve a reference (RFC 3986 section 5)."""
        try:
            target = urlsplit(urljoin(self.base + beside, reference))
            same = (target.scheme, target.netloc) == urlsplit(self.base)[:2]
        except ValueError:
            return None
        if not same or not target.path.startswith(f"{self.prefix}/"):
            return None
        query = f"?{target.query}" if target.query else ""
        found = target.path.removeprefix(self.prefix) + query
        return found if _PRINTABLE.fullmatch(found) else None


def read_address(text: str) -> Address:
    """Read the address that a person gave.

    Raises:
        UsageError: Not an absolute ``http`` or ``https`` URL, or one with user info, query or fragment.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{text!a} is not a valid URL: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f"{text!a} is not an address that begins with https:// or http://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"{text!a} has a user, a query or a fragment; give the plain address")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"{text!a} holds a space or a character that has to be written in ASCII")
    prefix = parts.path.rstrip("/")
    return Address(
        base=f"{parts.scheme}://{parts.netloc}{prefix}/",
        secure=parts.scheme == "https",
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        authority=parts.netloc,
        prefix=prefix,
    )
