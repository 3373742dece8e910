"""The preview answers this machine alone, at its own names."""

from __future__ import annotations

import http.client
import socket
import struct
from typing import TYPE_CHECKING

import pytest

from patience import PATIENCE, in_background
from publishers import NOW
from register_api.errors import UsageError
from register_api.preview.server import HOST, Preview, PreviewServer
from register_api.publish.preparation import PublishOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publishers import Publisher


@pytest.fixture
def server(publisher: Publisher) -> Iterator[PreviewServer]:
    preview = Preview(publisher.source, publisher.store, lambda _: PublishOptions(now=NOW))
    with (
        PreviewServer(preview, 0) as listening,
        in_background(listening.serve_forever, stop=listening.shutdown),
    ):
        yield listening


def ask(
    server: PreviewServer, path: str = "/", method: str = "GET", host: str | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(HOST, server.server_port, timeout=PATIENCE)
    connection.request(method, path, headers={"Host": host or f"{HOST}:{server.server_port}"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_a_page_comes_with_its_policy_and_is_kept_nowhere(server: PreviewServer) -> None:
    answer, body = ask(server)
    assert answer.status == 200
    assert b"Preview of version 1" in body
    assert "script-src 'self'" in str(answer.headers["Content-Security-Policy"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] is None
    head, nothing = ask(server, method="HEAD")
    assert (head.status, nothing, head.headers["Content-Length"]) == (200, b"", str(len(body)))


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", HOST, "127.0.0.1.evil.example:{port}"]
)
def test_a_request_for_another_name_learns_nothing(server: PreviewServer, host: str) -> None:
    answer, body = ask(server, host=host.format(port=server.server_port))
    assert answer.status == 421
    assert b"Acme" not in body


def test_localhost_is_a_name_of_it(server: PreviewServer) -> None:
    assert ask(server, host=f"LOCALHOST:{server.server_port}")[0].status == 200


def test_nothing_is_changed_by_a_request(server: PreviewServer) -> None:
    assert ask(server, method="POST")[0].status == 501


def test_a_port_that_is_taken_is_told(server: PreviewServer) -> None:
    with pytest.raises(UsageError, match="cannot be listened on"):
        PreviewServer(server.preview, server.server_port)


def test_a_browser_that_leaves_is_not_spoken_of(
    server: PreviewServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """It closes with a reset while a large answer is under way."""
    with socket.create_connection((HOST, server.server_port), timeout=PATIENCE) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(f"GET /check.html HTTP/1.1\r\nHost: {HOST}:{server.server_port}\r\n\r\n".encode())
    assert ask(server)[0].status == 200
    assert capfd.readouterr().err == ""


def test_a_client_that_sends_nothing_keeps_nobody_waiting(server: PreviewServer) -> None:
    with socket.create_connection((HOST, server.server_port), timeout=PATIENCE):
        assert ask(server)[0].status == 200
