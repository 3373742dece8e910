"""Limits for requests to other servers: time, number, addresses; imports less than the client."""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import msgspec

from register_api.errors import Unreachable, UsageError


class HttpLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one client, in seconds unless stated otherwise.

    Attributes:
        connect: For establishing a connection.
        read: Between two chunks of a response.
        exchange: For one request, from connection to last byte, including redirects and retries.
        run: For all requests, from creation of the client.
        requests: Number of requests, including redirects and retries.
        redirects: Number of redirects followed per request, within its origin; with 0, a redirect is
            returned like any other response.
        attempts: Maximum number of attempts, repeated only after transient failures.
        first_wait: Wait before the second attempt; doubles from then on.
    """

    connect: float = 10.0
    read: float = 10.0
    exchange: float = 60.0
    run: float = 1800.0
    requests: int = 100_000
    redirects: int = 0
    attempts: int = 3
    first_wait: float = 0.2


LONGEST = 86_400
"""Longest ``Retry-After`` that is honoured, in seconds."""

_DIGITS = len(str(LONGEST))


def retry_after_seconds(retry_after: str, now: dt.datetime) -> int:
    """Return the seconds of a ``Retry-After`` header (RFC 9110 section 10.2.3), 0 if invalid."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        digits = text.lstrip("0")
        return min(int(digits or "0"), LONGEST) if len(digits) <= _DIGITS else LONGEST
    try:
        seconds = (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return 0
    return min(max(0, round(seconds)), LONGEST)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host and port; raises ``OSError`` if there are none."""

_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "168.63.129.16/32", # formally public, but the host of a virtual machine at Azure
        "::/3", "4000::/2", "8000::/1", # everything outside 2000::/3
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
"""IANA's registries of special-purpose addresses, multicast and reserved space.

``ipaddress.is_global`` differs between Python releases and includes NAT64, 6to4 and multicast.
"""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


_RESOLVERS = ThreadPoolExecutor(64, "resolver")
"""More threads than the loop's own: look-ups cannot be cancelled, and slow ones must not delay others."""


async def resolve(host: str, port: int) -> list[str]:
    """Resolve a host to its addresses."""
    import asyncio  # noqa: PLC0415 - not needed for the limits alone

    look_up = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, look_up)
    return [str(entry[4][0]) for entry in found]


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses that may be contacted: public ones, and explicitly allowed networks.

    A name is resolved once, all its addresses are checked, and the connection goes to one of these, which
    prevents DNS rebinding.
    """

    allow: tuple[Network, ...] = ()
    resolve: Resolve = resolve

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Resolve a host; ``Unreachable`` if any of its addresses is not allowed."""
        found = await self.resolve(host, port)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not all(self.allows(address) for address in found):
            raise Unreachable(
                "not contacted: its host name leads to an address that is not public",
                hint="if it is a host of your own network, allow that network in the settings",
            )
        return found

    def allows(self, text: str) -> bool:
        """Tell whether an address, as returned by the resolver, may be contacted."""
        address = ipaddress.ip_address(text)
        if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
            return False
        if any(address in network for network in self.allow):
            return True
        if address in _NAT64:  # IPv4 address as seen from an IPv6-only network (RFC 6052)
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return not any(address in network for network in _NOT_PUBLIC)


def reach_with(networks: Sequence[str]) -> Reach:
    """Return a reach of public addresses and the given networks, such as ``10.1.0.0/16``."""
    try:
        return Reach(allow=tuple(ipaddress.ip_network(text) for text in networks))
    except ValueError as error:
        raise UsageError(f"not a network: {error}", hint="write it like 10.1.0.0/16 or fd00::/8") from error
