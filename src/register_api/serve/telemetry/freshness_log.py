"""Says in the log when freshness is about to expire, when it has, and when it is good again."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from typing import Literal

from register_api.clock import Clock
from register_api.core.instant import format_instant, in_words
from register_api.serve.answer.readiness import Freshness, freshness_of
from register_api.serve.background import repeating
from register_api.serve.http.problems import Problem
from register_api.serve.stored.current_replies import CurrentReplies

_log = logging.getLogger(__name__)

FreshnessState = Literal["none", "fresh", "expiring", "expired"]


class FreshnessLog:
    """Remembers what was said last, so that each change is said once."""

    def __init__(self, replies: CurrentReplies, clock: Clock) -> None:
        """Begin without having said anything."""
        self._replies = replies
        self._clock = clock
        self._said: FreshnessState = "none"

    def look(self) -> FreshnessState:
        """Say what has changed since the last look, if anything has."""
        freshness = self._freshness()
        state = self._judge(freshness)
        if state != self._said and freshness is not None:
            _say(state, self._said, freshness)
        self._said = state
        return state

    def _freshness(self) -> Freshness | None:
        table = self._replies.table
        try:
            return None if table is None else freshness_of(table)
        except Problem:
            return None

    def _judge(self, freshness: Freshness | None) -> FreshnessState:
        if freshness is None:
            return "none"
        now = self._clock()
        if now >= freshness.until:
            return "expired"
        return "expiring" if freshness.expires_soon(now) else "fresh"


def watching_freshness(
    replies: CurrentReplies, clock: Clock, seconds: float
) -> AbstractAsyncContextManager[None]:
    """Return a block that, while it runs, looks at freshness again and again."""
    log = FreshnessLog(replies, clock)

    async def look() -> None:
        log.look()

    return repeating(look, seconds)


def _say(state: FreshnessState, before: FreshnessState, freshness: Freshness) -> None:
    facts = {"fresh_until": format_instant(freshness.until), "fresh_for": in_words(freshness.lasts)}
    if state == "expired":
        _log.error("freshness has expired; customers refuse what is served until it is renewed", extra=facts)
    elif state == "expiring":
        _log.warning("the signed timestamp expires soon and has not been renewed", extra=facts)
    elif before != "none":
        _log.info("freshness is good again", extra=facts)
