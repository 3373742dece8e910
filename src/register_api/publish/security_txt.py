"""``/.well-known/security.txt`` (RFC 9116): whom to tell of a weakness, if the publisher says it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from urllib.parse import quote

from register_api.core.format import tree
from register_api.core.instant import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.model import Contact, Publisher

ROLE = "security"
"""Role of the contacts that the file names."""

_GOOD_FOR = dt.timedelta(days=364)
"""Less than a year, as RFC 9116 section 2.5.5 recommends; each publication renews it."""

_ADDRESS = "@!$'*+-._~"
"""What an address may have unescaped in a ``mailto`` URI (RFC 6068 section 2)."""

_URL = ":/?#[]@!$&'()*+,;=%-._~"


def security_txt(publisher: Publisher, now: dt.datetime, base_url: str | None) -> bytes | None:
    """Return the file, or ``None`` when no contact has the role ``security``.

    It is not signed by OpenPGP: no key of the register has that form, nor that role.
    """
    contacts = [line for contact in publisher.contacts for line in _contact(contact)]
    if not contacts:
        return None
    lines = [
        *contacts,
        f"Expires: {format_instant(now + _GOOD_FOR)}",
        f"Preferred-Languages: {publisher.language}",
        *([f"Canonical: {base_url}{tree.SECURITY_TXT.path()}"] if base_url else []),
    ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _contact(contact: Contact) -> Iterator[str]:
    """Yield the lines of a contact; what could end a line is escaped."""
    if contact.role.casefold() != ROLE:
        return
    if contact.email is not None:
        yield f"Contact: mailto:{quote(contact.email, safe=_ADDRESS)}"
    if contact.url is not None:
        yield f"Contact: {quote(contact.url, safe=_URL)}"
