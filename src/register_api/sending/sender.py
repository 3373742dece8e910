"""Sends the messages due in the outbox at a limited rate until stopped."""

from __future__ import annotations

import asyncio
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

from register_api.clock import Clock
from register_api.errors import RegisterError, SendingError
from register_api.sending.outbox import RETRY_AFTER, Leased, Outbox, SendResult

_BATCH = 10
"""Rows leased at a time, which must wait for their lease to expire if the worker is killed."""


class Runtime(NamedTuple):
    """Clock, stop signal and log of a worker; lines passed to ``log`` contain no addresses.

    Once ``stop`` is set, messages in progress are finished.
    """

    now: Clock
    stop: threading.Event
    log: Callable[[str], None]


class Transport:
    """Sends the messages of some channels; raises its own error if it is unavailable.

    Attributes:
        per_second: Maximum messages per second.
        retry_after: Seconds from each deferred attempt to the next.
        spread: Maximum fraction by which these pauses are lengthened, different for each row.
        at_once: Messages sent concurrently; if more than one, the transport must not raise.
    """

    channels: Sequence[str]
    per_second: float
    retry_after: Sequence[int] = RETRY_AFTER
    spread: float = 0.0
    at_once: int = 1

    async def send(self, message: Any, begin: Callable[[], bool], /) -> SendResult | None:
        """Send a message if ``begin`` returns true; else return ``None``."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the connections."""


Compose = Callable[[Leased, bytes | None], Any]
"""Composes a row's message (with ``body`` and ``message_id``) from its earlier bytes, if any, or ends it."""


class Sender:
    """Sends the due rows of some channels; any number of senders can share an outbox."""

    def __init__(self, outbox: Outbox, routes: Sequence[tuple[Transport, Compose]], runtime: Runtime) -> None:
        self._outbox, self._routes, self._runtime = outbox, routes, runtime
        self._next = {transport: 0.0 for transport, _ in routes}
        self._last_logged = ""

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()  # its event loop owns the connections
        return self

    def __exit__(self, *_: object) -> None:
        for transport in self._next:
            self._runner.run(transport.close())
        self._runner.close()

    def send_due(self, until: float = float("inf"), counts: Counter[str] | None = None) -> None:
        """Send everything that is due, or as much as possible until ``until`` (monotonic clock).

        If a transport is unavailable, its leased rows are released, and its ``SendingError`` is raised after
        the other transports have finished.
        """
        unavailable: SendingError | None = None
        for route in self._routes:
            try:
                self._send_by(*route, until, counts)
            except SendingError as error:
                unavailable = error
        if unavailable is not None:
            raise unavailable

    def _send_by(
        self, transport: Transport, compose: Compose, until: float, counts: Counter[str] | None
    ) -> None:
        while not self._runtime.stop.is_set() and time.monotonic() < until:
            rows = self._outbox.lease(self._at(), _BATCH, transport.channels)
            if not rows:
                return
            try:
                while rows and not self._runtime.stop.is_set():
                    together = rows[: transport.at_once]
                    outcomes = self._send(transport, compose, together)
                    del rows[: len(together)]
                    if counts is not None:
                        counts.update(outcome.what for outcome in outcomes if outcome is not None)
            finally:
                if rows:
                    self._outbox.give_back(rows, self._at())

    def _send(
        self, transport: Transport, compose: Compose, rows: Sequence[Leased]
    ) -> list[SendResult | None]:
        """Send rows and record their outcomes; ``None`` for a row whose lease has expired."""
        messages = [compose(row, self._outbox.body(row.id)) for row in rows]
        for message in messages:
            if not isinstance(message, SendResult):
                self._runtime.stop.wait(max(0.0, self._next[transport] - time.monotonic()))
                latest = max(self._next[transport], time.monotonic() - 1)
                self._next[transport] = latest + 1 / transport.per_second
        outcomes = self._runner.run(self._hand_over(transport, rows, messages))
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome is not None:
                share = transport.spread * zlib.crc32(row.id.encode()) / 2**32
                pauses = [round(pause * (1 + share)) for pause in transport.retry_after]
                self._outbox.finish(row, outcome, self._at(), pauses)
                if outcome.what not in {"sent", "opted_out"}:
                    self._runtime.log(f"delivery {row.id}: {outcome.what}")
        return outcomes

    async def _hand_over(
        self, transport: Transport, rows: Sequence[Leased], messages: Sequence[Any]
    ) -> list[SendResult | None]:
        async def one(row: Leased, message: Any) -> SendResult | None:
            if isinstance(message, SendResult):
                return message
            return await transport.send(
                message, lambda: self._outbox.begin(row.id, message.body, message.message_id, self._at())
            )

        # Wait for all tasks before raising the first failure, so that none keeps running unobserved.
        tasks = [asyncio.ensure_future(one(*each)) for each in zip(rows, messages, strict=True)]
        await asyncio.gather(*tasks, return_exceptions=True)
        return [task.result() for task in tasks]

    def _at(self) -> int:
        return int(self._runtime.now().timestamp())

    def log_once(self, error: RegisterError | None) -> None:
        """Log a problem when it first occurs, not each time it is repeated."""
        text = f"{error.word}: {error.message}" if error is not None else ""
        if text not in {"", self._last_logged}:
            self._runtime.log(text)
        self._last_logged = text
