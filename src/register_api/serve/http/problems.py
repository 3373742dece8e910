"""What can be wrong with a request, or with us: every kind of problem, as data (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from register_api.serve.http.asgi import Header

_TYPE = "urn:sub-processor-register:problem:{name}"

Name = Literal[
    "bad-request",
    "bad-parameter",
    "not-found",
    "no-such-version",
    "no-such-subprocessor",
    "no-such-engagement",
    "nothing-known-yet",
    "method-not-allowed",
    "not-acceptable",
    "precondition-failed",
    "uri-too-long",
    "head-too-large",
    "internal",
    "busy",
    "nothing-published",
    "unreadable",
    "not-ready",
]

PROBLEMS: dict[Name, tuple[int, str, str]] = {
    "bad-parameter": (400, "A parameter cannot be used", "Its name or its value; the answer lists what is"),
    "bad-request": (400, "This is no request", "Bytes that are no HTTP/1.1, or not one `Host`"),
    "not-found": (404, "There is nothing here", "No file and no question has this address"),
    "no-such-version": (404, "There is no such version", "Versions are numbered from 1 without gaps"),
    "no-such-subprocessor": (404, "There is no such sub-processor", "No entry of that version has this id"),
    "no-such-engagement": (404, "There is no such engagement", "No engagement asked about has this id"),
    "nothing-known-yet": (404, "Nothing had been published by then", "`known_at` lies before version 1"),
    "method-not-allowed": (405, "Only reading is possible here", "`Allow` lists the methods"),
    "not-acceptable": (406, "No acceptable form", "`Accept-Encoding` excludes every form there is"),
    "precondition-failed": (
        412,
        "It is another one by now",
        "`If-Match` or `If-Unmodified-Since` does not hold",
    ),
    "uri-too-long": (414, "The address is too long", "A request target of more than 16 KiB"),
    "head-too-large": (431, "The headers are too long", "Request line and headers of more than 64 KiB"),
    "internal": (500, "Something went wrong here", "A fault of the service, written to its log"),
    "busy": (503, "Too much at once", "Too many computed answers are waiting; `Retry-After` says when"),
    "nothing-published": (503, "Nothing has been published yet", "The store is empty; publish first"),
    "unreadable": (503, "The stored file cannot be read", "The store is being changed or is damaged"),
    "not-ready": (503, "Not ready", "What is served is missing or no longer vouched for as fresh"),
}
"""Name of a problem: status, title, and for the manual when it is answered."""


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
        name: Name,
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
    instance: str = ""
    parameter: str | None = None
    allowed: tuple[str, ...] | None = None


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
