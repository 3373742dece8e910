"""Bounds for whoever asks other people's servers: time, number, addresses; lighter than the client."""

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
    """Bounds on one client; seconds where nothing else is said.

    Attributes:
        connect: For the connection alone.
        read: Between two pieces of a response.
        exchange: For one request, from connection to last byte, with all redirects and retries.
        run: For everything together, from the making of the client.
        requests: Number of requests, redirects and retries among them.
        redirects: How many redirects of one request are followed, all within its origin; 0: none, and a
            redirect is a response like others.
        attempts: How often is asked when the failure may be a passing one.
        first_wait: Before the second attempt; doubles from then on.
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
"""Seconds; what asks for more is taken for that much."""

_DIGITS = len(str(LONGEST))


def retry_after_seconds(retry_after: str, now: dt.datetime) -> int:
    """Return the seconds that a ``Retry-After`` asks for (RFC 9110 section 10.2.3); none if unreadable."""
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
"""Gives the addresses of a host and a port; raises ``OSError`` where there are none."""

_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "168.63.129.16/32", # a public address by its number, and a virtual machine's host at Azure
        "::/3", "4000::/2", "8000::/1", # all that is not 2000::/3
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
"""IANA's registries of special-purpose addresses, multicast and reserved space.

A table of our own: what Python calls global differs between releases, and NAT64, 6to4 and multicast are
among it.
"""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


_RESOLVERS = ThreadPoolExecutor(64, "resolver")
"""More threads than a loop has: a look-up cannot be cut off, and slow name servers hold up no other name."""


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as this machine resolves it."""
    import asyncio  # noqa: PLC0415 - whoever asks has loaded it; for the bounds alone it is not needed

    look_up = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, look_up)
    return [str(entry[4][0]) for entry in found]


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Public addresses, and networks that may be reached although they are not public.

    A name is resolved once and every address that it has is judged; the connection is made to one of those,
    so that a name which leads elsewhere a moment later (DNS rebinding) gains nothing.
    """

    allow: tuple[Network, ...] = ()
    resolve: Resolve = resolve

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Resolve a host; one that has an address which may not be reached is ``Unreachable``."""
        found = await self.resolve(host, port)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not all(self.allows(address) for address in found):
            raise Unreachable(
                "not asked: its host name leads to an address that is not public",
                hint="if it is a host of your own network, allow that network in the settings",
            )
        return found

    def allows(self, text: str) -> bool:
        """Tell whether an address, in the spelling of the system, may be reached."""
        address = ipaddress.ip_address(text)
        if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
            return False
        if any(address in network for network in self.allow):
            return True
        if address in _NAT64:  # how a network without IPv4 reaches the rest (RFC 6052)
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return not any(address in network for network in _NOT_PUBLIC)


def reach_with(networks: Sequence[str]) -> Reach:
    """Return public addresses together with networks, such as ``10.1.0.0/16``."""
    try:
        return Reach(allow=tuple(ipaddress.ip_network(text) for text in networks))
    except ValueError as error:
        raise UsageError(f"not a network: {error}", hint="write it like 10.1.0.0/16 or fd00::/8") from error
