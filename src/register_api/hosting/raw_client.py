"""A minimal HTTP/1 client: no decoding, no redirects, limits on everything.

Each request has its own connection, so that responses are independent. Targets are sent unchanged:
a library that normalises paths could not send an attacker's requests.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Mapping
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from register_api import __version__
from register_api.errors import UsageError

_AGENT = f"register-api/{__version__} conformance"
_NO_BODY = frozenset({204, 304})
_PIECE = 65536
_PORTS = {"http": 80, "https": 443}
_PRINTABLE = re.compile(r"[!-~]+")


class Address(msgspec.Struct, frozen=True):
    """The base URL of a served tree: absolute, with a final slash."""

    base: str

    @property
    def parts(self) -> SplitResult:
        """The parts of the URL."""
        return urlsplit(self.base)

    def path_of(self, reference: str, beside: str = "") -> str | None:
        """Resolve a reference (RFC 3986 section 5) to a path below the base; ``None`` if it is outside."""
        try:
            target = urlsplit(urljoin(self.base + beside, reference))
            same = target[:2] == self.parts[:2]
        except ValueError:
            return None
        if not same or not target.path.startswith(self.parts.path):
            return None
        found = target.path.removeprefix(self.parts.path[:-1]) + (f"?{target.query}" if target.query else "")
        return found if _PRINTABLE.fullmatch(found) else None


def read_address(text: str) -> Address:
    """Parse a base URL given by the user.

    Raises:
        UsageError: Not an absolute ``http`` or ``https`` URL, or one with user info, query or fragment.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port  # validated only on access
    except ValueError as error:
        raise UsageError(f"{text!a} is not a valid URL: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f"{text!a} is not an address that begins with https:// or http://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"{text!a} has a user, a query or a fragment; give the plain address")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"{text!a} holds a space or a character that has to be written in ASCII")
    return Address(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/")


class RunLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one run: seconds per request and in total, number of requests, bytes of one body."""

    exchange: float = 10.0
    run: float = 600.0
    requests: int = 5000
    body: int = 16 * 2**20


class NoAnswer(Exception):
    """No valid HTTP response; the message gives the reason without quoting the server."""


class UsedUp(Exception):
    """The time or the requests of the run are exhausted."""


class Answer(msgspec.Struct, frozen=True):
    """A response; status 0 means that the connection was closed without one.

    Header names are in lower case, repeated ones joined by commas (RFC 9110 section 5.3). The body is not
    decoded; it includes bytes sent after a response that must not have a body.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """Sends requests to one host; ``asked`` counts them."""

    def __init__(self, address: Address, limits: RunLimits) -> None:
        """Start the time limit of the run, without connecting."""
        self.address, self.asked, self._limits = address, 0, limits
        self._end = time.monotonic() + limits.run

    def ask(self, method: str, target: str, headers: Mapping[str, str], version: str = "1.1") -> Answer:
        """Send one request and return the response.

        A target that starts with a slash is a path below the base; ``*`` and absolute URLs are sent
        unchanged. An empty ``Host`` is omitted.
        """
        now = time.monotonic()
        if self.asked >= self._limits.requests or now >= self._end:
            raise UsedUp
        self.asked += 1
        deadline = min(now + self._limits.exchange, self._end)
        try:
            with contextlib.closing(self._connect(deadline)) as connection:
                with contextlib.suppress(OSError):  # a host may reply before it has read everything
                    connection.sendall(self._message(method, target, headers, version))
                return _read(connection, method, deadline, self._limits.body)
        except ssl.SSLError as error:
            raise NoAnswer(f"no TLS connection ({error.reason or type(error).__name__})") from error
        except TimeoutError as error:
            raise NoAnswer(f"no whole answer within {self._limits.exchange:g} s") from error
        except ConnectionRefusedError as error:
            raise NoAnswer("nobody listens there") from error
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise NoAnswer(f"no answer that HTTP allows ({type(error).__name__})") from error

    def _connect(self, deadline: float) -> socket.socket:
        parts = self.address.parts
        address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
        plain = socket.create_connection(address, timeout=max(deadline - time.monotonic(), 0.001))
        if parts.scheme == "http":
            return plain
        try:
            return ssl.create_default_context().wrap_socket(plain, server_hostname=address[0])
        except BaseException:
            plain.close()
            raise

    def _message(self, method: str, target: str, headers: Mapping[str, str], version: str) -> bytes:
        parts = self.address.parts
        usual = {"Host": parts.netloc, "User-Agent": _AGENT, "Connection": "close"}
        place = parts.path[:-1] + target if target.startswith("/") else target
        lines = [f"{method} {place} HTTP/{version}"]
        for name, values in {**usual, **headers}.items():
            lines += [f"{name}: {value}" for value in values.split("\n") if value or name != "Host"]
        return "\r\n".join((*lines, "", "")).encode("latin-1")


class _Bounded(io.RawIOBase):
    """A connection that is read until a deadline, however slowly the peer sends."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Reader(io.BufferedReader):
    """A reader that stays open, to detect data after the end of a response."""

    def makefile(self, _mode: str) -> io.BufferedReader:
        return self

    def close(self) -> None:
        return


def _read(connection: socket.socket, method: str, deadline: float, most: int) -> Answer:
    reader = _Reader(_Bounded(connection, deadline))
    response = http.client.HTTPResponse(reader, method=method)  # type: ignore[arg-type]
    try:
        response.begin()
    except (http.client.RemoteDisconnected, ConnectionError):
        return Answer(0, {}, b"")
    names = {name.lower() for name in response.headers}
    headers = {name: ", ".join(response.headers.get_all(name, [])) for name in names}
    body = response.read(most + 1)
    if len(body) > most:
        raise NoAnswer(f"more than {most} bytes")
    if method == "HEAD" or response.status in _NO_BODY:
        body = b""
        if headers.get("connection", "").lower() == "close":  # a body is not allowed here: RFC 9112, 6.3
            with contextlib.suppress(OSError):
                body = reader.read(_PIECE)
    return Answer(response.status, headers, body)
