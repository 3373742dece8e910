"""Requests: where they come from, what they carry, and what is answered when something is wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import HttpMethod, Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from register_api.errors import RegisterError
from register_api.web.forms import MOST_BYTES
from register_api.web.limits import client_network
from register_api.web.pages import HEADERS

_log = logging.getLogger(__name__)

METHODS = [HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST]

_BODY_SECONDS = 10.0
_WAIT = 60

_SENTENCES = {
    403: "This form was sent from another site. Open the page itself and fill it in there.",
    404: "There is no page here.",
    405: "This page is not asked for like that.",
    408: "The request took too long.",
    413: "The form is too large.",
    429: "Too many requests. Please try again later.",
    503: "This does not work at the moment. Please try again later.",
}


class RequestRefused(Exception):
    """Ends a request with a status and a sentence."""

    def __init__(self, status: int, wait: int = 0, said: str = "") -> None:
        """Take the status, after how many seconds to ask again, and the sentence if it is no usual one."""
        super().__init__(status)
        self.status, self.wait, self.said = status, wait, said


def make_app(
    routes: Sequence[HTTPRouteHandler], lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]]
) -> Litestar:
    """Build an application whose bodies are bounded and whose errors are sentences.

    Args:
        routes: What is answered.
        lifespan: Runs as long as it does.
    """
    return Litestar(
        routes,
        request_max_body_size=MOST_BYTES,
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


async def body_of(request: Request[Any, Any, Any]) -> bytes:
    """Return the body.

    Raises:
        TimeoutError: It does not come.
        HTTPException: It is too large.
    """
    async with asyncio.timeout(_BODY_SECONDS):
        return await request.body()


def _as_text(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """Answer what went wrong with a sentence of ours; what the operator has to mend is logged."""
    if isinstance(error, RequestRefused):
        return _sentence(error.status, error.wait, error.said)
    if isinstance(error, HTTPException):
        return _sentence(error.status_code)
    if isinstance(error, TimeoutError):
        return _sentence(408)
    if isinstance(error, RegisterError):
        _log.error("the service could not answer: %s", error.message)
    else:
        _log.error("a request failed", exc_info=error)
    return _sentence(503, _WAIT)


def _sentence(status: int, wait: int = 0, said: str = "") -> Response[str]:
    headers = {**HEADERS, "Content-Type": "text/plain; charset=utf-8"}
    if wait:
        headers["Retry-After"] = str(wait)
    if status == 408:  # noqa: PLR2004
        headers["Connection"] = "close"
    said = said or _SENTENCES.get(status, "This is no request that can be answered.")
    return Response(f"{said}\n", status_code=status, headers=headers)
