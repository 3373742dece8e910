"""How often somebody may ask: so many at once, and so many in a time (generic cell rate algorithm)."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict

from register_api.sending.settings import is_loopback

_MOST_KEYS = 20_000
_IPV6_NETWORK = 64
"""What one customer of a provider has at least, so that single addresses of it mean nothing."""


class Limit:
    """Counts by key; where there are too many keys, the one that was not seen for longest is forgotten."""

    def __init__(self, most: int, seconds: float) -> None:
        """Allow ``most`` at once, and as many again in ``seconds``."""
        self._pause = seconds / most
        self._ahead = seconds - self._pause
        self._next: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str, now: float) -> int:
        """Return how many seconds somebody has to wait; 0: they need not."""
        return max(0, math.ceil(self._next.get(key, now) - now - self._ahead))

    def count(self, key: str, now: float) -> None:
        """Count one."""
        self._next[key] = max(self._next.get(key, now), now) + self._pause
        self._next.move_to_end(key)
        while len(self._next) > _MOST_KEYS:
            self._next.popitem(last=False)

    def take(self, key: str, now: float) -> int:
        """Count one if there is no need to wait; returns how long, else."""
        wait = self.wait(key, now)
        if not wait:
            self.count(key, now)
        return wait


def client_network(peer: str, forwarded_for: str) -> str:
    """Return the network of a client that its requests are counted by."""
    behind_proxy = (not peer or is_loopback(peer)) and forwarded_for
    named = forwarded_for.rpartition(",")[2].strip() if behind_proxy else peer
    try:
        address = ipaddress.ip_address(named.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    bits = 32 if address.version == 4 else _IPV6_NETWORK  # noqa: PLR2004 - of IPv4
    return str(ipaddress.ip_network((address, bits), strict=False))
