"""Documents returned by computed answers; like stored ones they are encoded by ``canonical.encode``.

Each names the version and the SHA-256 (hex) of the register it was computed from.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from register_api.core.changes import Change
from register_api.core.field_forms import FORMAT_MINOR, FormatMinor, Instant
from register_api.core.model import Engagement, Subprocessor
from register_api.core.questionnaire.answers import EngagementAnswers
from register_api.core.timeline import State
from register_api.core.upcoming_events import Upcoming


class ListedEngagement(Engagement, frozen=True, kw_only=True):
    """An engagement with its state on the effective date of the query."""

    state: State


class ListedSubprocessor(Subprocessor, frozen=True, kw_only=True):
    """A vendor with its engagements that match the query."""

    engagements: tuple[ListedEngagement, ...] = ()


class Computed(msgspec.Struct, frozen=True, kw_only=True):
    """Members of every answer.

    Attributes:
        version: The version it was computed from.
        sha256: SHA-256 of that version's register, in hex.
        on: The day to which states apply.
    """

    format_minor: FormatMinor = FORMAT_MINOR
    register: str
    version: int
    sha256: str
    on: dt.date


class Listing(Computed, frozen=True, kw_only=True):
    """Members of every answer that is one page of a list.

    Attributes:
        total: Total number of items.
        offset: Number of items before this page.
        next: The next page, as a reference relative to the request's URL; ``None`` on the last page.
    """

    total: int
    offset: int
    next: str | None


class SubprocessorsAnswer(Listing, frozen=True, kw_only=True):
    """The vendors with matching engagements, in the register's order."""

    format: Literal["sub-processor-register-list/1"] = "sub-processor-register-list/1"
    subprocessors: tuple[ListedSubprocessor, ...]


class HistoryStep(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of one version that concern a vendor."""

    version: int
    published_at: Instant
    changes: tuple[Change, ...]


class SubprocessorAnswer(Computed, frozen=True, kw_only=True):
    """One vendor with its history, newest changes first.

    Attributes:
        history_from: Oldest version covered by the history; 1 if it is complete.
    """

    format: Literal["sub-processor-register-entry-history/1"] = "sub-processor-register-entry-history/1"
    subprocessor: ListedSubprocessor
    history: tuple[HistoryStep, ...]
    history_from: int


class UpcomingAnswer(Listing, frozen=True, kw_only=True):
    """Events on and after a day, the nearest first."""

    format: Literal["sub-processor-register-upcoming-list/1"] = "sub-processor-register-upcoming-list/1"
    upcoming: tuple[Upcoming, ...]


class QuestionnaireAnswer(Listing, frozen=True, kw_only=True):
    """The eight answers for each matching engagement, in the register's order.

    Attributes:
        questions: Text of each question, by the member with its answer.
    """

    format: Literal["sub-processor-register-answers/1"] = "sub-processor-register-answers/1"
    questions: dict[str, str]
    answers: tuple[EngagementAnswers, ...]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``/healthz`` while the process runs."""

    status: Literal["alive"] = "alive"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ``/readyz`` with status 200.

    Attributes:
        status: ``degraded`` if a newer publication cannot be loaded, or the signed timestamp expires soon and
            has not been renewed.
        generation: Increases with every publication and refresh.
        fresh_until: When the signed timestamp expires.
        warnings: Problems for an operator to check, in words.
    """

    status: Literal["ready", "degraded"]
    register: str
    version: int
    generation: int
    fresh_until: dt.datetime
    warnings: tuple[str, ...] = ()


Name = Literal[
    "bad-request", "bad-parameter", "not-found", "no-such-version", "no-such-subprocessor",
    "no-such-engagement", "no-such-category", "no-such-product", "nothing-known-yet", "method-not-allowed",
    "not-acceptable", "precondition-failed", "too-slow", "uri-too-long", "head-too-large", "internal", "busy",
    "too-many-connections", "nothing-published", "unreadable", "not-ready",
]  # fmt: skip

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
        "Too many questions wait, or the computing process restarted; `Retry-After` says when to retry",
    ),
    "too-many-connections": (503, "Too many connections", "`Retry-After` says when to ask again"),
    "nothing-published": (503, "Nothing published yet", "The first version has not been published"),
    "unreadable": (503, "File temporarily unavailable", "The store is being changed or is damaged"),
    "not-ready": (503, "Not ready", "What is served is missing, or its signed freshness has expired"),
}
"""Status, title and cause of each problem by name."""


def problem_type(name: Name) -> str:
    """Return the permanent URN of a problem type (RFC 9457 section 3.1.1)."""
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
