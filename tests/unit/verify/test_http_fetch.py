"""Hostile servers on a real socket: every answer ends in bytes or in a finding, in bounded time."""

from __future__ import annotations

import gzip
import socket
import time
from typing import TYPE_CHECKING

import pytest

from hostile_server import Server, drip, path_of, raw, reply, silence
from memory_publisher import NOW, MemoryPublisher
from patience import PATIENCE
from register_api.bounded_http.client import OtherOrigin, read_tree_url, user_agent
from register_api.bounded_http.limits import HttpLimits
from register_api.errors import Malformed, Unreachable, UsageError, VerificationError
from register_api.verify.engine import verify
from register_api.verify.fetcher import HttpFetcher, NotServed
from register_api.verify.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hostile_server import Answer

QUICK = HttpLimits(redirects=3, connect=0.4, read=0.3, exchange=0.6, run=3.0, requests=20, first_wait=0.01)

PATIENT = HttpLimits(redirects=3, first_wait=0.01)
"""For answers that come at once, however busy the machine is."""


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


def get(base: str, limits: HttpLimits = PATIENT, *, max_bytes: int = 100) -> bytes:
    """Fetch one file."""
    with HttpFetcher(base, limits) as fetcher:
        return fetcher.get("v1/register.json", max_bytes)


def test_a_file_is_fetched_as_it_is(serve: Callable[[Answer], Server]) -> None:
    """The request asks for no encoding and no cache, and says who asks."""
    server = serve(reply(b"12345"))
    assert get(server.base + "sub") == b"12345"
    request = server.requests[0].lower()
    assert request.startswith(b"get /sub/v1/register.json http/1.1\r\n")
    for line in (
        b"accept-encoding: identity",
        b"cache-control: no-cache",
        user_agent("verify").lower().encode(),
    ):
        assert line in request


ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HOSTILE: tuple[tuple[str, Answer, type[VerificationError]], ...] = (
    ("not there", reply(b"", "404 Not Found"), NotServed),
    ("forbidden", reply(b"", "403 Forbidden"), NotServed),
    ("gone", reply(b"", "410 Gone"), NotServed),
    ("failing", reply(b"", "503 Service Unavailable"), Unreachable),
    ("needs a password", reply(b"", "401 Unauthorized"), Unreachable),
    ("partial", reply(b"ok", "206 Partial Content"), Unreachable),
    ("empty 304", reply(b"", "304 Not Modified"), Unreachable),
    ("huge, declared", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), Malformed),
    ("huge, chunked", drip(ENDLESS, b"64\r\n" + b"x" * 100 + b"\r\n"), Malformed),
    ("one byte too many", reply(b"x" * 101), Malformed),
    ("gzip", reply(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip"), Malformed),
    ("brotli", reply(b"{}", "200 OK", "Content-Encoding: br"), Malformed),
    ("two encodings", reply(b"{}", "200 OK", "Content-Encoding: identity, gzip"), Malformed),
    ("shorter than declared", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort"), Unreachable),
    ("cut off", raw(ENDLESS + b"5\r\nab"), Unreachable),
    ("no HTTP", raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Unreachable),
    ("nothing", raw(b""), Unreachable),
    ("endless headers", drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), Unreachable),
    ("endless 100", drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), Unreachable),
    ("dripping body", drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b"x"), Unreachable),
    ("silent", silence, Unreachable),
    ("redirect to another host", reply(b"", "302 Found", "Location: http://localhost:1/x"), Unreachable),
    ("redirect to another scheme", reply(b"", "302 Found", "Location: https://127.0.0.1/"), Unreachable),
    ("redirect to a file", reply(b"", "302 Found", "Location: file:///etc/passwd"), Unreachable),
    ("redirect to nonsense", reply(b"", "302 Found", "Location: http://[/"), Unreachable),
    ("redirect without place", reply(b"", "302 Found"), Unreachable),
    ("redirect in a circle", reply(b"", "301 Moved", "Location: /v1/register.json"), Unreachable),
)


