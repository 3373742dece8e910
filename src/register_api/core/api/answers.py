"""The documents that answer questions; like stored ones they are written by ``canonical.encode``.

Each names the version and the SHA-256 (hex) of the register it was computed from.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from register_api.core.ahead import Upcoming
from register_api.core.diff.changes import Change
from register_api.core.forms import Instant
from register_api.core.minor import FORMAT_MINOR, FormatMinor
from register_api.core.model import Engagement, Subprocessor
from register_api.core.questionnaire.answers import EngagementAnswers
from register_api.core.timeline import State


class ListedEngagement(Engagement, frozen=True, kw_only=True):
    """An engagement with where it stands on the day asked for."""

    state: State


class ListedSubprocessor(Subprocessor, frozen=True, kw_only=True):
    """A vendor with those of its engagements that were asked for."""

    engagements: tuple[ListedEngagement, ...] = ()


class Computed(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer says about itself.

    Attributes:
        version: The version it was computed from.
        sha256: SHA-256 in hex of that version's register.
        on: The day that states are given for.
    """

    format_minor: FormatMinor = FORMAT_MINOR
    register: str
    version: int
    sha256: str
    on: dt.date


class Listing(Computed, frozen=True, kw_only=True):
    """What every answer says that lists, a page at a time.

    Attributes:
        total: How many items there are in all.
        offset: How many of them lie before this page.
        next: The next page, as a reference relative to the request's URL; ``None`` on the last one.
    """

    total: int
    offset: int
    next: str | None


class SubprocessorsAnswer(Listing, frozen=True, kw_only=True):
    """The vendors with engagements that fit, in the register's order."""

    format: Literal["sub-processor-register-list/1"] = "sub-processor-register-list/1"
    subprocessors: tuple[ListedSubprocessor, ...]


class HistoryStep(msgspec.Struct, frozen=True, kw_only=True):
    """What one version changed about a vendor."""

    version: int
    published_at: Instant
    changes: tuple[Change, ...]


class SubprocessorAnswer(Computed, frozen=True, kw_only=True):
    """One vendor, with what each version changed about it, newest first.

    Attributes:
        history_from: Oldest version that was looked at; 1 when the history is complete.
    """

    format: Literal["sub-processor-register-entry-history/1"] = "sub-processor-register-entry-history/1"
    subprocessor: ListedSubprocessor
    history: tuple[HistoryStep, ...]
    history_from: int


class UpcomingAnswer(Listing, frozen=True, kw_only=True):
    """What a day and those after it bring, the nearest first."""

    format: Literal["sub-processor-register-upcoming-list/1"] = "sub-processor-register-upcoming-list/1"
    upcoming: tuple[Upcoming, ...]


class QuestionnaireAnswer(Listing, frozen=True, kw_only=True):
    """The eight answers for each engagement that fits, in the register's order.

    Attributes:
        questions: The questions in words, by the member of an answer that answers them.
    """

    format: Literal["sub-processor-register-answers/1"] = "sub-processor-register-answers/1"
    questions: dict[str, str]
    answers: tuple[EngagementAnswers, ...]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What ``/healthz`` answers while the process can answer at all."""

    status: Literal["alive"] = "alive"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """What ``/readyz`` answers with 200.

    Attributes:
        status: ``degraded`` when a newer publication is there and cannot be loaded, or nobody has renewed
            freshness and it expires soon.
        generation: Grows with every publication and refresh.
        fresh_until: When the signed freshness expires.
        warnings: What a person should look at, in words.
    """

    status: Literal["ready", "degraded"]
    register: str
    version: int
    generation: int
    fresh_until: dt.datetime
    warnings: tuple[str, ...] = ()
