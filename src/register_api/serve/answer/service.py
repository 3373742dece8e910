"""The service's questions: parameters in, finished resource out."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any

import msgspec
from anyio import BrokenWorkerProcess

from register_api.clock import Clock
from register_api.core.api.answers import Listing
from register_api.core.api.openapi import description
from register_api.core.api.questions import DatedQuery, Question
from register_api.core.calendar import local_day
from register_api.core.canonical import encode
from register_api.core.diff.changes import Diff
from register_api.core.format.tree import USES_CSV
from register_api.core.timeline import AsOf
from register_api.errors import StoreDamaged
from register_api.serve.answer.archive import Archive
from register_api.serve.answer.as_of import check_version
from register_api.serve.answer.cache import Answers, finish, finish_own, finish_page
from register_api.serve.answer.compute import ANSWERS, TABLES, cost_of
from register_api.serve.answer.query import instant_or_day, read_query
from register_api.serve.answer.worker import Work, compute
from register_api.serve.http.clients import SOMEBODY, Asker
from register_api.serve.http.negotiation import prefers
from register_api.serve.http.problems import Problem
from register_api.serve.reference.page import reference_page
from register_api.serve.stored.current_replies import CurrentReplies
from register_api.serve.stored.reply import Resource
from register_api.serve.stored.reply_table import ReplyTable
from register_api.store.reader import Snapshot

Compute = Callable[[Snapshot, Work], Awaitable[Resource]]


_CSV = USES_CSV.media_type.partition(";")[0]
_BY_BOTH = b"Accept, Accept-Encoding"

_log = logging.getLogger(__name__)


class Service:
    """Answers from the publication that is current when a question arrives."""

    def __init__(
        self, replies: CurrentReplies, answers: Answers, clock: Clock, compute: Compute = compute
    ) -> None:
        """Join the parts."""
        self.replies = replies
        self.clock = clock
        self._answers = answers
        self._compute = compute

    async def answer(
        self,
        question: Question,
        query_string: bytes = b"",
        in_path: Mapping[str, str] | None = None,
        asker: Asker = SOMEBODY,
        accept: bytes | None = None,
    ) -> Resource:
        """Answer a question."""
        table = self._table()
        query = read_query(query_string, question.query, in_path or {})
        as_of = self._as_of(query, table)
        version = table.archive.newest
        as_table = question.has_table and prefers(accept, _CSV)
        key = (question.operation, as_table, query, as_of, version, table.archive.sha256(version))
        work = functools.partial(_answered_as_table if as_table else _answered, question, query, as_of)
        return await self._keep(key, asker, cost_of(table.archive, query), work)

    async def description(self) -> Resource:
        """Answer ``/openapi.json`` where the tree has none: before anything is published."""
        return await asyncio.to_thread(lambda: finish_own(description()))

    async def reference(self, asker: Asker = SOMEBODY) -> Resource:
        """Answer ``/docs``: the description as a page, with examples from what is published."""
        table = self.replies.table
        if table is None:
            return await asyncio.to_thread(_reference, None)
        key = ("reference", table.snapshot.generation)  # of freshness there is an example, too
        return await self._keep(key, asker, table.archive.bytes_of(table.archive.newest), _reference)

    async def _keep(self, question: Hashable, asker: Asker, cost: int, work: Work) -> Resource:
        """Answer from what is kept, else compute; a damaged store is told like that of a stored file."""
        snapshot = self._table().snapshot
        try:
            return await self._answers.get(question, asker, cost, lambda: self._compute(snapshot, work))
        except StoreDamaged as error:
            _log.error("an answer cannot be computed: %s", error)
            raise Problem("unreadable", "What this is computed from cannot be read now.") from error
        except BrokenWorkerProcess as error:  # killed, such as for want of memory: the next one gets another
            _log.error("an answer cannot be computed: the process that computes answers has died")
            raise Problem(
                "busy", "The process that computes answers was restarted; try again soon."
            ) from error

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


def _answered(question: Question, query: msgspec.Struct, as_of: AsOf, archive: Archive) -> Resource:
    document = ANSWERS[question.operation](archive, query, as_of)
    data = encode(document)
    if isinstance(document, Diff):
        return finish(data, document.newer, schema="diff")
    vary = _BY_BOTH if question.has_table else b"Accept-Encoding"
    return finish(
        data, document, vary=vary, following=document.next if isinstance(document, Listing) else None
    )


def _answered_as_table(question: Question, query: Any, as_of: AsOf, archive: Archive) -> Resource:
    found = TABLES[question.operation](archive, query, as_of)
    return finish(found.data, found, media_type=USES_CSV.media_type, vary=_BY_BOTH, following=found.next)


def _reference(archive: Archive | None) -> Resource:
    return finish_page(reference_page(archive))
