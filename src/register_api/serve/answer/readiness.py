"""Whether the service can do its work: something is published, and still vouched for as fresh."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Annotated, Literal, NamedTuple

import msgspec

from register_api.clock import Clock
from register_api.core.api.answers import Readiness
from register_api.core.format import tree
from register_api.core.instant import format_instant, in_words, warning_before
from register_api.serve.http.problems import Problem
from register_api.serve.reply_table import CurrentReplies, ReplyTable

_log = logging.getLogger(__name__)

NOT_LOADED = "A newer publication cannot be loaded; the one before it is served. The log says why."
NOT_RENEWED = "Nobody has renewed the timestamp, and it expires soon. Is `register-api refresh` running?"


class _Signed(msgspec.Struct, frozen=True):
    expires: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    signed_at: Annotated[dt.datetime, msgspec.Meta(tz=True)]


class _Timestamp(msgspec.Struct, frozen=True):
    """TUF timestamp metadata (docs/format/trust.md): nothing is decided by it but what ``/readyz`` says."""

    signed: _Signed


FreshnessState = Literal["fresh", "expiring", "expired"]


class Freshness(NamedTuple):
    """Until when (UTC) a publication is vouched for as fresh, and how long after it was signed."""

    until: dt.datetime
    lasts: dt.timedelta

    def state(self, now: dt.datetime) -> FreshnessState:
        """Tell whether it is good, or should have been renewed by now."""
        if now >= self.until:
            return "expired"
        return "expiring" if self.until - now <= warning_before(self.lasts) else "fresh"


def readiness(replies: CurrentReplies, now: dt.datetime) -> Readiness:
    """Tell what is served and until when it is fresh."""
    table = replies.table
    if table is None:
        raise Problem("not-ready", "Nothing is published, or it cannot be loaded; the log says which.")
    freshness = freshness_of(table)
    state = freshness.state(now)
    if state == "expired":
        raise Problem(
            "not-ready", f"The freshness statement expired at {format_instant(freshness.until)}; refresh it."
        )
    warnings = (NOT_LOADED,) * replies.failed + (NOT_RENEWED,) * (state == "expiring")
    return Readiness(
        status="degraded" if warnings else "ready",
        register=table.archive.name,
        version=table.archive.newest,
        generation=table.snapshot.generation,
        fresh_until=freshness.until,
        warnings=warnings,
    )


def freshness_of(table: ReplyTable) -> Freshness:
    """Return until when a publication is vouched for as fresh."""
    resource = table.ready.get("/" + tree.TIMESTAMP.path())
    body = None if resource is None else resource.representations["identity"].body
    if body is None:
        raise Problem("not-ready", "There is no freshness statement (trust/timestamp.json).")
    try:
        signed = msgspec.json.decode(b"".join(piece["body"] for piece in body), type=_Timestamp).signed
        return Freshness(signed.expires.astimezone(dt.UTC), signed.expires - signed.signed_at)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        raise Problem("not-ready", "The freshness statement (trust/timestamp.json) cannot be read.") from None


def known_freshness(replies: CurrentReplies) -> Freshness | None:
    """Return until when what is served is vouched for, as far as that can be read."""
    try:
        return None if replies.table is None else freshness_of(replies.table)
    except Problem:
        return None


_WORDS: dict[FreshnessState, tuple[int, str]] = {
    "expired": (logging.ERROR, "freshness has expired; customers refuse what is served until it is renewed"),
    "expiring": (logging.WARNING, "the signed timestamp expires soon and has not been renewed"),
    "fresh": (logging.INFO, "freshness is good again"),
}


class FreshnessLog:
    """Says in the log when freshness is about to expire, when it has, and when it is good again."""

    def __init__(self, replies: CurrentReplies, clock: Clock) -> None:
        self._replies = replies
        self._clock = clock
        self._said: FreshnessState | None = None

    def look(self) -> FreshnessState | None:
        """Say what has changed since the last look, if anything has."""
        freshness = known_freshness(self._replies)
        state = None if freshness is None else freshness.state(self._clock())
        if freshness and state and state != self._said and not (state == "fresh" and self._said is None):
            level, words = _WORDS[state]
            until, lasts = format_instant(freshness.until), in_words(freshness.lasts)
            _log.log(level, words, extra={"fresh_until": until, "fresh_for": lasts})
        self._said = state
        return state
