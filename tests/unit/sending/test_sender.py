"""What takes rows from the outbox: several at a time, none of them forgotten."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from typing import TYPE_CHECKING

import pytest

from register_api.errors import SendingError
from register_api.sending.outbox import Leased, SendResult
from register_api.sending.sender import Runtime, Sender, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
RUNTIME = Runtime(lambda: NOW, threading.Event(), lambda _: None)


class Rows:
    """An outbox of rows that are due once.

    Attributes:
        finished: Id of each row that was finished, with its pauses.
        back: Ids of those that were given back.
    """

    def __init__(self, number: int) -> None:
        self._rows = [
            Leased(id=f"{each}", channel="webhook", kind="notice", recipient="r") for each in range(number)
        ]
        self.finished: dict[str, Sequence[int]] = {}
        self.back: list[str] = []

    def lease(self, *_: object) -> list[Leased]:
        rows, self._rows = self._rows, []
        return rows

    def body(self, _: str) -> None:
        return None

    def begin(self, *_: object) -> bool:
        return True

    def finish(self, row: Leased, _outcome: SendResult, _now: int, pauses: Sequence[int]) -> None:
        self.finished[row.id] = pauses

    def give_back(self, rows: Iterable[Leased], _now: int) -> None:
        self.back += [row.id for row in rows]


class Text:
    """What is sent: the id of its row."""

    def __init__(self, row: Leased) -> None:
        self.message_id = row.id
        self.body = b""


class Slow(Transport):
    """A transport that takes a message after a moment, and fails with one of them at once.

    Attributes:
        most: How many it had at the same time at most.
        taken: Ids of those that it took.
    """

    channels, per_second, retry_after = ("webhook",), 1e6, (100, 1000)

    def __init__(self, at_once: int, fails: str = "", spread: float = 0.0) -> None:
        self.at_once, self.spread = at_once, spread
        self._fails, self._now = fails, 0
        self.most = 0
        self.taken: list[str] = []

    async def send(self, message: Text, begin: Callable[[], bool]) -> SendResult | None:
        self._now += 1
        self.most = max(self.most, self._now)
        if message.message_id == self._fails:
            raise SendingError("the database is full")
        assert begin()
        await asyncio.sleep(0.05)
        self._now -= 1
        self.taken.append(message.message_id)
        return SendResult("deferred", "")


def sender(rows: Rows, transport: Slow) -> Sender:
    """Return a sender of texts."""
    return Sender(rows, [(transport, lambda row, _: Text(row))], RUNTIME)  # type: ignore[arg-type]


@pytest.mark.parametrize("at_once", [1, 4])
def test_so_many_are_sent_at_the_same_time(at_once: int) -> None:
    rows, transport = Rows(6), Slow(at_once)
    with sender(rows, transport) as made:
        made.send_due()
    assert transport.most == at_once
    assert list(rows.finished) == transport.taken == ["0", "1", "2", "3", "4", "5"]


def test_a_failure_waits_for_those_beside_it() -> None:
    """None goes on after the rows were given back to others."""
    rows, transport = Rows(6), Slow(4, fails="1")
    with pytest.raises(SendingError, match="full"), sender(rows, transport) as made:
        made.send_due()
    assert transport.taken == ["0", "2", "3"]
    assert rows.back == ["0", "1", "2", "3", "4", "5"]


def test_pauses_are_spread_so_that_not_all_come_at_once() -> None:
    """The same for a row each time, and never shorter."""
    rows = Rows(50)
    with sender(rows, Slow(50, spread=0.2)) as made:
        made.send_due()
    pauses = [found[1] for found in rows.finished.values()]
    assert all(1000 <= pause <= 1200 for pause in pauses)
    assert len(set(pauses)) > 30
