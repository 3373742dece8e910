"""Shared parts of the web services with forms: database thread, rate limits, headers, error responses."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
import logging
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qs

from jinja2 import Environment
from litestar import HttpMethod, Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup

from register_api.core import strict_base64
from register_api.core.headers import NO_STORE, NOSNIFF
from register_api.errors import RegisterError, SendingError
from register_api.sending.database import Database, opened
from register_api.sending.settings import is_loopback
from register_api.style import STYLE as _STYLE
from register_api.style import page_environment

Handler = TypeVar("Handler")
Result = TypeVar("Result")


class DatabaseThread(Generic[Handler]):
    """Runs database work in one thread; opens the database on first use and reopens it after a failure."""

    def __init__(
        self, address: str, steps: Sequence[Sequence[str]], make: Callable[[Database], Handler]
    ) -> None:
        """Keep the parameters; ``make`` creates the object that answers from an open database."""
        self._address, self._steps, self._make = address, steps, make
        self._pool = ThreadPoolExecutor(1, "database")
        self._connections = contextlib.ExitStack()
        self._handler: Handler | None = None

    async def run(self, do: Callable[[Handler], Result]) -> Result:
        """Run ``do`` in the thread, after earlier calls."""

        def run() -> Result:
            if self._handler is None:
                database = self._connections.enter_context(opened(self._address, self._steps))
                self._handler = self._make(database)
            try:
                return do(self._handler)
            except SendingError:
                self._forget()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._forget)
        self._pool.shutdown()

    def _forget(self) -> None:
        self._handler = None
        self._connections.close()


_MAX_BYTES, _MAX_FIELDS, _MAX_KEYS = 64 * 1024, 1000, 20_000
_IPV6_NETWORK = 64
"""Prefix length of the networks assigned to customers; single addresses identify nobody."""

_log = logging.getLogger(__name__)

METHODS = [HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST]

_BODY_SECONDS = 10.0

_SENTENCES = {
    403: "This form was sent from another site. Open the page itself and fill it in there.",
    404: "Page not found.",
    405: "This page does not accept that method.",
    408: "The request took too long.",
    413: "The form is too large.",
    429: "Too many requests. Please try again later.",
    503: "Temporarily unavailable. Please try again later.",
}

Form = dict[str, list[str]]

STYLE = f"{_STYLE}\n{files('register_api.style').joinpath('form.css').read_text('utf-8').strip()}"
"""The style sheet embedded in each page."""

_STYLE_SHA256 = strict_base64.encode(hashlib.sha256(STYLE.encode()).digest())

HEADERS = {
    **NOSNIFF,
    "Content-Type": "text/html; charset=utf-8",
    # No scripts, no external content, no framing (clickjacking).
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_SHA256}'; img-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": NO_STORE,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The form's own POST sends its origin; no other site receives a ``Referer``, which may contain a token.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


class Limit:
    """A rate limit by key (generic cell rate algorithm).

    If there are too many keys, the least recently used one is forgotten.
    """

    def __init__(self, most: int, seconds: float) -> None:
        """Allow ``most`` at once, and as many again in ``seconds``."""
        self._pause = seconds / most
        self._ahead = seconds - self._pause
        self._next: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str, now: float) -> int:
        """Return the seconds to wait before the next request, 0 if none."""
        return max(0, math.ceil(self._next.get(key, now) - now - self._ahead))

    def count(self, key: str, now: float) -> None:
        """Count a request."""
        self._next[key] = max(self._next.get(key, now), now) + self._pause
        self._next.move_to_end(key)
        while len(self._next) > _MAX_KEYS:
            self._next.popitem(last=False)

    def take(self, key: str, now: float) -> int:
        """Count a request if it is allowed now; else return the seconds to wait."""
        wait = self.wait(key, now)
        if not wait:
            self.count(key, now)
        return wait


def client_network(peer: str, forwarded_for: str) -> str:
    """Return the network by which a client's requests are counted."""
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


def read_form(body: bytes) -> Form:
    """Read a form (``application/x-www-form-urlencoded``); an invalid one has no fields."""
    try:
        return parse_qs(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}


def value_of(form: Form, name: str) -> str:
    """Return the value of a field, or an empty text."""
    return form.get(name, [""])[0]


def plain(text: str) -> str:
    """Return user input with unprintable characters replaced by spaces."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char if char.isprintable() or char == "\n" else " " for char in lines).strip()


class Page(NamedTuple):
    """A page to be rendered: the template's name without extension, and its values."""

    template: str
    values: dict[str, Any]
    status: int = 200
    language: str = "en"


def forms_environment(package: str) -> Environment:
    """Return an environment for a package's templates with the style sheet for forms."""
    environment = page_environment(package)
    environment.globals["style"] = Markup(STYLE)  # noqa: S704 - our own constant
    return environment


class RequestRefused(Exception):
    """Ends a request with a status, an optional ``Retry-After`` (seconds) and an optional sentence."""

    def __init__(self, status: int, wait: int = 0, sentence: str = "") -> None:
        super().__init__(status)
        self.status, self.wait, self.sentence = status, wait, sentence


def make_app(routes: Sequence[HTTPRouteHandler], database: DatabaseThread[Any]) -> Litestar:
    """Build an application with bounded request bodies and plain-text error responses."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        yield
        await database.close()

    return Litestar(
        routes,
        request_max_body_size=_MAX_BYTES,
        lifespan=[lifespan],
        exception_handlers={Exception: _as_text},
        openapi_config=None,
        logging_config=None,
    )


def is_from(request: Request[Any, Any, Any], origin: str) -> bool:
    """Whether a request is same-origin by its headers; programs other than browsers send neither."""
    site, sender = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    return site in {None, "same-origin", "none"} and sender in {None, origin}


def network_of(request: Request[Any, Any, Any]) -> str:
    """Return the network of a request, by which its limits count."""
    peer = request.client.host if request.client else ""
    return client_network(peer, ",".join(request.headers.getall("x-forwarded-for", [])))


async def form_of(request: Request[Any, Any, Any]) -> Form:
    """Return the submitted form; ``TimeoutError`` if its body does not arrive in time."""
    async with asyncio.timeout(_BODY_SECONDS):
        return read_form(await request.body())


def _as_text(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """Convert an error to a plain-text response, and log it if the operator has to act."""
    status, wait, sentence = 503, 60, ""
    if isinstance(error, RequestRefused):
        status, wait, sentence = error.status, error.wait, error.sentence
    elif isinstance(error, HTTPException):
        status, wait = error.status_code, 0
    elif isinstance(error, TimeoutError):
        status, wait = 408, 0
    elif isinstance(error, RegisterError):
        _log.error("the service could not answer: %s", error.message)
    else:
        _log.error("a request failed", exc_info=error)
    headers = {**HEADERS, "Content-Type": "text/plain; charset=utf-8"}
    if wait:
        headers["Retry-After"] = str(wait)
    if status == 408:  # noqa: PLR2004
        headers["Connection"] = "close"
    sentence = sentence or _SENTENCES.get(status, "This request cannot be answered.")
    return Response(f"{sentence}\n", status_code=status, headers=headers)
