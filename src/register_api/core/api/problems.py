"""Why a request gets no good answer: every kind of problem, as data (RFC 9457)."""

from __future__ import annotations

from typing import Literal

import msgspec

Name = Literal[
    "bad-request",
    "bad-parameter",
    "not-found",
    "no-such-version",
    "no-such-subprocessor",
    "no-such-engagement",
    "no-such-category",
    "no-such-product",
    "nothing-known-yet",
    "method-not-allowed",
    "not-acceptable",
    "precondition-failed",
    "too-slow",
    "uri-too-long",
    "head-too-large",
    "internal",
    "busy",
    "too-many-connections",
    "nothing-published",
    "unreadable",
    "not-ready",
]

PROBLEMS: dict[Name, tuple[int, str, str]] = {
    "bad-parameter": (400, "Invalid parameter", "A name or value is not valid; `allowed` lists valid ones"),
    "bad-request": (400, "Malformed request", "Not valid HTTP/1.1, or not exactly one `Host`"),
    "not-found": (404, "Page not found", "No file or question has this address"),
    "no-such-version": (404, "Version not found", "Versions are numbered from 1 without gaps"),
    "no-such-subprocessor": (404, "Sub-processor not found", "That version lists no such id"),
    "no-such-engagement": (404, "Engagement not found", "No engagement asked about has this id"),
    "no-such-category": (404, "Category not found", "Neither that version nor the newest one has this id"),
    "no-such-product": (404, "Product not found", "Neither that version nor the newest one has this id"),
    "nothing-known-yet": (404, "Nothing published by then", "`known_at` lies before that version"),
    "method-not-allowed": (405, "Method not allowed", "`Allow` lists the methods"),
    "not-acceptable": (406, "No acceptable encoding", "`Accept-Encoding` excludes every available one"),
    "too-slow": (408, "Request timeout", "The head was not complete in time; the connection is closed"),
    "precondition-failed": (
        412,
        "The resource has changed",
        "`If-Match` or `If-Unmodified-Since` does not hold",
    ),
    "uri-too-long": (414, "URI too long", "A request target of more than 16 KiB"),
    "head-too-large": (431, "Request headers too large", "Request line and headers of more than 64 KiB"),
    "internal": (500, "Internal server error", "A fault of the service, recorded in its log"),
    "busy": (
        503,
        "Too many requests",
        "Too many questions wait, or what computes was started anew; `Retry-After` says when to ask again",
    ),
    "too-many-connections": (503, "Too many connections", "`Retry-After` says when to ask again"),
    "nothing-published": (503, "Nothing published yet", "The first version has not been published"),
    "unreadable": (503, "File temporarily unavailable", "The store is being changed or is damaged"),
    "not-ready": (503, "Not ready", "What is served is missing, or its signed freshness has expired"),
}
"""Status, title and cause of each problem by its name."""


def problem_type(name: Name) -> str:
    """Return the URN that names a kind of problem permanently (RFC 9457 section 3.1.1)."""
    return f"urn:sub-processor-register:problem:{name}"


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 section 3.1, with two members for parameters (section 3.2).

    Attributes:
        type: A URN that names the kind of problem permanently.
        title: The kind of problem in words.
        status: The HTTP status code.
        detail: What is wrong with this request.
        instance: Path of the request.
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
