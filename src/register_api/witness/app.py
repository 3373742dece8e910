"""The witness as an ASGI application: one call, and errors that say nothing of the machine."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

from litestar import Litestar, Request, Response, post
from litestar.exceptions import HTTPException

from register_api.core.log.add_checkpoint import MAX_REQUEST_BYTES, PATH
from register_api.errors import RegisterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.serve.http.asgi import App
    from register_api.witness.witness import Witness

_log = logging.getLogger(__name__)

BODY_SECONDS = 10.0
"""How long a client may take to send a request."""

_TEXT = "text/plain; charset=utf-8"

_SENTENCES = {
    404: "There is nothing here: this is a witness, see C2SP tlog-witness.",
    405: "This is asked for with POST.",
    408: "The request took too long.",
    413: f"A request has at most {MAX_REQUEST_BYTES} bytes.",
    500: "The fault has been logged.",
    503: "Nothing can be signed at this moment.",
}


def create_app(witness: Witness, clock: Callable[[], int]) -> App:
    """Build the application.

    Args:
        witness: Decides.
        clock: Tells the present instant in POSIX seconds.
    """

    @post(f"/{PATH}", status_code=200)
    async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.body()
        # In a thread: the record's lock and the disk must not keep other connections waiting.
        answer = await asyncio.to_thread(witness.add_checkpoint, body, clock())
        return _response(answer.status, answer.body, {"content-type": answer.media_type})

    app = Litestar(
        [add_checkpoint],
        request_max_body_size=MAX_REQUEST_BYTES,
        exception_handlers={Exception: _as_text},
        openapi_config=None,
        logging_config=None,
    )
    return cast("App", app)


def _as_text(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer an error with a sentence of ours; what the operator has to mend is logged."""
    if isinstance(error, HTTPException):
        return _reply(error.status_code, error.headers or {})
    if isinstance(error, TimeoutError):
        return _reply(408, {"Connection": "close"})
    if isinstance(error, RegisterError):
        _log.error("nothing was signed: %s", error.message)
        return _reply(503, {"Retry-After": "60"})
    _log.error("a request failed", exc_info=error)
    return _reply(500, {})


def _reply(status: int, headers: dict[str, str]) -> Response[bytes]:
    sentence = _SENTENCES.get(status, "This is no request that a witness understands.")
    return _response(status, f"{sentence}\n".encode(), {**headers, "content-type": _TEXT})


def _response(status: int, body: bytes, headers: dict[str, str]) -> Response[bytes]:
    # As a header: given as media type, Litestar would add a charset to every text, also to a size.
    return Response(body, status_code=status, headers=headers)
