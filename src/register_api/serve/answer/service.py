"""The service's questions: parameters in, finished resource out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.calendar import local_day
from register_api.core.two_clocks import Moment
from register_api.serve.answer import compute, questions
from register_api.serve.answer.cache import Answers, finish
from register_api.serve.answer.filters import filters_in
from register_api.serve.answer.query import day_in, instant_or_day_in, read_query, version_in
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from register_api.serve.answer.cache import Basis
    from register_api.serve.clock import Clock
    from register_api.serve.stored.reply import Resource
    from register_api.serve.stored.shelf import Shelf
    from register_api.serve.stored.table import Table


class Service:
    """Answers from the publication that is current when a question arrives."""

    def __init__(self, shelf: Shelf, answers: Answers, clock: Clock) -> None:
        """Join the parts.

        Args:
            shelf: Where the current table stands.
            answers: Answers that were computed before.
            clock: Tells what today is.
        """
        self.shelf = shelf
        self.clock = clock
        self._answers = answers

    async def diff(self, query_string: bytes) -> Resource:
        """Answer ``/v1/diff``: what changed from one version to another.

        Raises:
            Problem: A parameter cannot be used, or there is no such version.
        """
        archive = self._table().archive
        values = read_query(query_string, questions.DIFF)
        older = version_in(values, "from", 1)
        newer = version_in(values, "to", archive.newest)

        def work() -> Resource:
            document = compute.diff(archive, older, newer)
            return finish(document, document.to, "diff")

        return await self._answers.get(("diff", self._key(), older, newer), work)

    async def subprocessors(self, query_string: bytes) -> Resource:
        """Answer ``/v1/subprocessors``: the vendors with engagements that fit.

        Raises:
            Problem: A parameter cannot be used, or nothing was known by then.
        """
        archive = self._table().archive
        values = read_query(query_string, questions.SUBPROCESSORS)
        filters, moment = filters_in(values), self._moment(values)
        return await self._ask(
            ("list", filters, moment), lambda: compute.subprocessors(archive, filters, moment)
        )

    async def subprocessor(self, wanted: str, query_string: bytes) -> Resource:
        """Answer ``/v1/subprocessors/{id}``: one vendor with its history.

        Raises:
            Problem: A parameter cannot be used, or there was no such vendor by then.
        """
        archive = self._table().archive
        moment = self._moment(read_query(query_string, questions.SUBPROCESSOR))
        return await self._ask(
            ("vendor", wanted, moment), lambda: compute.subprocessor(archive, wanted, moment)
        )

    async def upcoming(self, query_string: bytes) -> Resource:
        """Answer ``/v1/upcoming``: what will start or end after a day.

        Raises:
            Problem: A parameter cannot be used, or nothing was known by then.
        """
        archive = self._table().archive
        moment = self._moment(read_query(query_string, questions.UPCOMING))
        return await self._ask(("upcoming", moment), lambda: compute.upcoming(archive, moment))

    async def _ask(self, question: tuple[Hashable, ...], answer: Callable[[], Basis]) -> Resource:
        def work() -> Resource:
            document = answer()
            return finish(document, document)

        return await self._answers.get((*question, self._key()), work)

    def _moment(self, values: Mapping[str, tuple[str, ...]]) -> Moment:
        """Return the two clocks of a question; a day that is not given is the publisher's today."""
        today = local_day(self.clock(), self._table().archive.zone)
        return Moment(on=day_in(values, "on") or today, known_at=instant_or_day_in(values, "known_at"))

    def _table(self) -> Table:
        if self.shelf.table is None:
            raise Problem("nothing-published", "Come back when the first version has been published.")
        return self.shelf.table

    def _key(self) -> int:
        return self._table().snapshot.generation
