"""By what a company is known to be the same in several registers: register, company numbers, domain.

Each is a key, a text with its kind before a colon. Two entries with a key in common are one company; a name
is no key, since names only suggest (``watch.suggestions``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from register_api.core.text import is_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from register_api.core.model import Identifier, Register, Subprocessor
    from register_api.watch.vendors import Vendor

_SHORTEST_NUMBER = 5
_NOT_TELLING = re.compile(r"[\W_]+")


def keys_of_vendor(vendor: Vendor) -> frozenset[str]:
    """Return the keys of a vendor as we know it."""
    return frozenset((*_register(vendor.register), *_website(vendor.website)))


def keys_of_publisher(register: Register) -> frozenset[str]:
    """Return the keys of the company whose register it is, as it states them."""
    publisher = register.publisher
    return frozenset(
        (
            *_register(register.url or ""),
            *_website(publisher.website or ""),
            *_numbers(publisher.identifiers or ()),
        )
    )


def keys_of_subprocessor(listed: Subprocessor) -> frozenset[str]:
    """Return the keys of a sub-processor, those of the entities that are engaged among them."""
    entities = [use.entity for use in listed.engagements if use.entity is not None]
    numbers = [*(listed.identifiers or ()), *(item for each in entities for item in each.identifiers or ())]
    domain = _domain(listed.domain) if listed.domain else _website(listed.website or "")
    own = listed.register.url if listed.register else ""
    return frozenset((*_register(own), *domain, *_numbers(numbers)))


def _register(address: str) -> Iterator[str]:
    host, path = _split(address)
    if host:
        yield f"register:{host}/{path.strip('/')}"


def _website(address: str) -> Iterator[str]:
    """Yield the domain of a website; a page of one may be on a platform that hosts many companies."""
    host, path = _split(address)
    if path.strip("/") == "":
        yield from _domain(host)


def _domain(host: str) -> Iterator[str]:
    host = host.casefold().removeprefix("www.")
    if is_host(host) and "." in host:
        yield f"domain:{host}"


def _split(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.netloc.casefold(), parts.path


def _numbers(numbers: Iterable[Identifier]) -> Iterator[str]:
    """Yield company numbers; what has no digit, or few characters, is a word that stands for a number."""
    for number in numbers:
        value = _NOT_TELLING.sub("", number.value.casefold())
        if len(value) < _SHORTEST_NUMBER or not any(char.isdigit() for char in value):
            continue
        given_by = (number.country, number.registry) if number.scheme == "national" else ()
        place = "".join(f"{_NOT_TELLING.sub('', (part or '').casefold())}/" for part in given_by)
        yield f"{_NOT_TELLING.sub('', number.scheme.casefold())}:{place}{value}"
