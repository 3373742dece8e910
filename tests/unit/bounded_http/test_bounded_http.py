"""Whoever is asked over HTTP, and whatever comes back: a reply or our own error, within the limits."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from hostile_server import Server, drip, raw, reply, silence
from patience import PATIENCE
from register_api.bounded_http.client import BoundedClient, OtherOrigin, Reply, read_url
from register_api.bounded_http.limits import HttpLimits
from register_api.errors import Malformed, Unreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hostile_server import Answer

QUICK = HttpLimits(connect=0.4, read=0.3, exchange=0.6, run=3.0, redirects=3, first_wait=0.01)
ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    """Start servers; they are stopped at the end of the test."""
    servers: list[Server] = []

    def start(answer: Answer) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


PATIENT = HttpLimits(redirects=3, first_wait=0.01)
"""For answers that come at once, however busy the machine is."""


def post(base: str, limits: HttpLimits = PATIENT, body_of: frozenset[int] = frozenset({200})) -> Reply:
    """Send three bytes."""

    async def send() -> Reply:
        async with BoundedClient(limits, command="test") as client:
            return await client.post(
                read_url(base, plain=False), 100, content=b"abc", headers={}, body_of=body_of
            )

    return asyncio.run(send())


def heads(server: Server) -> int:
    """Return how many requests came; a body may come apart from its head."""
    return sum(request.startswith(b"POST ") for request in server.requests)


HOSTILE: tuple[tuple[str, Answer, type[Exception]], ...] = (
    ("huge, declared", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), Malformed),
    ("huge, chunked", drip(ENDLESS, b"64\r\n" + b"x" * 100 + b"\r\n"), Malformed),
    ("gzip", reply(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip"), Malformed),
    ("cut off", raw(ENDLESS + b"5\r\nab"), Unreachable),
    ("no HTTP", raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Unreachable),
    ("nothing", raw(b""), Unreachable),
    ("endless headers", drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), Unreachable),
    ("dripping body", drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b"x"), Unreachable),
    ("silent", silence, Unreachable),
    ("redirect to another host", reply(b"", "307 Moved", "Location: http://localhost:1/x"), Unreachable),
    ("redirect with a user", reply(b"", "307 Moved", "Location: //u:p@127.0.0.1/"), Unreachable),
    ("redirect to nonsense", reply(b"", "307 Moved", "Location: http://[/"), Unreachable),
)


@pytest.mark.parametrize(("answer", "kind"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_a_hostile_answer_is_an_error_of_ours_in_bounded_time(
    serve: Callable[[Answer], Server], answer: Answer, kind: type[Exception]
) -> None:
    """The same for bytes that are sent as for files that are asked for (``test_http_fetch``)."""
    begun = time.monotonic()
    with pytest.raises(kind) as caught:
        post(serve(answer).base, QUICK if kind is Unreachable else PATIENT)
    assert time.monotonic() - begun < PATIENCE / 6  # the server itself would go on for ever
    assert caught.type in {kind, OtherOrigin}
    assert "127.0.0.1" not in str(caught.value) or "another origin" in str(caught.value)


def test_a_body_is_sent_again_with_each_attempt(serve: Callable[[Answer], Server]) -> None:
    """Whole, whether the server failed or moved within its origin."""
    answers = iter(
        [reply(b"", "503 Unavailable"), reply(b"", "307 Moved", "Location: /there"), reply(b"done")]
    )

    bodies: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        bodies.append(request.partition(b"\r\n\r\n")[2] or connection.recv(10))
        next(answers)(connection, request)

    assert post(serve(answer).base) == Reply(200, b"done")
    assert bodies == [b"abc"] * 3


def test_the_last_reply_of_a_failing_server_is_returned(serve: Callable[[Answer], Server]) -> None:
    """Its body is not read."""
    server = serve(reply(b"x" * 1000, "502 Bad Gateway"))
    assert post(server.base) == Reply(502)
    assert heads(server) == PATIENT.attempts


def test_a_redirect_is_a_reply_where_none_is_followed(serve: Callable[[Answer], Server]) -> None:
    """A witness or an authority is who it was said to be."""
    server = serve(reply(b"", "307 Moved", "Location: /there"))
    assert post(server.base, msgspec.structs.replace(PATIENT, redirects=0)) == Reply(
        307, headers={"location": "/there"}
    )
    assert heads(server) == 1


def test_headers_on_another_time_or_place_are_kept(serve: Callable[[Answer], Server]) -> None:
    """Also where it failed; nothing else that it says is."""
    said = ('ETag: "7"', "Retry-After: 120", "Server: x")
    kept = {"etag": '"7"', "retry-after": "120"}
    assert post(serve(reply(b"", "200 OK", *said)).base) == Reply(200, headers=kept)
    assert post(serve(reply(b"", "429 Slow", *said)).base) == Reply(429, headers=kept)
    assert post(serve(reply(b"", "200 OK", "ETag: " + "x" * 9999)).base).headers == {"etag": "x" * 1000}


def test_bodies_of_other_statuses_are_read_where_they_are_wanted(serve: Callable[[Answer], Server]) -> None:
    """A conflict says what is already there."""
    server = serve(reply(b"7\n", "409 Conflict"))
    assert post(server.base, body_of=frozenset({409})) == Reply(409, b"7\n")
    assert post(server.base) == Reply(409)


def test_cookies_are_not_kept(serve: Callable[[Answer], Server]) -> None:
    """A server does not learn which requests come from one client."""
    server = serve(reply(b"", "503 Unavailable", "Set-Cookie: a=b"))
    post(server.base)
    assert not any(b"cookie" in request.lower() for request in server.requests)


def test_a_closed_port_is_reported_in_words() -> None:
    """Without the address, which may hold a password."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        post(f"http://user:secret@127.0.0.1:{port}/")
    assert caught.value.message == "cannot be reached: connection refused"


def test_a_server_without_tls_is_reported_in_words(serve: Callable[[Answer], Server]) -> None:
    """Where https was asked for."""
    server = serve(raw(b"HTTP/1.1 200 OK\r\n\r\n"))
    with pytest.raises(Unreachable, match="cannot be reached: the TLS handshake failed"):
        post(server.base.replace("http:", "https:"))


@pytest.mark.parametrize(
    ("text", "plain", "any_url"),
    [
        ("https://a.example/b", True, True),
        ("http://u:p@a.example/?q=1", False, True),
        ("https://a.example/#f", False, False),
        ("ftp://a.example/", False, False),
        ("https://a.example:99999/", False, False),
        ("a.example", False, False),
        ("", False, False),
    ],
)
def test_an_address_is_refused_before_anything_is_sent(text: str, plain: bool, any_url: bool) -> None:
    """A user or a query may be part of an address only where that is allowed."""
    for only_plain, good in ((True, plain), (False, any_url)):
        if good:
            assert str(read_url(text, plain=only_plain)) == text
        else:
            with pytest.raises(UsageError):
                read_url(text, plain=only_plain)
