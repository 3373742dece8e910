"""Computed answers, made one at a time in the order of fair shares, finished like stored ones, and kept."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Hashable
from typing import NamedTuple, Protocol

from register_api.core.canonical import encode
from register_api.serve.answer.fair_queue import FairQueue
from register_api.serve.http.asgi import Header, size_of
from register_api.serve.http.bounds import MAX_WAITING_QUESTIONS
from register_api.serve.http.clients import Asker
from register_api.serve.http.page_headers import page_headers
from register_api.serve.http.problems import Problem
from register_api.serve.stored.bounded_cache import BoundedCache
from register_api.serve.stored.reply import CommonHeaders, Resource, computed_resource, structured_digest

_WORTH_COMPRESSING = 1024
_GZIP_LEVEL = 6

_OVERHEAD = 4096
"""Bytes of memory that headers, question and bookkeeping of one answer take, rounded up."""


class AnswerSource(Protocol):
    """What an answer says it was computed from."""

    @property
    def version(self) -> int:
        """Number of the version."""

    @property
    def sha256(self) -> str:
        """SHA-256 in hex of that version's register."""


class _Asked(NamedTuple):
    """A question whose answer is waited for."""

    question: Hashable
    compute: Callable[[], Awaitable[Resource]]
    answer: asyncio.Future[Resource]


class Answers:
    """Answers by question, as far as they fit; what is not kept is computed, one after the other.

    Attributes:
        hits: How many questions were answered from what was kept.
        misses: How many had to be computed.
    """

    def __init__(self, cache_bytes: int) -> None:
        """Start empty."""
        self._kept: BoundedCache[Resource] = BoundedCache(cache_bytes, _size)
        self._asked: FairQueue[_Asked] = FairQueue(MAX_WAITING_QUESTIONS)
        self._answering: asyncio.Task[None] | None = None
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Return how many answers are kept."""
        return len(self._kept)

    async def get(
        self, question: Hashable, asker: Asker, cost: int, compute: Callable[[], Awaitable[Resource]]
    ) -> Resource:
        """Return the answer to a question: at once if it is kept, else when it is the client's turn."""
        found = self._kept.get(question)
        if found is not None:
            self.hits += 1
            return found
        asked = _Asked(question, compute, asyncio.get_running_loop().create_future())
        refused = self._asked.put(asker.network, cost, asked)
        if refused is not None:
            busy = Problem("busy", "Too many computed answers are waiting; try again soon.")
            refused.answer.set_exception(busy)
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer_all())
        try:
            return await _unless_gone(asked.answer, asker)
        finally:
            self._asked.leave(asked)

    async def _answer_all(self) -> None:
        """Answer while anybody waits."""
        try:
            while (asked := self._asked.take()) is not None:
                await self._answer(asked)
        finally:
            self._answering = None

    async def _answer(self, asked: _Asked) -> None:
        found = self._kept.get(asked.question)
        try:
            if found is None:
                self.misses += 1
                found = await asked.compute()
                self._kept.put(asked.question, found)
            else:
                self.hits += 1
        except Exception as error:  # noqa: BLE001 (whatever it is goes to whoever asked)
            if not asked.answer.done():
                asked.answer.set_exception(error)
        else:
            if not asked.answer.done():
                asked.answer.set_result(found)


async def _unless_gone(answer: asyncio.Future[Resource], asker: Asker) -> Resource:
    """Wait for an answer as long as somebody listens."""
    leaving = asyncio.ensure_future(asker.leaves())
    try:
        await asyncio.wait((answer, leaving), return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return await answer
    finally:
        answer.cancel()
        leaving.cancel()
    raise Problem("busy", "Whoever asked this has gone.")


def finish(
    data: bytes,
    basis: AnswerSource,
    *,
    media_type: str = "application/json",
    vary: bytes = b"Accept-Encoding",
    schema: str | None = None,
    following: str | None = None,
) -> Resource:
    """Make the headers of an answer."""
    more: list[Header] = [
        (b"register-version", str(basis.version).encode("ascii")),
        (b"register-digest", structured_digest(basis.sha256)),
    ]
    if schema is not None:
        target = f'<schema/{schema}.json>; rel="describedby"; type="application/schema+json"'
        more.append((b"link", target.encode("ascii")))
    if following is not None:
        plain = media_type.partition(";")[0]
        more.append((b"link", f'<{following}>; rel="next"; type="{plain}"'.encode("ascii")))
    facts = CommonHeaders(media_type=media_type, cache="mutable", more=tuple(more), vary=vary)
    return computed_resource(facts, forms_of(data))


def finish_own(document: object) -> Resource:
    """Encode what the service says of itself and make its headers."""
    return computed_resource(
        CommonHeaders(media_type="application/json", cache="mutable"), forms_of(encode(document))
    )


def finish_page(page: bytes) -> Resource:
    """Make the headers of a page; it may load and run nothing."""
    facts = CommonHeaders(media_type="text/html; charset=utf-8", cache="mutable", more=page_headers(page))
    return computed_resource(facts, forms_of(page))


def forms_of(data: bytes) -> dict[str, bytes]:
    """Return the forms of an answer that is made while a client waits: plain, and gzip if it is long."""
    if len(data) < _WORTH_COMPRESSING:
        return {"identity": data}
    return {"identity": data, "gzip": gzip.compress(data, compresslevel=_GZIP_LEVEL, mtime=0)}


def _size(resource: Resource) -> int:
    """Return what keeping an answer costs; small ones are mostly headers, and a flood is of small ones."""
    bodies = (item.body for item in resource.representations.values())
    return _OVERHEAD + sum(size_of(body) for body in bodies if body is not None)
