"""Takes what is due from the outbox and sends it, at a pace, until it has to end."""

from __future__ import annotations

import asyncio
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, Self

from register_api.clock import Clock
from register_api.sending.outbox import LeasedRow, Outbox, SendResult

_BATCH = 10
"""Rows that are leased at once: so many wait for the end of the lease when a worker is killed."""


class Surroundings(NamedTuple):
    """What a worker gets from outside.

    Attributes:
        now: Tells the time.
        stop: Set when the worker has to end; what is under way is finished.
        tell: Takes a line for the log; it holds no address.
    """

    now: Clock
    stop: threading.Event
    tell: Callable[[str], None]


class Outgoing(Protocol):
    """What is sent: the bytes that are kept, and by what a second copy is recognised."""

    @property
    def body(self) -> bytes: ...  # noqa: D102

    @property
    def message_id(self) -> str: ...  # noqa: D102


class Transport(Protocol):
    """What messages are handed to; it raises its own error where it takes none at all just now."""

    async def send(self, message: Any, begin: Callable[[], bool], /) -> SendResult | None:
        """Send a message, once ``begin`` allows its bytes to flow; ``None`` where it does not."""

    async def close(self) -> None:
        """Close the connections."""


class Route(NamedTuple):
    """By what some channels are sent.

    Attributes:
        channels: The channels whose rows are taken.
        transport: What takes the messages.
        per_second: How many are sent at most.
        retry_after: Seconds until the next attempt after each that was deferred.
        spread: By which part of themselves these pauses are longer at most, another part for each row.
        at_once: How many are sent at the same time; the transport then raises nothing.
    """

    channels: tuple[str, ...]
    transport: Transport
    per_second: float
    retry_after: Sequence[int]
    spread: float = 0.0
    at_once: int = 1


class Sender(Generic[LeasedRow]):
    """Sends the due rows of some channels; any number of senders share an outbox."""

    def __init__(
        self,
        outbox: Outbox[LeasedRow],
        route: Route,
        compose: Callable[[LeasedRow, bytes | None], Outgoing | SendResult],
        around: Surroundings,
    ) -> None:
        """Begin without a connection.

        ``compose`` makes the message of a row, of the bytes where they were written before; or it says what
        became of it where nothing is to be sent.
        """
        self._outbox, self._route, self._compose, self._around = outbox, route, compose, around
        self._next = 0.0

    def __enter__(self) -> Self:
        """Make the event loop that connections live in."""
        self._runner = asyncio.Runner()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._runner.run(self._route.transport.close())
        self._runner.close()

    def send_due(self, until: float = float("inf"), counts: Counter[str] | None = None) -> None:
        """Send all that is due, or what can be sent until an instant of the monotonic clock.

        Raises:
            SendingError: The transport takes nothing; what was leased is given back.
        """
        while not self._around.stop.is_set() and time.monotonic() < until:
            rows = self._outbox.lease(self._at(), _BATCH, self._route.channels)
            if not rows:
                return
            try:
                while rows and not self._around.stop.is_set():
                    together = rows[: self._route.at_once]
                    outcomes = self._send(together)
                    del rows[: len(together)]
                    if counts is not None:
                        counts.update(outcome.what for outcome in outcomes if outcome is not None)
            finally:
                if rows:
                    self._outbox.give_back(rows, self._at())

    def _send(self, rows: Sequence[LeasedRow]) -> list[SendResult | None]:
        """Send rows and say what became of each; ``None`` where its lease has ended meanwhile."""
        messages = [self._compose(row, self._outbox.body(row.id)) for row in rows]
        for message in messages:
            if not isinstance(message, SendResult):
                self._keep_pace()
        outcomes = self._runner.run(self._hand_over(rows, messages))
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome is not None:
                share = self._route.spread * zlib.crc32(row.id.encode()) / 2**32
                pauses = [round(pause * (1 + share)) for pause in self._route.retry_after]
                self._outbox.finish(row, outcome, self._at(), pauses)
                if outcome.what not in {"sent", "opted_out"}:
                    self._around.tell(f"delivery {row.id}: {outcome.what}")
        return outcomes

    async def _hand_over(
        self, rows: Sequence[LeasedRow], messages: Sequence[Outgoing | SendResult]
    ) -> list[SendResult | None]:
        async def one(row: LeasedRow, message: Outgoing | SendResult) -> SendResult | None:
            if isinstance(message, SendResult):
                return message
            return await self._route.transport.send(
                message,
                lambda: self._outbox.begin(row.id, message.body, message.message_id, self._at()),
            )

        # All of them end before the first failure is raised, so that none goes on unseen.
        tasks = [asyncio.ensure_future(one(*each)) for each in zip(rows, messages, strict=True)]
        await asyncio.gather(*tasks, return_exceptions=True)
        return [task.result() for task in tasks]

    def _keep_pace(self) -> None:
        """Wait until the next message may be sent."""
        wait = self._next - time.monotonic()
        if wait > 0:
            self._around.stop.wait(wait)
        self._next = max(self._next, time.monotonic() - 1) + 1 / self._route.per_second

    def _at(self) -> int:
        return int(self._around.now().timestamp())
