"""Error responses as problem details (RFC 9457)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from register_api.core.api.answers import PROBLEMS, Name, ProblemDetails, problem_type
from register_api.serve.http.negotiation import prefers
from register_api.serve.reply import (
    CORS,
    NO_BODY,
    NOSNIFF,
    Header,
    Message,
    Scope,
    Send,
    body_message,
    header,
    page_headers,
    start_message,
)

if TYPE_CHECKING:
    import jinja2

NOTHING_PUBLISHED = "Come back when the first version has been published."


class Problem(Exception):
    """An error response: a key of ``PROBLEMS`` and a description for people.

    ``parameter`` is the invalid one, ``allowed`` its valid values; ``headers`` are additional.
    """

    def __init__(
        self,
        name: Name,
        detail: str,
        *,
        parameter: str | None = None,
        allowed: Sequence[str] | None = None,
        headers: tuple[Header, ...] = (),
    ) -> None:
        super().__init__(name, detail)  # the arguments from which it is unpickled in another process
        self.name = name
        self.detail = detail
        self.parameter = parameter
        self.allowed = allowed
        self.headers = headers

    def __str__(self) -> str:
        return self.detail

    @property
    def status(self) -> int:
        """HTTP status code."""
        return PROBLEMS[self.name][0]


def details(problem: Problem, instance: str) -> ProblemDetails:
    """Return the RFC 9457 members of a problem."""
    status, title, _ = PROBLEMS[problem.name]
    return ProblemDetails(
        type=problem_type(problem.name),
        title=title,
        status=status,
        detail=problem.detail,
        instance=instance,
        parameter=problem.parameter,
        allowed=None if problem.allowed is None else tuple(problem.allowed),
    )


_RETRY_SECONDS: dict[Name, bytes] = {
    "busy": b"2",
    "too-many-connections": b"5",
    "unreadable": b"2",
    "nothing-published": b"60",
    "not-ready": b"60",
}
"""Value of ``Retry-After`` (RFC 9110 section 10.2.3)."""

_encoder = msgspec.json.Encoder()


@functools.cache
def _page() -> jinja2.Template:
    from register_api.style import page_environment  # noqa: PLC0415 - a base installation has no Jinja2

    return page_environment("register_api.serve").get_template("problem.html.j2")


def reply_to(problem: Problem, scope: Scope) -> tuple[Message, Message]:
    """Return both messages of an error response: HTML for browsers, JSON otherwise."""
    members = details(problem, scope["raw_path"].decode("ascii", "replace"))
    if prefers(header(scope["headers"], b"accept"), "text/html"):
        home = scope.get("prefix", "") + "/"
        body = _page().render(title=members.title, detail=members.detail, home=home).encode("utf-8")
        kind: tuple[Header, ...] = ((b"content-type", b"text/html; charset=utf-8"), *page_headers(body))
    else:
        body = _encoder.encode(members)
        kind = ((b"content-type", b"application/problem+json"),)
    return start_message(members.status, (*kind, *_headers(problem, len(body)))), body_message(body)


async def send_problem(problem: Problem, scope: Scope, send: Send) -> None:
    """Send an error response."""
    start, body = reply_to(problem, scope)
    await send(start)
    await send(NO_BODY if scope["method"] == "HEAD" else body)


def bare_reply(problem: Problem, usual: Iterable[Header]) -> bytes:
    """Return a complete HTTP/1.1 error response for an unreadable request; it closes the connection."""
    members = details(problem, "")
    body = _encoder.encode(members)
    headers = (
        *usual,
        (b"content-type", b"application/problem+json"),
        *_headers(problem, len(body)),
        (b"connection", b"close"),
    )
    status = f"HTTP/1.1 {members.status} {HTTPStatus(members.status).phrase}\r\n".encode("ascii")
    return status + b"".join(name + b": " + value + b"\r\n" for name, value in headers) + b"\r\n" + body


def _headers(problem: Problem, size: int) -> tuple[Header, ...]:
    retry = _RETRY_SECONDS.get(problem.name)
    return (
        (b"content-length", str(size).encode("ascii")),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept"),
        *CORS,
        *NOSNIFF,
        *(((b"retry-after", retry),) if retry else ()),
        *problem.headers,
    )
