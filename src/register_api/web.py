"""What services for people share: one database, forms, limits, headers, and sentences for wrong requests."""

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

Desk = TypeVar("Desk")
Result = TypeVar("Result")


class DatabaseThread(Generic[Desk]):
    """Opens the database when it is first asked, and anew after it has failed."""

    def __init__(
        self, address: str, steps: Sequence[Sequence[str]], desk: Callable[[Database], Desk]
    ) -> None:
        """Open nothing yet; ``desk`` makes what answers from an open database (``opened``)."""
        self._address, self._steps, self._make = address, steps, desk
        self._pool = ThreadPoolExecutor(1, "database")
        self._connections = contextlib.ExitStack()
        self._desk: Desk | None = None

    async def run(self, do: Callable[[Desk], Result]) -> Result:
        """Have something done, after what was asked before."""

        def run() -> Result:
            if self._desk is None:
                self._desk = self._make(self._connections.enter_context(opened(self._address, self._steps)))
            try:
                return do(self._desk)
            except SendingError:
                self._forget()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._forget)
        self._pool.shutdown()

    def _forget(self) -> None:
        self._desk = None
        self._connections.close()


_MOST_BYTES, _MOST_FIELDS, _MOST_KEYS = 64 * 1024, 1000, 20_000
_IPV6_NETWORK = 64
"""What one customer of a provider has at least, so that single addresses of it mean nothing."""

_log = logging.getLogger(__name__)

METHODS = [HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST]

_BODY_SECONDS = 10.0

_SENTENCES = {
    403: "This form was sent from another site. Open the page itself and fill it in there.",
    404: "Page not found.",
    405: "This page is not asked for like that.",
    408: "The request took too long.",
    413: "The form is too large.",
    429: "Too many requests. Please try again later.",
    503: "This does not work at the moment. Please try again later.",
}

Form = dict[str, list[str]]

STYLE = f"{_STYLE}\n{files('register_api.style').joinpath('form.css').read_text('utf-8').strip()}"
"""The style sheet, as it stands in each page between ``<style>`` and ``</style>``."""

_STYLE_SHA256 = strict_base64.encode(hashlib.sha256(STYLE.encode()).digest())

HEADERS = {
    **NOSNIFF,
    "Content-Type": "text/html; charset=utf-8",
    # No script at all, nothing from elsewhere, and never in a frame, where a click could be stolen.
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_SHA256}'; img-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": NO_STORE,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The form's own POST tells its origin; nobody else is told anything, least of all a token.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


class Limit:
    """How often somebody may ask: so many at once, and so many in a time (generic cell rate algorithm).

    It counts by key; where there are too many keys, the one that was not seen for longest is forgotten.
    """

    def __init__(self, most: int, seconds: float) -> None:
        """Allow ``most`` at once, and as many again in ``seconds``."""
        self._pause = seconds / most
        self._ahead = seconds - self._pause
        self._next: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str, now: float) -> int:
        """Return how many seconds somebody has to wait; 0: they need not."""
        return max(0, math.ceil(self._next.get(key, now) - now - self._ahead))

    def count(self, key: str, now: float) -> None:
        """Count one."""
        self._next[key] = max(self._next.get(key, now), now) + self._pause
        self._next.move_to_end(key)
        while len(self._next) > _MOST_KEYS:
            self._next.popitem(last=False)

    def take(self, key: str, now: float) -> int:
        """Count one if there is no need to wait; returns how long, else."""
        wait = self.wait(key, now)
        if not wait:
            self.count(key, now)
        return wait


def client_network(peer: str, forwarded_for: str) -> str:
    """Return the network of a client that its requests are counted by."""
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
    """Read a form (``application/x-www-form-urlencoded``); what is none has no fields."""
    try:
        return parse_qs(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}


def one(form: Form, name: str) -> str:
    """Return the value of a field, or an empty text."""
    return form.get(name, [""])[0]


def plain(text: str) -> str:
    """Return a text that somebody wrote, without characters that cannot be printed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char if char.isprintable() or char == "\n" else " " for char in lines).strip()


class Page(NamedTuple):
    """A page before it is put into words: its template, without its ending, and what it shows."""

    template: str
    values: dict[str, Any]
    status: int = 200
    language: str = "en"


def forms_environment(package: str) -> Environment:
    """Return an environment for the templates of a package, whose pages have the style sheet of forms."""
    environment = page_environment(package)
    environment.globals["style"] = Markup(STYLE)  # noqa: S704 - our own constant
    return environment


class RequestRefused(Exception):
    """Ends a request with a status, when to ask again (seconds), and a sentence if it is no usual one."""

    def __init__(self, status: int, wait: int = 0, said: str = "") -> None:
        super().__init__(status)
        self.status, self.wait, self.said = status, wait, said


def make_app(routes: Sequence[HTTPRouteHandler], database: DatabaseThread[Any]) -> Litestar:
    """Build an application whose bodies are bounded and whose errors are sentences, over a database."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        yield
        await database.close()

    return Litestar(
        routes,
        request_max_body_size=_MOST_BYTES,
        lifespan=[lifespan],
        exception_handlers={Exception: _as_text},
        openapi_config=None,
        logging_config=None,
    )


def is_from(request: Request[Any, Any, Any], origin: str) -> bool:
    """Tell whether a browser says that a form is ours; other programs say nothing."""
    site, said = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    return site in {None, "same-origin", "none"} and said in {None, origin}


def network_of(request: Request[Any, Any, Any]) -> str:
    """Return the network that a request comes from, as its limits count it."""
    peer = request.client.host if request.client else ""
    return client_network(peer, ",".join(request.headers.getall("x-forwarded-for", [])))


async def form_of(request: Request[Any, Any, Any]) -> Form:
    """Return what was filled in; it is a ``TimeoutError`` if it does not come."""
    async with asyncio.timeout(_BODY_SECONDS):
        return read_form(await request.body())


def _as_text(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """Answer what went wrong with a sentence of ours; what the operator has to mend is logged."""
    status, wait, said = 503, 60, ""
    if isinstance(error, RequestRefused):
        status, wait, said = error.status, error.wait, error.said
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
    said = said or _SENTENCES.get(status, "This request cannot be answered.")
    return Response(f"{said}\n", status_code=status, headers=headers)
