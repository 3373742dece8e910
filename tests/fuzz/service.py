"""Targets: requests to the service, header by header and whole, and its settings."""

from __future__ import annotations

import asyncio
import atexit
import functools
import gzip
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import brotli
import zstandard

from fuzz.target import Target, documented
from register_api.core.api.questions import AnswersQuery, DiffQuery
from register_api.core.canonical import digest
from register_api.core.format.paths import kind_of
from register_api.errors import Malformed
from register_api.serve.answer.query import instant_or_day, read_query
from register_api.serve.app import create_app
from register_api.serve.http import negotiation
from register_api.serve.settings import FILE_VARIABLE, Settings, read_settings
from stores import make_store

if TYPE_CHECKING:
    from register_api.core.format.kind import FileKind

REQUEST = re.compile(rb"(GET|HEAD|OPTIONS|POST|[A-Z]{1,10}) (/[!-~]*|\*)")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*")
TOKENS = (
    b"gzip",
    b"br",
    b"zstd",
    b"identity",
    b"*",
    b";q=0",
    b";q=0.001",
    b";q=1.0000",
    b",",
    b'"',
    b'W/"x"',
    b"*/*",
    b"text/html",
    b"GMT",
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"31 Feb",
    b"&",
    b"=",
    b"?",
    b"%41",
    b"%2F",
    b"%2e%2e",
    b"+",
    b"on=",
    b"known_at=",
    b"from=1",
    b"to=2",
    b"q=",
    b"2026-05-10",
    b"T09:00:00Z",
    b"\nrange: bytes=0-1",
    b"\nif-none-match: *",
    b"\naccept-encoding: ",
    b"\nif-modified-since: ",
    b"\naccept: text/html",
    b"//",
    b"/v1/",
    b"index.html",
)
FIELDS = (
    b"gzip, br;q=0.5, *;q=0",
    b"identity;q=0, zstd",
    b"text/html,application/json;q=0.9",
    b'W/"a", "b"',
    b"*",
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"Sunday, 06-Nov-94 08:49:37 GMT",
    b"Sun Nov  6 08:49:37 1994",
    b"",
)
REQUESTS = (
    b"GET /v1/register.json\naccept-encoding: gzip, br",
    b"HEAD /\naccept: text/html",
    b"GET /v1/versions/2/diff.json\nif-modified-since: Sun, 06 Nov 1994 08:49:37 GMT",
    b"GET /v1/diff?from=1&to=2\naccept-encoding: zstd",
    b"GET /v1/subprocessors?state=in_force&on=2026-05-10&q=vendor",
    b"GET /v1/subprocessors/vendor-1?known_at=2026-01-02T09:00:00Z",
    b"GET /v1/upcoming?on=2026-01-01",
    b"OPTIONS /v1/register.json\norigin: https://customer.example",
    b"GET /healthz",
    b"GET /readyz",
    b"GET /openapi.json\nif-none-match: *",
    b"GET /docs\naccept: text/html",
    b"POST /v1/register.json",
    b"GET /versions/1",
)


@functools.cache
def _app() -> Any:
    """Return the service over a small store, without a socket."""
    folder = tempfile.TemporaryDirectory(prefix="fuzz-store-")
    atexit.register(folder.cleanup)
    app: Any = create_app(Settings(store=str(make_store(Path(folder.name) / "store", 3))))
    app._replies.swap(app._replies.load())
    return app


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


def _ask(data: bytes) -> tuple[str, dict[str, Any], bytes]:
    """Send a request: a line with method and target, then a header a line.

    Raises:
        Malformed: No server would hand that on.
    """
    line, *fields = data.split(b"\n")
    request = REQUEST.fullmatch(line)
    headers = [FIELD.fullmatch(field) for field in fields]
    if request is None or None in headers:
        raise Malformed("no request of HTTP")
    path, _, query = request[2].partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "root_path": "",
        "method": request[1].decode("ascii"),
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "headers": [(field[1].lower(), field[2]) for field in headers if field],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "state": {},
    }
    sent: list[dict[str, Any]] = []

    bodies = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        """Give the end of the body once; a client that stays sends nothing more (ASGI, HTTP: receive)."""
        return next(bodies, None) or await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    _loop().run_until_complete(_app()(scope, receive, send))
    start, *parts = sent
    assert start["type"] == "http.response.start", "no beginning"
    return scope["method"], start, b"".join(part.get("body", b"") for part in parts)


