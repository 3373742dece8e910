"""HTTP/1.1 with limits on size and time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from register_api.serve.http import limits as bounds
from register_api.serve.http.limits import ConnectionReaper, Progress
from register_api.serve.http.problems import Problem, bare_reply

_log = logging.getLogger(__name__)

TRIED = range(38, 55)
"""Tested 0.x releases of uvicorn: ``BoundedProtocol`` relies on its internals."""


def path_of(raw: bytes) -> str:
    """Return the decoded path of a request; an encoded slash stays encoded.

    It is a reserved character, whose encoded form is not equivalent (RFC 3986 section 2.2).
    """
    return unquote(raw.replace(b"%2f", b"%252F").replace(b"%2F", b"%252F").decode("ascii"))


def check_release(version: str = uvicorn.__version__) -> None:
    """Log a warning if this release of uvicorn was not tested with the limits."""
    major, minor, *_ = version.split(".")
    if major != "0" or int(minor) not in TRIED:
        facts = {"uvicorn": version, "tried": f"0.{TRIED[0]} to 0.{TRIED[-1]}"}
        _log.warning("the limits on clients have not been tested with this release of uvicorn", extra=facts)


class LastReply:
    """Wraps the transport while the last reply of a connection is written.

    Closing while the client still sends would make the kernel reset the connection, which can discard the
    reply (RFC 9112 section 9.6).
    """

    def __init__(
        self, cycle: RequestResponseCycle, transport: asyncio.Transport, leave: Callable[[], None]
    ) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = leave
        cycle.keep_alive = False
        cycle.transport = self  # type: ignore[assignment]


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits on header size and on idle and slow clients.

    A refused client gets an error response after the replies to its earlier requests; then the connection is
    closed so that the last reply arrives (RFC 9112 section 9.6). Unless the application reads bodies, they
    are discarded, and a request with a body is the last on its connection: an intermediary that disagrees
    about where the body ends cannot smuggle a request.
    """

    def __init__(
        self, *arguments: Any, reaper: ConnectionReaper, reads_bodies: bool = False, **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self._reaper = reaper
        self._reads_bodies = reads_bodies
        self._unfinished = 0
        self._head_since = 0.0
        self._body_since = 0.0
        self._idle_since = reaper.now
        self._replies = 0
        self._progress: Progress | None = None
        self._refusal: Problem | None = None
        self._refused = False
        self._closing_since = 0.0
        self._running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, unless there are too many."""
        super().connection_made(transport)
        self._reaper.counters.connections += 1
        excess = len(self.connections) - self._reaper.settings.max_connections
        if excess > bounds.SPARE_CONNECTIONS:
            transport.abort()
        elif excess > 0:
            self._refuse(bounds.TOO_MANY)

    def connection_lost(self, exc: Exception | None) -> None:
        """Signal the disconnect to the running request; uvicorn signals only the newest."""
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        self._reaper.counters.closed += 1
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """Resume writing after the client has read the pending bytes; progress is measured from here."""
        self._progress = None
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse received bytes; refuse the request if its head exceeds the limit."""
        if self._refused or self._closing_since:
            return
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > bounds.MAX_HEAD_BYTES and not self._refused:
            self._refuse(bounds.HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Record when the head of a request begins."""
        self._head_since = self._reaper.now
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Collect the request target up to its limit."""
        super().on_url(url)
        if len(self.url) > bounds.MAX_TARGET_BYTES:
            self._reject(bounds.TARGET_TOO_LONG)

    def on_headers_complete(self) -> None:
        """Check a complete head and start the request."""
        has_body = self._check_headers()
        super().on_headers_complete()
        if b"%2" in self.url:
            self.scope["path"] = path_of(self.scope["raw_path"])
        self._head_since = 0.0
        self._unfinished = 0
        self.headers = []  # trailers of a chunked body would otherwise be appended to the headers
        if not self.pipeline:
            self._running = self.cycle
        if has_body and self._reads_bodies:
            self._body_since = self._reaper.now
        elif has_body or self.parser.should_upgrade():
            LastReply(self.cycle, self.transport, self.close_gracefully)
        if len(self.pipeline) >= bounds.MAX_PIPELINED:
            LastReply(self.cycle, self.transport, self.close_gracefully)
            raise ValueError("no more requests are taken on this connection")

    def on_body(self, body: bytes) -> None:
        """Discard a body, or pass it to the application, which controls the flow."""
        self._unfinished = 0
        if self._reads_bodies:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Record that the request is complete."""
        self._body_since = 0.0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that could not be parsed."""
        del msg
        self._refuse(self._refusal or bounds.NO_REQUEST)

    def on_response_complete(self) -> None:
        """Start the next pipelined request, or close after the last reply.

        Same as uvicorn, but without a timer for each reply.
        """
        self.server_state.total_requests += 1
        self._replies += 1
        self._idle_since = self._reaper.now
        if self.transport.is_closing() or self._closing_since:
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._running, app = self.pipeline.pop()
            self._start_asgi_task(self._running, app)
        elif self._refused:
            self._send_refusal()

    def check_timeouts(self, now: float) -> None:
        """Close the connection if it exceeds a time limit."""
        limits = self._reaper.settings
        left = self.transport.get_write_buffer_size()
        if left:
            self._progress = self._progress or Progress()
            if self._progress.has_stalled(left, self._replies, now, limits.send_seconds):
                self._reaper.counters.broken += 1
                self.transport.abort()
            return
        self._progress = None
        if self._closing_since:
            if now - self._closing_since >= bounds.LINGER_SECONDS:
                self.transport.abort()
        elif self._head_since:
            if now - self._head_since >= limits.head_seconds:
                self._refuse(bounds.TOO_SLOW)
        elif self._body_since and not self._is_idle():
            if now - self._body_since >= limits.head_seconds:
                self.transport.abort()
        elif self._is_idle() and now - self._idle_since >= limits.keep_alive_seconds:
            self.transport.close()

    def close_gracefully(self) -> None:
        """Shut down our side, and keep reading for a moment so that the last reply arrives."""
        if not self._closing_since and not self.transport.is_closing():
            self._closing_since = self._reaper.now
            self.transport.write_eof()
            self.flow.resume_reading()

    def _check_headers(self) -> bool:
        """Return whether the request has a body; reject invalid headers."""
        large = len(self.headers) > bounds.MAX_HEADERS
        if self._unfinished > bounds.MAX_HEAD_BYTES:  # this count may include bytes after the head
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            large = large or size > bounds.MAX_HEAD_BYTES
        if large:
            self._reject(bounds.HEAD_TOO_LARGE)
        hosts, has_body = 0, False
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
                has_body = True
        version = self.parser.get_http_version()
        if version not in {"1.0", "1.1"}:
            self._reject(bounds.NO_REQUEST)
        if hosts != 1 and (hosts or version == "1.1"):
            self._reject(bounds.NO_HOST)  # RFC 9112 section 3.2
        return has_body

    def _reject(self, why: Problem) -> None:
        self._refusal = why
        raise ValueError("refused")

    def _is_idle(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _refuse(self, why: Problem) -> None:
        """Stop reading; send the error response after the running reply, unless the excess is only a body."""
        if self._refused:
            return
        self._refused = True
        if self._head_since or self.cycle is None or self._refusal is not None:
            self._refusal = why
        if self._is_idle():
            self._send_refusal()

    def _send_refusal(self) -> None:
        if self._refusal is not None and not self.transport.is_closing():
            self._reaper.counters.requests["refused", self._refusal.status] += 1
            self.transport.write(bare_reply(self._refusal, self.server_state.default_headers))
        self.close_gracefully()
