"""Who asks, as far as the connection tells: headers that claim another address are not believed."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from register_api.serve.http.asgi import Receive, Scope


class Kept(NamedTuple):
    """How many bits of an address are kept."""

    ipv4: int
    ipv6: int


NEIGHBOURS = Kept(24, 48)
"""A network of 256, and what one customer of a provider is given."""

ONE = Kept(32, 64)
"""An address, and the least that one link is given: whoever has it has all of its addresses (RFC 4291)."""


async def _stay() -> None:
    await asyncio.Event().wait()


class Asker(NamedTuple):
    """Who waits for an answer.

    Attributes:
        network: Whose share of the time it is computed in.
        leaves: Waits until nobody listens to the answer any longer.
    """

    network: str = ""
    leaves: Callable[[], Awaitable[object]] = _stay


SOMEBODY = Asker()
"""Who asks from within the program, and stays."""


def asker_of(scope: Scope, receive: Receive) -> Asker:
    """Return who waits for the answer to a request without a body."""

    async def leaves() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass  # the end of a body that nobody reads

    return Asker(network_of(scope, ONE), leaves)


def network_of(scope: Scope, kept: Kept) -> str:
    """Return the network of the client of a request; behind a proxy it is the proxy's."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address("" if client is None else client[0].partition("%")[0])
    except ValueError:  # a Unix socket has no addresses
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    bits = kept.ipv4 if address.version == 4 else kept.ipv6  # noqa: PLR2004 (versions of IP)
    return str(ipaddress.ip_network((address, bits), strict=False))
