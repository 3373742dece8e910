"""Where requests may go whose address a stranger has named: no spelling and no resolver leads inwards."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile_server import Answer, Server, raw, reply
from inward_addresses import ADDRESSES
from own_certificate import make_certificate, server_context
from patience import PATIENCE
from register_api.bounded_http.client import BoundedClient, Reply, read_url
from register_api.bounded_http.limits import HttpLimits, Network, Reach, reach_with
from register_api.errors import Unreachable, UsageError
from register_api.verify.fetcher import HttpFetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

LIMITS = HttpLimits(redirects=3, first_wait=0.01)
HERE = reach_with(["127.0.0.1/32"]).allow

SPELLINGS = (
    "127.0.0.1", "127.1", "127.0.1", "0", "0x7f000001", "0x7f.1", "0177.1", "017700000001", "2130706433",
    "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:0:0:1]", "[fe80::1%25lo]", "[fe80::1%lo]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "169.254.169.254",
    "127。0。0。1", "①②⑦.0.0.1", "0300.0250.0.1", "3232235521", "0xa9fea9fe", "public.example@127.0.0.1",
)  # fmt: skip


class Names:
    """A resolver whose answers follow each other; the last one stays.

    Attributes:
        asked: The hosts that it was asked for.
    """

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Answer as told."""
        assert port > 0
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers on 127.0.0.1; they are stopped at the end of the test."""
    with contextlib.ExitStack() as stack:

        def start(answer: Answer, **options: object) -> Server:
            server = Server(answer, **options)  # type: ignore[arg-type]
            stack.callback(server.close)
            return server

        yield start


def ask(url: str, reach: Reach | None, times: int = 1) -> list[Reply]:
    """Ask for a file, some times over one client."""

    async def asked() -> list[Reply]:
        async with BoundedClient(LIMITS, command="test", reach=reach) as client:
            return [await client.get(read_url(url, plain=False), 100) for _ in range(times)]

    return asyncio.run(asked())


def named(server: Server, host: str = "hooks.example") -> str:
    """Return the address of a server by a name that only a resolver of the test knows."""
    parts = urlsplit(server.base)
    return f"{parts.scheme}://{host}:{parts.port}/"


def reach(names: Names, allow: tuple[Network, ...] = HERE) -> Reach:
    """Return what may be reached, by the names of a test."""
    return Reach(allow=allow, resolve=names)


@pytest.mark.parametrize(
    ("text", "is_public"),
    [row[:2] for row in ADDRESSES],
    ids=[f"{text} {origin}" for text, _, origin in ADDRESSES],
)
def test_only_public_unicast_addresses_are_reached(text: str, is_public: bool) -> None:
    """Each row of the table."""
    assert Reach().allows(text) is is_public


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_reached(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """The other way round our table says more; NAT64 is judged by what it holds."""
    if address not in ipaddress.ip_network("64:ff9b::/96") and (address.is_private or address.is_multicast):
        assert not Reach().allows(str(address))


@given(st.ip_addresses(v=4))
def test_an_address_behind_nat64_is_judged_as_itself(address: ipaddress.IPv4Address) -> None:
    """A network without IPv4 reaches the same hosts."""
    behind = ipaddress.IPv6Address((0x64FF9B << 96) | int(address))
    assert Reach().allows(str(behind)) is Reach().allows(str(address))


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_leads_inwards(host: str) -> None:
    """As this machine resolves it; the sentence names no address."""
    with pytest.raises((Unreachable, UsageError)) as caught:
        ask(f"http://{host}:9/", Reach())
    if isinstance(caught.value, Unreachable):
        assert "refused" not in caught.value.message  # nothing was tried


def test_a_network_that_is_allowed_is_reached(serve: Callable[..., Server]) -> None:
    """By whoever has a host of its own."""
    server = serve(reply())
    assert ask(server.base, reach_with(["127.0.0.0/8"])) == [Reply(200, b"ok")]
    with pytest.raises(Unreachable, match="an address that is not public"):
        ask(server.base, reach_with(["10.0.0.0/8"]))
    assert len(server.requests) == 1


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "10.0.0.0/33", "host", "fe80::1%lo/64"])
def test_what_is_not_a_network_is_wrong_use(text: str) -> None:
    """Said before anything is asked."""
    with pytest.raises(UsageError, match="not a network"):
        reach_with([text])


@pytest.mark.parametrize("others", [("10.0.0.1",), ("8.8.8.8", "::1"), ("64:ff9b::a00:1",)])
def test_one_address_that_is_not_public_is_enough(
    serve: Callable[..., Server], others: tuple[str, ...]
) -> None:
    """Nothing is asked, whichever comes first."""
    server = serve(reply())
    for found in (("127.0.0.1", *others), (*others, "127.0.0.1")):
        with pytest.raises(Unreachable, match="an address that is not public"):
            ask(named(server), reach(Names(found)))
    assert server.requests == []


def test_a_name_is_resolved_once_for_a_connection(serve: Callable[..., Server]) -> None:
    """What it says a moment later (DNS rebinding) is not asked for: the address that was judged is used."""
    server = serve(reply())
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    assert ask(named(server), reach(names), times=3) == [Reply(200, b"ok")] * 3
    assert names.asked == ["hooks.example"]
    assert b"\r\nhost: hooks.example:" in server.requests[0].lower()


def test_a_name_that_leads_elsewhere_later_is_judged_again(serve: Callable[..., Server]) -> None:
    """With the next connection, that of a redirect too."""
    server = serve(raw(b"HTTP/1.1 307 Moved\r\nLocation: /there\r\nConnection: close\r\n\r\n"))
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with pytest.raises(Unreachable, match="an address that is not public"):
        ask(named(server), reach(names))
    assert len(names.asked) == 2
    assert len(server.requests) == 1


def test_an_address_that_does_not_answer_is_skipped(serve: Callable[..., Server]) -> None:
    """A host may have several, of which some are down."""
    server = serve(reply())
    found = Names(["127.0.0.2", "127.0.0.1"])
    assert ask(named(server), reach(found, reach_with(["127.0.0.0/30"]).allow)) == [Reply(200, b"ok")]


def test_a_name_without_an_address_is_reported() -> None:
    """Whether the resolver says so or gives nothing."""
    with pytest.raises(Unreachable, match="its host name cannot be resolved"):
        ask("http://hooks.example/", reach(Names([])))


def test_slow_name_servers_hold_up_no_other_name(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up cannot be cut off; whoever asked for it has long gone on."""
    server, done = serve(reply()), threading.Event()
    real = socket.getaddrinfo

    def look_up(host: str, *more: object, **options: object) -> object:
        if host == "slow.example":
            done.wait(PATIENCE)
        return real("127.0.0.1", *more, **options)  # type: ignore[arg-type]

    async def asked_together() -> list[object]:
        quick = HttpLimits(exchange=0.5)
        async with (
            BoundedClient(quick, command="test", reach=Reach(allow=HERE)) as slow,
            BoundedClient(LIMITS, command="test", reach=Reach(allow=HERE)) as other,
        ):
            late = [slow.get(read_url("http://slow.example/"), 10) for _ in range(20)]
            return await asyncio.gather(*late, other.get(read_url(named(server)), 10), return_exceptions=True)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        *slow, found = asyncio.run(asked_together())
    finally:
        done.set()
    assert found == Reply(200, b"ok")
    assert all(isinstance(error, Unreachable) and "too slow" in error.message for error in slow)


