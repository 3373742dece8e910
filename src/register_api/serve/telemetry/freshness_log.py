"""Says in the log when freshness is about to expire, when it has, and when it is good again."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Literal

from register_api.core.instant import format_instant
from register_api.serve.answer.readiness import fresh_until
from register_api.serve.background import repeating
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from register_api.clock import Clock
    from register_api.serve.stored.current_replies import CurrentReplies

WARN_BEFORE = dt.timedelta(hours=12)
"""How long before freshness expires it is warned of; `register-api status` warns at the same time."""

_log = logging.getLogger(__name__)

FreshnessState = Literal["none", "fresh", "expiring", "expired"]


class FreshnessLog:
    """Remembers what was said last, so that each change is said once."""

    def __init__(self, replies: CurrentReplies, clock: Clock) -> None:
        """Begin without having said anything.

        Args:
            replies: Where the current table stands.
            clock: Tells the present instant.
        """
        self._replies = replies
        self._clock = clock
        self._said: FreshnessState = "none"

    def look(self) -> FreshnessState:
        """Say what has changed since the last look, if anything has."""
        until = self._until()
        state = self._judge(until)
        if state != self._said and until is not None:
            _say(state, self._said, until)
        self._said = state
        return state

    def _until(self) -> dt.datetime | None:
        table = self._replies.table
        try:
            return None if table is None else fresh_until(table)
        except Problem:
            return None

    def _judge(self, until: dt.datetime | None) -> FreshnessState:
        if until is None:
            return "none"
        left = until - self._clock()
        if left <= dt.timedelta(0):
            return "expired"
        return "expiring" if left <= WARN_BEFORE else "fresh"


def watching_freshness(
    replies: CurrentReplies, clock: Clock, seconds: float
) -> AbstractAsyncContextManager[None]:
    """Return a block that, while it runs, looks at freshness again and again."""
    log = FreshnessLog(replies, clock)

    async def look() -> None:
        log.look()

    return repeating(look, seconds)


def _say(state: FreshnessState, before: FreshnessState, until: dt.datetime) -> None:
    facts = {"fresh_until": format_instant(until)}
    if state == "expired":
        _log.error("freshness has expired; customers refuse what is served until it is renewed", extra=facts)
    elif state == "expiring":
        _log.warning("freshness expires soon; refresh it", extra=facts)
    elif before != "none":
        _log.info("freshness is good again", extra=facts)