def _answers_well(_data: bytes, reply: tuple[str, dict[str, Any], bytes]) -> None:
    """Check what is promised of every answer: no fault, a body of the length and coding that it says."""
    method, start, body = reply
    status, headers = start["status"], dict(start["headers"])
    assert status < 500 or b"problem:not-ready" in body, f"{status}: {body[:200]!r}"
    if status in (204, 304) or method == "HEAD":
        assert body == b"", "a body where none may be"
        return
    assert int(headers.get(b"content-length", len(body))) == len(body), "another length than it says"
    plain = _decoded(headers.get(b"content-encoding", b"identity"), body)
    if status >= 400 and headers[b"content-type"].startswith(b"application/problem+json"):
        assert headers[b"cache-control"] == b"no-store", "an error that may be kept"
    assert b"Traceback" not in plain, "a stack is shown"


def _decoded(coding: bytes, body: bytes) -> bytes:
    if coding == b"gzip":
        return gzip.decompress(body)
    if coding == b"br":
        return bytes(brotli.decompress(body))
    return zstandard.ZstdDecompressor().decompress(body) if coding == b"zstd" else body


def _read_query(data: bytes) -> None:
    query = read_query(data, DiffQuery if b"from" in data else AnswersQuery, {})
    if isinstance(query, AnswersQuery):
        instant_or_day("known_at", query.known_at)


def _read_conditions(data: bytes) -> bool:
    known = negotiation.none_match_fails(data, b'"%b"' % digest(data[:4]).encode())
    return known or negotiation.unmodified_since(data, 784111777)


def _read_settings(data: bytes) -> Settings:
    """Read settings from lines ``NAME=value``."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    variables = dict(line.partition("=")[::2] for line in lines)
    return read_settings({**variables, FILE_VARIABLE: ""})


def _are_bounded(_data: bytes, settings: Settings) -> None:
    assert 0 <= settings.port <= 65535, "no port"
    assert 0.01 <= settings.poll_seconds <= 3600, "no time to wait"


def _kind_of(data: bytes) -> FileKind:
    return kind_of(data.decode("latin-1"))


TARGETS = (
    Target(
        name="Accept-Encoding",
        parse=negotiation.acceptable_codings,
        refusals=(),
        seeds=lambda: FIELDS,
        tokens=TOKENS,
        check=lambda _data, found: _are_ours(found),
    ),
    Target(
        name="Accept",
        parse=lambda field: negotiation.prefers(field, "text/html"),
        refusals=(),
        seeds=lambda: FIELDS,
        tokens=TOKENS,
    ),
    Target(
        name="If-None-Match, If-Modified-Since",
        parse=_read_conditions,
        refusals=(),
        seeds=lambda: FIELDS,
        tokens=TOKENS,
    ),
    Target(
        name="query string",
        parse=_read_query,
        refusals=documented(read_query),
        seeds=lambda: (
            b"from=1&to=2",
            b"status=active&state=in_force&q=a%20b",
            b"on=2026-05-10&known_at=2026-05-10T09:00:00Z",
        ),
        tokens=TOKENS,
    ),
    Target(
        name="request to the service",
        parse=_ask,
        refusals=(Malformed,),
        seeds=lambda: REQUESTS,
        tokens=TOKENS,
        check=_answers_well,
        cost=5,
    ),
    Target(
        name="kind of a path",
        parse=_kind_of,
        refusals=(KeyError,),
        seeds=lambda: (
            b"v1/register.json",
            b"log/tile/0/x001/x234/067.p/8",
            b"trust/1.root.json",
            b"feed/3.atom.dsig",
        ),
        tokens=(b"/", b"x", b".p/", b"..", b"\n", b"0"),
    ),
    Target(
        name="settings of the service",
        parse=_read_settings,
        refusals=documented(read_settings),
        seeds=lambda: (
            b"PORT=8000\nHOST=127.0.0.1\nREGISTER_STORE=var/store",
            b"REGISTER_POLL_SECONDS=0.5\nREGISTER_CACHE_BYTES=1024\nREGISTER_KEEP_ALIVE_SECONDS=5",
        ),
        tokens=(
            b"nan",
            b"inf",
            b"-1",
            b"1e3",
            b"PORT=",
            b"REGISTER_SHUTDOWN_SECONDS=",
            b"REGISTER_ANSWER_CACHE_BYTES=",
        ),
        check=_are_bounded,
    ),
)


def _are_ours(codings: tuple[str, ...]) -> None:
    assert len(set(codings)) == len(codings), "a coding twice"
    assert set(codings) <= set(negotiation.CODINGS), "a coding that we have not"
