"""What is answered when there is no good answer: RFC 9457 problem details, or a small page.

Nothing here tells of files, of the program's parts or of their versions.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import msgspec

from register_api.serve.asgi import NO_BODY, body_message, header, start_message
from register_api.serve.negotiation import prefers_html
from register_api.serve.page_headers import page_headers
from register_api.serve.reply import CORS, NOSNIFF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from register_api.serve.asgi import Header, Message, Scope, Send

_TYPE = "urn:sub-processor-register:problem:{name}"

PROBLEMS: dict[str, tuple[int, str, str]] = {
    "bad-parameter": (400, "A parameter cannot be used", "Its name or its value; the answer lists what is"),
    "not-found": (404, "There is nothing here", "No file and no question has this address"),
    "no-such-version": (404, "There is no such version", "Versions are numbered from 1 without gaps"),
    "no-such-subprocessor": (404, "There is no such sub-processor", "No entry of that version has this id"),
    "nothing-known-yet": (404, "Nothing had been published by then", "`known_at` lies before version 1"),
    "method-not-allowed": (405, "Only reading is possible here", "`Allow` lists the methods"),
    "not-acceptable": (406, "No acceptable form", "`Accept-Encoding` excludes every form there is"),
    "internal": (500, "Something went wrong here", "A fault of the service, written to its log"),
    "busy": (503, "Too much at once", "Too many computed answers are waiting; `Retry-After` says when"),
    "nothing-published": (503, "Nothing has been published yet", "The store is empty; publish first"),
    "unreadable": (503, "The stored file cannot be read", "The store is being changed or is damaged"),
    "not-ready": (503, "Not ready", "What is served is missing or no longer vouched for as fresh"),
}
"""Name of a problem: status, title, and for the manual when it is answered."""

_RETRY_SECONDS = {"busy": b"2", "unreadable": b"2", "nothing-published": b"60", "not-ready": b"60"}


class Problem(Exception):
    """A request that gets no good answer.

    Attributes:
        name: A key of ``PROBLEMS``.
        detail: What is wrong with this request, for a person.
        parameter: The query parameter at fault, if one is.
        allowed: What it may be instead.
        headers: Headers the answer needs besides the usual ones.
    """

    def __init__(
        self,
        name: str,
        detail: str,
        *,
        parameter: str | None = None,
        allowed: Sequence[str] | None = None,
        headers: tuple[Header, ...] = (),
    ) -> None:
        """Keep what the answer is made of."""
        super().__init__(detail)
        self.name = name
        self.detail = detail
        self.parameter = parameter
        self.allowed = allowed
        self.headers = headers


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 section 3.1, with two members for parameters (section 3.2).

    Attributes:
        type: A URN that names the kind of problem for ever.
        parameter: The query parameter at fault.
        allowed: Its allowed values, or the allowed parameters.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    parameter: str | None = None
    allowed: tuple[str, ...] | None = None


_encoder = msgspec.json.Encoder()


def details(problem: Problem, instance: str) -> ProblemDetails:
    """Return the RFC 9457 members of a problem.

    Args:
        problem: What went wrong.
        instance: Path of the request, percent-encoded as it came.
    """
    status, title, _ = PROBLEMS[problem.name]
    return ProblemDetails(
        type=_TYPE.format(name=problem.name),
        title=title,
        status=status,
        detail=problem.detail,
        instance=instance,
        parameter=problem.parameter,
        allowed=None if problem.allowed is None else tuple(problem.allowed),
    )


def reply_to(problem: Problem, scope: Scope) -> tuple[Message, Message]:
    """Return both messages of a reply: a page for browsers, JSON for everyone else."""
    members = details(problem, scope["raw_path"].decode("ascii", "replace"))
    if prefers_html(header(scope["headers"], b"accept")):
        body = _page(members)
        kind: tuple[Header, ...] = ((b"content-type", b"text/html; charset=utf-8"), *page_headers(body))
    else:
        body = _encoder.encode(members)
        kind = ((b"content-type", b"application/problem+json"),)
    return start_message(members.status, (*kind, *_headers(problem, len(body)))), body_message(body)


async def send_problem(problem: Problem, scope: Scope, send: Send) -> None:
    """Answer a request with a problem."""
    start, body = reply_to(problem, scope)
    await send(start)
    await send(NO_BODY if scope["method"] == "HEAD" else body)


def _headers(problem: Problem, size: int) -> tuple[Header, ...]:
    retry = _RETRY_SECONDS.get(problem.name)
    return (
        (b"content-length", str(size).encode("ascii")),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept"),
        *CORS,
        NOSNIFF,
        *(((b"retry-after", retry),) if retry else ()),
        *problem.headers,
    )


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;margin:3rem auto;max-width:40rem;padding:0 1rem}}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{detail}</p>
<p><a href="/">To the register</a></p>
</main>
</body>
</html>
"""


def _page(members: ProblemDetails) -> bytes:
    text = _PAGE.format(title=html.escape(members.title), detail=html.escape(members.detail))
    return text.encode("utf-8")
