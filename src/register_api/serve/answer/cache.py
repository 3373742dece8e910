"""Computed answers, made one at a time off the event loop, finished like stored ones, and kept."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Protocol

from register_api.core.canonical import encode
from register_api.serve.http.page_headers import page_headers
from register_api.serve.http.problems import Problem
from register_api.serve.stored.bounded_cache import BoundedCache
from register_api.serve.stored.reply import CommonHeaders, Resource, computed_resource, structured_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from register_api.serve.http.asgi import Header

_MOST_WAITING = 64
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


class Answers:
    """Answers by question, as far as they fit; each is computed once however many ask for it.

    Attributes:
        hits: How many questions were answered from what was kept.
        misses: How many had to be computed.
    """

    def __init__(self, cache_bytes: int) -> None:
        """Start empty.

        Args:
            cache_bytes: How many bytes of answers to keep in memory.
        """
        self._kept: BoundedCache[Resource] = BoundedCache(cache_bytes, _size)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Return how many answers are kept."""
        return len(self._kept)

    async def get(self, question: Hashable, compute: Callable[[], Resource]) -> Resource:
        """Return the answer to a question, computed in a thread unless it is kept.

        Args:
            question: All that the answer depends on.
            compute: Computes it.

        Raises:
            Problem: What ``compute`` raises, or too many are waiting already.
        """
        found = self._kept.get(question)
        if found is not None:
            self.hits += 1
            return found
        if self._waiting >= _MOST_WAITING:
            raise Problem("busy", "Too many computed answers are waiting; try again soon.")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._compute(question, compute)
        finally:
            self._waiting -= 1

    async def _compute(self, question: Hashable, compute: Callable[[], Resource]) -> Resource:
        found = self._kept.get(question)
        if found is not None:
            self.hits += 1
            return found
        self.misses += 1
        found = await asyncio.to_thread(compute)
        self._kept.put(question, found)
        return found


def finish(
    document: object, basis: AnswerSource, *, schema: str | None = None, following: str | None = None
) -> Resource:
    """Encode an answer and make its headers.

    Args:
        document: What was computed.
        basis: The version it was computed from.
        schema: Name of the schema that describes it, if one is published.
        following: Reference to the next page, if there is one.
    """
    forms = forms_of(encode(document))
    more: list[Header] = [
        (b"register-version", str(basis.version).encode("ascii")),
        (b"register-digest", structured_digest(basis.sha256)),
    ]
    if schema is not None:
        target = f'<schema/{schema}.json>; rel="describedby"; type="application/schema+json"'
        more.append((b"link", target.encode("ascii")))
    if following is not None:
        more.append((b"link", f'<{following}>; rel="next"; type="application/json"'.encode("ascii")))
    return computed_resource(
        CommonHeaders(media_type="application/json", cache="mutable", more=tuple(more)), forms
    )


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
    return _OVERHEAD + sum(len(body["body"]) for body in bodies if body is not None)