@pytest.mark.parametrize(("answer", "kind"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_a_hostile_answer_is_a_finding_in_bounded_time(
    serve: Callable[[Answer], Server], answer: Answer, kind: type[VerificationError]
) -> None:
    """Whatever a server does, the customer knows within the deadline what it was."""
    server = serve(answer)
    begun = time.monotonic()
    with pytest.raises(kind) as caught:
        get(server.base, QUICK if kind is Unreachable else PATIENT)
    assert time.monotonic() - begun < PATIENCE / 6  # the server itself would go on for ever
    assert caught.type in {kind, OtherOrigin}


def test_a_redirect_within_the_origin_is_followed(serve: Callable[[Answer], Server]) -> None:
    """A host may move files about within itself, a few times."""

    def answer(connection: socket.socket, request: bytes) -> None:
        if b"GET /v1/" in request:
            reply(b"", "308 Permanent Redirect", "Location: /elsewhere")(connection, request)
        else:
            reply(b"found")(connection, request)

    assert get(serve(answer).base) == b"found"


def test_a_failure_that_passes_is_tried_again(
    serve: Callable[[Answer], Server], capfd: pytest.CaptureFixture[str]
) -> None:
    """One overloaded moment is no finding, and is not told among the report."""
    answers = iter([reply(b"", "503 Service Unavailable"), reply(b"", "502 Bad Gateway")])

    def answer(connection: socket.socket, request: bytes) -> None:
        next(answers, reply(b"at last"))(connection, request)

    server = serve(answer)
    assert get(server.base) == b"at last"
    assert len(server.requests) == 3
    assert capfd.readouterr() == ("", "")


def test_what_is_not_served_is_not_asked_for_again(serve: Callable[[Answer], Server]) -> None:
    """The next root is missing in every run; asking three times would be unkind."""
    server = serve(reply(b"", "404 Not Found"))
    with pytest.raises(NotServed):
        get(server.base)
    assert len(server.requests) == 1


def test_the_number_of_requests_is_bounded(serve: Callable[[Answer], Server]) -> None:
    """An index cannot make a customer ask for ever."""
    server = serve(reply())
    with HttpFetcher(server.base, HttpLimits(redirects=3, requests=3)) as fetcher:
        for _ in range(3):
            assert fetcher.get("a", 10) == b"ok"
        with pytest.raises(Unreachable, match="more than 3 requests"):
            fetcher.get("a", 10)


def test_the_whole_run_has_a_deadline(serve: Callable[[Answer], Server]) -> None:
    """Many slow files are no way round the deadline of one."""
    server = serve(reply())
    with HttpFetcher(server.base, HttpLimits(redirects=3, run=0.05)) as fetcher:
        time.sleep(0.06)
        with pytest.raises(Unreachable, match="whole run"):
            fetcher.get("a", 10)


def test_a_closed_port_is_unreachable() -> None:
    """A closed port is exit code 10."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        get(f"http://127.0.0.1:{port}/", QUICK)


@pytest.mark.parametrize(
    "base",
    ["", "x", "ftp://a.example/", "file:///etc", "https://", "https://u:p@a.example/", "https://a.example/?q",
     "https://a.example/#f", "http://[::1", "https://a.example:99999/"],
)  # fmt: skip
def test_what_is_no_base_is_wrong_use(base: str) -> None:
    """Said before anything is fetched."""
    with pytest.raises(UsageError):
        HttpFetcher(base).close()


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example/b/c", "https://a.example/b/c/"),
        ("https://a.example/b%2Fc%3F%25", "https://a.example/b%2Fc%3F%25/"),
        ("https://a.example/b?", "https://a.example/b/"),
    ],
)
def test_a_base_gets_its_slash(base: str, expected: str) -> None:
    """A tree may lie below a prefix."""
    assert str(read_tree_url(base)) == expected


def test_a_tree_is_verified_over_a_socket(serve: Callable[[Answer], Server]) -> None:
    """From the address to the report, with nothing in between replaced."""
    files = MemoryPublisher().publish().publish().files

    def answer(connection: socket.socket, request: bytes) -> None:
        found = files.get(path_of(request))
        (reply(b"", "404 Not Found") if found is None else reply(found))(connection, request)

    server = serve(answer)
    report = verify(server.base, Options(wait=0), NOW).report
    assert (report.exit_code, report.base, report.version) == (0, server.base, 2)
