"""The service's questions: parameters in, finished resource out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from register_api.core.calendar import local_day
from register_api.core.two_clocks import Moment
from register_api.errors import StoreDamaged
from register_api.serve.answer import compute, questions
from register_api.serve.answer.cache import Answers, finish, finish_own, finish_page
from register_api.serve.answer.description.document import openapi_document
from register_api.serve.answer.description.page import documentation_page
from register_api.serve.answer.documents import Listing
from register_api.serve.answer.filters import filters_in
from register_api.serve.answer.paging import Question, window_in
from register_api.serve.answer.query import day_in, instant_or_day_in, read_query, version_in
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from register_api.clock import Clock
    from register_api.serve.answer.documents import Computed
    from register_api.serve.stored.reply import Resource
    from register_api.serve.stored.shelf import Shelf
    from register_api.serve.stored.table import Table

_log = logging.getLogger(__name__)


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
            return finish(document, document.to, schema="diff")

        return await self._keep(("diff", self._key(), older, newer), work)

    async def subprocessors(self, query_string: bytes) -> Resource:
        """Answer ``/v1/subprocessors``: the vendors with engagements that fit.

        Raises:
            Problem: A parameter cannot be used, or nothing was known by then.
        """
        archive = self._table().archive
        question = self._question(read_query(query_string, questions.SUBPROCESSORS))
        return await self._ask(("list", question), lambda: compute.subprocessors(archive, question))

    async def answers(self, query_string: bytes) -> Resource:
        """Answer ``/v1/answers``: the eight answers for each engagement that fits.

        Raises:
            Problem: A parameter cannot be used, nothing was known by then, or what is asked about
                was not listed by then.
        """
        archive = self._table().archive
        question = self._question(read_query(query_string, questions.ANSWERS))
        return await self._ask(("answers", question), lambda: compute.answers(archive, question))

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
        question = self._question(read_query(query_string, questions.UPCOMING))
        return await self._ask(("upcoming", question), lambda: compute.upcoming(archive, question))

    async def description(self) -> Resource:
        """Answer ``/openapi.json``; also before anything is published, then without examples.

        Raises:
            Problem: Too many are waiting.
        """
        table = self.shelf.table
        return await self._keep(
            ("description", _described(table)), lambda: finish_own(openapi_document(table))
        )

    async def manual(self) -> Resource:
        """Answer ``/docs``: the description as a page.

        Raises:
            Problem: Too many are waiting.
        """
        table = self.shelf.table
        return await self._keep(
            ("manual", _described(table)), lambda: finish_page(documentation_page(openapi_document(table)))
        )

    async def _ask(self, question: tuple[Hashable, ...], answer: Callable[[], Computed]) -> Resource:
        def work() -> Resource:
            document = answer()
            following = document.next if isinstance(document, Listing) else None
            return finish(document, document, following=following)

        return await self._keep((*question, self._key()), work)

    async def _keep(self, question: tuple[Hashable, ...], work: Callable[[], Resource]) -> Resource:
        """Answer from what is kept, else compute; a damaged store is told like that of a stored file."""

        def compute() -> Resource:
            try:
                return work()
            except StoreDamaged as error:
                _log.error("an answer cannot be computed: %s", error)
                raise Problem("unreadable", "What this is computed from cannot be read now.") from error

        return await self._answers.get(question, compute)

    def _question(self, values: Mapping[str, tuple[str, ...]]) -> Question:
        """Return what a list is asked for."""
        offset, limit = window_in(values)
        return Question(filters=filters_in(values), moment=self._moment(values), offset=offset, limit=limit)

    def _moment(self, values: Mapping[str, tuple[str, ...]]) -> Moment:
        """Return the two clocks of a question; a day that is not given is the publisher's today."""
        today = local_day(self.clock(), self._table().archive.zone)
        return Moment(on=day_in(values, "on") or today, known_at=instant_or_day_in(values, "known_at"))

    def _table(self) -> Table:
        if self.shelf.table is None:
            raise Problem("nothing-published", "Come back when the first version has been published.")
        return self.shelf.table

    def _key(self) -> tuple[int, str]:
        """Name what answers are computed from; renewing freshness does not change it."""
        archive = self._table().archive
        return archive.newest, archive.sha256(archive.newest)


def _described(table: Table | None) -> int | None:
    """Name what examples are taken from: freshness is among them."""
    return None if table is None else table.snapshot.generation
