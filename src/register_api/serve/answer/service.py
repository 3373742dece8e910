"""The service's questions: parameters in, finished resource out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from register_api.core.api.answers import Listing
from register_api.core.api.openapi import description
from register_api.core.api.queries import DatedQuery
from register_api.core.bitemporal import AsOf
from register_api.core.calendar import local_day
from register_api.core.diff.changes import Diff
from register_api.errors import StoreDamaged
from register_api.serve.answer.as_of import check_version
from register_api.serve.answer.cache import Answers, finish, finish_own, finish_page
from register_api.serve.answer.compute import ANSWERS
from register_api.serve.answer.query import instant_or_day, read_query
from register_api.serve.http.problems import Problem
from register_api.serve.reference.page import reference_page

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    import msgspec

    from register_api.clock import Clock
    from register_api.core.api.answers import Computed
    from register_api.core.api.operations import Question
    from register_api.serve.stored.current_replies import CurrentReplies
    from register_api.serve.stored.reply import Resource
    from register_api.serve.stored.reply_table import ReplyTable

_log = logging.getLogger(__name__)


class Service:
    """Answers from the publication that is current when a question arrives."""

    def __init__(self, replies: CurrentReplies, answers: Answers, clock: Clock) -> None:
        """Join the parts.

        Args:
            replies: Where the current table stands.
            answers: Answers that were computed before.
            clock: Tells what today is.
        """
        self.replies = replies
        self.clock = clock
        self._answers = answers

    async def answer(
        self, question: Question, query_string: bytes = b"", in_path: Mapping[str, str] | None = None
    ) -> Resource:
        """Answer a question.

        Args:
            question: What is asked.
            query_string: Its parameters, percent-encoded.
            in_path: Parameters that stand in the path.

        Raises:
            Problem: A parameter is not valid, what is asked about does not exist, nothing was published
                by then, or too many are waiting.
        """
        table = self._table()
        query = read_query(query_string, question.query, in_path or {})
        as_of = self._as_of(query, table)

        def work() -> Resource:
            return _finished(ANSWERS[question.operation](table.archive, query, as_of))

        version = table.archive.newest
        key = (question.operation, query, as_of, version, table.archive.sha256(version))
        return await self._keep(key, work)

    async def description(self) -> Resource:
        """Answer ``/openapi.json`` where the tree has none: before anything is published.

        Raises:
            Problem: Too many are waiting.
        """
        return await self._keep(("description",), lambda: finish_own(description()))

    async def reference(self) -> Resource:
        """Answer ``/docs``: the description as a page, with examples from what is published.

        Raises:
            Problem: Too many are waiting.
        """
        table = self.replies.table
        shown = None if table is None else table.snapshot.generation  # of freshness there is an example, too
        return await self._keep(("reference", shown), lambda: finish_page(reference_page(table)))

    async def _keep(self, question: Hashable, work: Callable[[], Resource]) -> Resource:
        """Answer from what is kept, else compute; a damaged store is told like that of a stored file."""

        def compute() -> Resource:
            try:
                return work()
            except StoreDamaged as error:
                _log.error("an answer cannot be computed: %s", error)
                raise Problem("unreadable", "What this is computed from cannot be read now.") from error

        return await self._answers.get(question, compute)

    def _as_of(self, query: msgspec.Struct, table: ReplyTable) -> AsOf:
        """Return the two clocks of a question; a day that is not given is the publisher's today."""
        today = local_day(self.clock(), table.archive.zone)
        if not isinstance(query, DatedQuery):
            return AsOf(on=today)
        if query.version is not None:
            check_version(query.version, table.archive)
        known_at = instant_or_day("known_at", query.known_at)
        return AsOf(on=query.on or today, known_at=known_at, version=query.version)

    def _table(self) -> ReplyTable:
        if self.replies.table is None:
            raise Problem("nothing-published", "Come back when the first version has been published.")
        return self.replies.table


def _finished(document: Computed | Diff) -> Resource:
    if isinstance(document, Diff):
        return finish(document, document.newer, schema="diff")
    return finish(document, document, following=document.next if isinstance(document, Listing) else None)
