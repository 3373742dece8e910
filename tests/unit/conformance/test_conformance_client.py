"""The client of the checks against hosts that misbehave: everything ends, in bounded time and space."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from hostile_server import Server
from patience import PATIENCE
from register_api.errors import UsageError
from register_api.hosting.raw_client import Answer, Client, NoAnswer, RunLimits, UsedUp, read_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[..., tuple[Answer, list[bytes]]]

QUICK = RunLimits(exchange=0.6, run=5, requests=3, body=1000)


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Send one request to a server that answers with certain bytes; return the answer and what it got."""
    servers: list[Server] = []

    def send(data: bytes, method: str = "GET", target: str = "/x", prefix: str = "", **more: str) -> object:
        def answer(connection: socket.socket, _: bytes) -> None:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_RDWR)

        servers.append(Server(answer))
        client = Client(read_address(servers[-1].base + prefix), QUICK)
        return client.ask(method, target, more), servers[-1].requests

    yield send  # type: ignore[misc]
    for server in servers:
        server.close()


OK = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: "a"\r\nConnection: close\r\n\r\nok'


def test_an_answer_is_taken_as_it_is(ask: Ask) -> None:
    """Names in lower case, repeated ones joined; nothing is decoded."""
    answer, _ = ask(b"HTTP/1.1 200 OK\r\nLink: <a>\r\nContent-Encoding: gzip\r\nLINK: <b>\r\n\r\nno gzip")
    assert answer == Answer(200, {"link": "<a>, <b>", "content-encoding": "gzip"}, b"no gzip")


def test_a_target_is_sent_as_it_is_written(ask: Ask) -> None:
    """No library tidies it; the folder of the address stands before it."""
    _, requests = ask(OK, target="/../a//%2e?q=%00", prefix="trust/")
    assert requests[0].startswith(b"GET /trust/../a//%2e?q=%00 HTTP/1.1\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize("target", ["*", "http://elsewhere.example/"])
def test_what_is_no_path_has_no_folder_before_it(ask: Ask, target: str) -> None:
    """RFC 9112 section 3.2: asterisk form and absolute form."""
    _, requests = ask(OK, "OPTIONS", target, "trust/")
    assert requests[0].startswith(f"OPTIONS {target} HTTP/1.1\r\n".encode())


def test_the_host_can_be_left_out_or_sent_twice(ask: Ask) -> None:
    """To ask whether a host refuses that (RFC 9112 section 3.2)."""
    assert b"Host" not in ask(OK, Host="")[1][0]
    assert b"\r\nHost: a\r\nHost: b\r\n" in ask(OK, Host="a\nb")[1][0]


@pytest.mark.parametrize(
    ("method", "start"),
    [("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2"), ("GET", b"HTTP/1.1 304 Not Modified")],
)
def test_a_body_where_there_must_be_none_is_seen(ask: Ask, method: str, start: bytes) -> None:
    """RFC 9112 section 6.3: such an answer ends with its headers."""
    data = start + b"\r\nConnection: close\r\n\r\n"
    assert ask(data, method)[0].body == b""
    assert ask(data + b"ok", method)[0].body == b"ok"


def test_a_connection_closed_without_a_word_is_an_answer(ask: Ask) -> None:
    """Status 0: some hosts refuse so."""
    assert ask(b"")[0] == Answer(0, {}, b"")


def test_a_short_body_is_kept_for_the_judge(ask: Ask) -> None:
    """That its length is wrong is for a check to say."""
    answer, _ = ask(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok")
    assert (answer.headers["content-length"], answer.body) == ("20", b"ok")


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 999999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1001,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" + b"a" * 0xFFFF + b"\r\n0\r\n\r\n",
        b"\xff" * 100,
    ],
    ids=["no HTTP", "status", "long header", "many headers", "chunk", "large", "large in chunks", "bytes"],
)
def test_what_is_no_answer_is_said(ask: Ask, data: bytes) -> None:
    """Never another exception, whatever comes."""
    with pytest.raises(NoAnswer):
        ask(data)


def test_a_host_that_drips_is_left_at_the_deadline() -> None:
    """One byte at a time does not move the deadline."""

    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"a")
            time.sleep(0.05)

    server = Server(drip)
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="within"):
        Client(read_address(server.base), QUICK).ask("GET", "/", {})
    assert time.monotonic() - started < PATIENCE / 6  # the server itself would go on for ever
    server.close()


def test_requests_and_time_of_a_run_are_bounded(ask: Ask) -> None:
    """The fourth request is not made; nor any after the end."""
    client = Client(read_address("http://127.0.0.1:9/"), QUICK)
    for _ in range(3):
        with pytest.raises(NoAnswer):
            client.ask("GET", "/", {})
    with pytest.raises(UsedUp):
        client.ask("GET", "/", {})
    assert client.asked == 3
    with pytest.raises(UsedUp):
        Client(read_address("http://127.0.0.1:9/"), RunLimits(run=0)).ask("GET", "/", {})


def test_a_host_without_tls_is_no_https_host() -> None:
    """Said as what it is."""
    server = Server(lambda connection, _: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    address = read_address(server.base.replace("http:", "https:"))
    with pytest.raises(NoAnswer, match="TLS"):
        Client(address, QUICK).ask("GET", "/", {})
    server.close()


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("https://trust.example.com", "https://trust.example.com/"),
        ("http://[::1]:8000/a/b//", "http://[::1]:8000/a/b/"),
        ("HTTP://EXAMPLE.com/a", "http://EXAMPLE.com/a/"),
    ],
)
def test_addresses(text: str, base: str) -> None:
    """The address of a folder ends in one slash."""
    assert read_address(text).base == base


@pytest.mark.parametrize(
    "text",
    ["", "example.com", "ftp://a.example", "http://", "http://u@a.example", "http://a.example/?q", "http://a:b/",
     "http://a.example/#f", "http://a.example/ä", "http://a.example/\n", "http://[::1", "http://a.example:99999"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """Before anything is asked."""
    with pytest.raises(UsageError):
        read_address(text)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("register.json.jws", "/v1/register.json.jws"),
        ("../feed.atom", "/feed.atom"),
        ("/trust/v1/versions.json?q=1#f", "/v1/versions.json?q=1"),
        ("https://a.example/trust/", "/"),
        ("../../elsewhere", None),
        ("https://a.example/other/", None),
        ("https://b.example/trust/v1/", None),
        ("http://a.example/trust/v1/", None),
        ("//b.example/trust/", None),
        ("http://[", None),
        ("ä", None),
    ],
)
def test_references_lead_no_further_than_the_host(reference: str, expected: str | None) -> None:
    """What leads to another origin or out of the folder is not followed."""
    assert read_address("https://a.example/trust").path_of(reference, "v1/register.json") == expected
