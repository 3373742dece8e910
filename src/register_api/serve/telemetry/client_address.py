"""Addresses of clients in the log: none, a network, or whole."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from register_api.serve.http.asgi import Scope
    from register_api.serve.settings import LogClients

_NETWORK_BITS = {4: 24, 6: 48}
"""Bits that are kept of an address: a network of 256, and what one customer of a provider is given."""


def client_fields(scope: Scope, how: LogClients) -> dict[str, str]:
    """Return what a log line says of the client of a request.

    It is the address that the connection came from, behind a proxy the proxy's; headers that claim
    another one are not believed.
    """
    client = scope.get("client")
    if how == "none" or client is None:
        return {}
    return {"client": client[0] if how == "full" else _network(client[0])}


def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, _NETWORK_BITS[address.version]), strict=False))
