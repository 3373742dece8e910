"""Finds the register of a vendor from the address of its website (docs/format/discovery.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from register_api.bounded_http.client import Elsewhere
from register_api.core.canonical import decode
from register_api.core.documents import Discovery
from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.core.text import base_url_problem, quoted
from register_api.errors import WatchError
from register_api.verify.fetcher import NotServed
from register_api.verify.http_fetcher import HttpFetcher


class FoundRegister(NamedTuple):
    """What a site says of its register: whose it is, and the address of its tree."""

    title: str
    address: str


def find_register(website: str, fetcher: Callable[[str], HttpFetcher]) -> FoundRegister | None:
    """Return the register that a site names, if it names one.

    The document is looked for below the address itself, which may be that of a tree, and at its origin. From
    a host to the one with ``www`` before it, or back, a redirect is followed.

    Raises:
        WatchError: The site names several registers, or an address that cannot be one.
        VerificationError: No answer, or one that is no such document.
    """
    base = website if website.endswith("/") else f"{website}/"
    for place in dict.fromkeys((base, urljoin(base, "/"))):
        found = _document(place, fetcher)
        if found is not None:
            return _named(*found)
    return None


def _document(
    place: str, fetcher: Callable[[str], HttpFetcher], *, from_sister: bool = False
) -> tuple[str, bytes] | None:
    """Return the document below an address, and the address that gave it."""
    path = tree.DISCOVERY.path()
    with fetcher(place) as asked:
        try:
            data = asked.get(path, max_bytes(path))
        except NotServed:
            return None
        except Elsewhere as error:
            sister = error.address.removesuffix(path)
            if from_sister or not _are_sisters(place, sister):
                raise
        else:
            is_page = data.lstrip()[:1] == b"<"  # a page for what is not there
            return None if is_page else (place, data)
    return _document(sister, fetcher, from_sister=True)


def _are_sisters(one: str, other: str) -> bool:
    """Tell whether two addresses differ in ``www`` before the host, and at most in TLS that is added."""
    first, second = urlsplit(one), urlsplit(other)
    hosts = {first.netloc.removeprefix("www."), second.netloc.removeprefix("www.")}
    return len(hosts) == 1 and second.scheme in {first.scheme, "https"} and second.path.endswith("/")


def _named(place: str, data: bytes) -> FoundRegister | None:
    found = decode(data, Discovery).registers
    beside = urljoin(place, tree.DISCOVERY.path())
    addresses = {urljoin(beside, register.tree_url): register.title for register in found}
    wrong = next((url for url in sorted(addresses) if base_url_problem(url)), None)
    if wrong is not None:
        raise WatchError(f"the site names {quoted(wrong)}, which cannot be the address of a register")
    if len(addresses) > 1:
        raise WatchError(
            f"the site names {len(addresses)} registers: {', '.join(map(quoted, sorted(addresses)))}",
            hint="add each by its address",
        )
    return next((FoundRegister(title, address) for address, title in addresses.items()), None)