def test_the_certificate_is_that_of_the_name(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the connection is made to an address."""
    certificate = make_certificate(tmp_path, names=["hooks.example"])
    server = serve(reply(), tls=server_context(certificate))
    with pytest.raises(Unreachable, match="its TLS certificate is not trusted"):
        ask(named(server), reach(Names(["127.0.0.1"])))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert ask(named(server), reach(Names(["127.0.0.1"]))) == [Reply(200, b"ok")]
    for host in ("other.example", "127.0.0.1"):
        with pytest.raises(Unreachable, match="its TLS certificate is not trusted"):
            ask(named(server, host), reach(Names(["127.0.0.1"])))


def test_no_proxy_is_asked(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """It would resolve the name itself."""
    proxy, server = serve(reply(b"proxy")), serve(reply(b"server"))
    monkeypatch.setenv("HTTP_PROXY", proxy.base)
    monkeypatch.setenv("ALL_PROXY", proxy.base)
    assert ask(named(server), reach(Names(["127.0.0.1"]))) == [Reply(200, b"server")]
    assert ask("http://hooks.example/", None) == [Reply(200, b"proxy")]


def test_a_tree_is_fetched_within_reach(serve: Callable[..., Server]) -> None:
    """As whoever watches registers that others have named does."""
    server = serve(reply())
    with HttpFetcher(named(server), LIMITS, reach(Names(["127.0.0.1"], ["10.0.0.1"]))) as fetcher:
        assert fetcher.get("v1/register.json", 10) == b"ok"
    with (
        HttpFetcher(server.base, LIMITS, Reach()) as fetcher,
        pytest.raises(Unreachable, match=r"^v1/register.json: not contacted: .* not public"),
    ):
        fetcher.get("v1/register.json", 10)
