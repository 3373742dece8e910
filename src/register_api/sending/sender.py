"""Takes what is due from the outbox and sends it, at a pace, until it has to end."""

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
"""Rows that are leased at once: so many wait for the end of the lease when a worker is killed."""


class Runtime(NamedTuple):
    """What a worker gets from outside: ``tell`` takes a line for the log, which holds no address.

    When ``stop`` is set, what is under way is finished.
    """

    now: Clock
    stop: threading.Event
    log: Callable[[str], None]


class Transport:
    """What takes the messages of some channels; it raises its own error where it takes none at all just now.

    Attributes:
        per_second: How many are sent at most.
        retry_after: Seconds until the next attempt after each that was deferred.
        spread: By which part of themselves these pauses are longer at most, another part for each row.
        at_once: How many are sent at the same time; the transport then raises nothing.
    """

    channels: Sequence[str]
    per_second: float
    retry_after: Sequence[int] = RETRY_AFTER
    spread: float = 0.0
    at_once: int = 1

    async def send(self, message: Any, begin: Callable[[], bool], /) -> SendResult | None:
        """Send a message, once ``begin`` allows its bytes to flow; ``None`` where it does not."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the connections."""


Compose = Callable[[Leased, bytes | None], Any]
"""Makes what is sent of a row, of the bytes where they were written before; it has a body and a message id.

Or it says what became of the row (``SendResult``).
"""


class Sender:
    """Sends the due rows of some channels; any number of senders share an outbox."""

    def __init__(self, outbox: Outbox, routes: Sequence[tuple[Transport, Compose]], runtime: Runtime) -> None:
        self._outbox, self._routes, self._runtime = outbox, routes, runtime
        self._next = {transport: 0.0 for transport, _ in routes}
        self._last_logged = ""

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()  # with the event loop that connections live in
        return self

    def __exit__(self, *_: object) -> None:
        for transport in self._next:
            self._runner.run(transport.close())
        self._runner.close()

    def send_due(self, until: float = float("inf"), counts: Counter[str] | None = None) -> None:
        """Send all that is due, or what can be sent until an instant of the monotonic clock.

        Where a transport takes nothing, what was leased is given back, and its ``SendingError`` raised once
        the others have sent theirs.
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
        """Send rows and say what became of each; ``None`` where its lease has ended meanwhile."""
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

        # All of them end before the first failure is raised, so that none goes on unseen.
        tasks = [asyncio.ensure_future(one(*each)) for each in zip(rows, messages, strict=True)]
        await asyncio.gather(*tasks, return_exceptions=True)
        return [task.result() for task in tasks]

    def _at(self) -> int:
        return int(self._runtime.now().timestamp())

    def log_once(self, error: RegisterError | None) -> None:
        """Tell a problem when it comes, not each time it is met."""
        said = f"{error.word}: {error.message}" if error is not None else ""
        if said not in {"", self._last_logged}:
            self._runtime.log(said)
        self._last_logged = said
