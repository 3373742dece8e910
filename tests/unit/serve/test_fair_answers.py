"""Shares of the time that answers take: who is next, who is refused, and what never waits."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from patience import PATIENCE
from register_api.serve.answer.cache import Answers, FairQueue, WaitingClient, waiting_client
from register_api.serve.answer.resources import finished
from register_api.serve.http.limits import MAX_WAITING_QUESTIONS
from register_api.serve.http.problems import Problem
from register_api.serve.reply import Resource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

ANSWER = finished(b"{}")

Asked = tuple[str, int]
"""A client, and the cost of what it asks for."""


def served(asked: Iterable[Asked], most: int = 1000) -> list[Asked]:
    """Return in which order things that are asked for at once have their turn."""
    queue: FairQueue[Asked] = FairQueue(most)
    for client, cost in asked:
        queue.put(client, cost, (client, cost))
    return list(iter(queue.take, None))


class TestFairQueue:
    """The order of turns depends on what was asked, not on how long anything took."""

    def test_a_client_alone_is_served_in_the_order_it_asked(self) -> None:
        """Also what is cheap: its share is its own."""
        asked = [("one", 9), ("one", 1), ("one", 5)]
        assert served(asked) == asked

    def test_nobody_waits_behind_what_one_client_asks_for_at_once(self) -> None:
        """Only its first thing can come before the first of another."""
        order = served([*[("hostile", 10)] * 70, ("other", 10), ("third", 10)])
        assert {client for client, _ in order[:3]} == {"hostile", "other", "third"}

    def test_what_is_cheap_comes_first_among_those_who_were_not_served_yet(self) -> None:
        """Of first things, whoever asked earlier for more waits a little."""
        assert served([("one", 500), ("two", 3), ("three", 40)]) == [("two", 3), ("three", 40), ("one", 500)]

    def test_clients_take_turns(self) -> None:
        """However much more one of them has asked for."""
        order = served([*[("one", 7)] * 50, *[("two", 7)] * 5])
        assert Counter(client for client, _ in order[:10]) == {"one": 5, "two": 5}

    def test_shares_are_of_the_cost_not_of_the_number(self) -> None:
        """Four cheap things for one that costs four times as much."""
        order = served([*[("dear", 4)] * 20, *[("cheap", 1)] * 80])
        for upto in range(5, 101, 5):
            spent = {
                name: sum(cost for client, cost in order[:upto] if client == name)
                for name in ("dear", "cheap")
            }
            assert abs(spent["dear"] - spent["cheap"]) <= 4

    def test_coming_back_after_each_turn_is_no_way_to_get_more(self) -> None:
        """A client with one thing at a time and one with all at once have the same share."""
        queue: FairQueue[str] = FairQueue(1000)
        for _ in range(30):
            queue.put("at once", 5, "at once")
        queue.put("by turns", 5, "by turns")
        taken = []
        for _ in range(20):
            taken.append(queue.take())
            if taken[-1] == "by turns":
                queue.put("by turns", 5, "by turns")
        assert taken.count("by turns") in {9, 10, 11}

    def test_nothing_dear_waits_for_ever_behind_what_is_cheap(self) -> None:
        """New clients with cheap things come all the time; the dear one has its turn all the same."""
        queue: FairQueue[str] = FairQueue(1000)
        queue.put("dear", 100, "dear")
        for number in itertools.count():
            queue.put(f"new {number}", 5, "cheap")
            if queue.take() == "dear":
                break
            assert number < 100 / 5

    def test_what_costs_nothing_still_counts(self) -> None:
        """A thousand of them are not all first."""
        order = served([*[("free", 0)] * 100, ("other", 10)])
        assert order.index(("other", 10)) <= 10

    def test_the_one_that_would_be_last_is_refused(self) -> None:
        """It is of the client that has asked for most, not the one that came last."""
        queue: FairQueue[str] = FairQueue(3)
        assert [queue.put("hostile", 10, f"hostile {number}") for number in range(4)] == [
            None,
            None,
            None,
            "hostile 3",
        ]
        assert queue.put("other", 10, "other") == "hostile 2"
        assert [queue.take() for _ in range(4)] == ["hostile 0", "other", "hostile 1", None]

    def test_a_newcomer_is_refused_where_all_others_wait_for_less(self) -> None:
        """Of equals, who came last."""
        queue: FairQueue[str] = FairQueue(2)
        queue.put("one", 5, "one")
        queue.put("two", 5, "two")
        assert queue.put("three", 5, "three") == "three"

    def test_a_client_that_leaves_makes_room(self) -> None:
        """At once, not when it would have been its turn; leaving twice, or after the turn, is nothing."""
        queue: FairQueue[str] = FairQueue(2)
        queue.put("one", 5, "left")
        queue.put("two", 5, "stays")
        queue.remove("left")
        queue.remove("left")
        assert queue.put("three", 5, "three") is None
        assert [queue.take() for _ in range(3)] == ["stays", "three", None]
        queue.remove("stays")


class Computing:
    """Computes when it is told to, and notes in which order it was asked to.

    Attributes:
        begun: The questions that were begun.
    """

    def __init__(self) -> None:
        """Begin with nothing, and hold everything up."""
        self.begun: list[object] = []
        self.go_on = asyncio.Event()
        self._begins = asyncio.Condition()

    def of(self, question: object) -> Callable[[], Awaitable[Resource]]:
        """Return what computes the answer to a question."""

        async def compute() -> Resource:
            self.begun.append(question)
            async with self._begins:
                self._begins.notify_all()
            await asyncio.wait_for(self.go_on.wait(), PATIENCE)
            return ANSWER

        return compute

    async def until_begun(self, number: int = 1) -> None:
        """Wait until as many questions have been begun."""
        async with asyncio.timeout(PATIENCE), self._begins:
            await self._begins.wait_for(lambda: len(self.begun) >= number)

    def ask(self, answers: Answers, question: object, client: str, cost: int = 10) -> asyncio.Task[Resource]:
        """Ask a question in a task of its own."""
        return asyncio.ensure_future(answers.get(question, WaitingClient(client), cost, self.of(question)))


class TestAnswers:
    """Answers are computed once, one at a time, in fair turns, and not for an endless queue."""

    def test_many_who_ask_wait_for_one_computation(self) -> None:
        """The answer is kept for whoever comes later."""

        async def ask() -> tuple[Computing, Answers]:
            computing, kept = Computing(), Answers(100_000)
            computing.go_on.set()
            await asyncio.gather(*(computing.ask(kept, "question", f"client {n}") for n in range(20)))
            await computing.ask(kept, "question", "one more")
            return computing, kept

        computing, kept = asyncio.run(ask())
        assert computing.begun == ["question"]
        assert (kept.misses, kept.hits) == (1, 20)

    def test_the_hostile_asker_neither_starves_nor_refuses_others(self) -> None:
        """Seventy questions at once: the others are next, and only some of the seventy are refused."""

        async def ask() -> tuple[list[object], list[Resource | BaseException]]:
            computing, kept = Computing(), Answers(0)
            hostile = [computing.ask(kept, f"diff {number}", "hostile", 500) for number in range(70)]
            await computing.until_begun()
            others = [computing.ask(kept, f"answers {number}", f"client {number}") for number in range(5)]
            await asyncio.sleep(0)
            computing.go_on.set()
            assert await asyncio.gather(*others) == [ANSWER] * 5
            return computing.begun, await asyncio.gather(*hostile, return_exceptions=True)

        order, hostile = asyncio.run(ask())
        assert order[:7] == ["diff 0", *(f"answers {number}" for number in range(5)), "diff 1"]
        refused = [found for found in hostile if isinstance(found, Problem)]
        assert {found.name for found in refused} == {"busy"}
        assert len(hostile) - len(refused) == MAX_WAITING_QUESTIONS + 1 - 5
        assert all(isinstance(found, Problem) for found in hostile[-len(refused) :])

    def test_what_is_kept_never_waits(self) -> None:
        """Not even while something else is being computed and as many wait as may."""

        async def ask() -> None:
            computing, kept = Computing(), Answers(100_000)
            computing.go_on.set()
            await computing.ask(kept, "known", "one")
            computing.go_on.clear()
            waiting = [computing.ask(kept, f"new {number}", "one") for number in range(70)]
            await computing.until_begun(2)
            assert await kept.get("known", WaitingClient("one"), 10, computing.of("known")) is ANSWER
            computing.go_on.set()
            await asyncio.gather(*waiting, return_exceptions=True)
            assert computing.begun.count("known") == 1

        asyncio.run(ask())

    def test_nothing_is_computed_for_those_who_have_gone(self) -> None:
        """A question whose request was given up is passed over, and the next is answered."""

        async def ask() -> list[object]:
            computing, kept = Computing(), Answers(100_000)
            first = computing.ask(kept, "first", "one")
            await computing.until_begun()
            gone, last = computing.ask(kept, "gone", "two"), computing.ask(kept, "last", "three")
            await asyncio.sleep(0)
            gone.cancel()
            computing.go_on.set()
            assert await asyncio.gather(first, last) == [ANSWER, ANSWER]
            return computing.begun

        assert asyncio.run(ask()) == ["first", "last"]

    def test_nothing_is_computed_for_those_who_have_hung_up(self) -> None:
        """Unless somebody else waits for the same answer, or it was begun: then it is kept."""

        async def ask() -> tuple[list[object], list[Resource | BaseException]]:
            computing, kept, hung_up = Computing(), Answers(100_000), asyncio.Event()

            def ask_and_go(question: str) -> asyncio.Task[Resource]:
                asker = WaitingClient("hostile", hung_up.wait)
                return asyncio.ensure_future(kept.get(question, asker, 10, computing.of(question)))

            gone = [ask_and_go(f"gone {number}") for number in range(MAX_WAITING_QUESTIONS)]
            await computing.until_begun()
            stays = computing.ask(kept, "gone 1", "one")
            hung_up.set()
            answers = await asyncio.gather(*gone, return_exceptions=True)
            computing.go_on.set()
            assert await stays is ANSWER
            assert await computing.ask(kept, "gone 0", "one") is ANSWER
            return computing.begun, answers

        begun, answers = asyncio.run(ask())
        assert begun == ["gone 0", "gone 1"]
        assert all(isinstance(answer, Problem) for answer in answers)

    def test_a_problem_is_not_kept(self) -> None:
        """The next one who asks is answered anew."""

        async def refuse() -> Resource:
            raise Problem("no-such-version", "none")

        async def ask() -> Resource:
            computing, kept = Computing(), Answers(100_000)
            computing.go_on.set()
            with pytest.raises(Problem):
                await kept.get("question", WaitingClient("one"), 10, refuse)
            return await computing.ask(kept, "question", "one")

        assert asyncio.run(ask()) is ANSWER


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.77", "192.0.2.78", False),
        ("192.0.2.77", "::ffff:192.0.2.77", True),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("a socket", None, True),
    ],
)
def test_clients_are_distinguished_by_address_or_link(one: str, other: str | None, same: bool) -> None:
    """Whoever has an IPv6 address has all of its link; headers that claim another one do not count."""
    headers = [(b"x-forwarded-for", b"203.0.113.9")]
    found, compared = (
        waiting_client({"client": address and (address, 1), "headers": headers}, None).network
        for address in (one, other)
    )
    assert (found == compared) is same
