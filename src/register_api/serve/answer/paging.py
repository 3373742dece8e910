"""Lists are answered a page at a time, so that no answer grows without end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypedDict, TypeVar
from urllib.parse import urlencode

import msgspec

from register_api.core.api.questions import UpcomingQuery
from register_api.core.timeline import RegisterAsOf

T = TypeVar("T")


class PageFacts(TypedDict):
    """What a page says about itself."""

    total: int
    offset: int
    next: str | None


def page_of(items: Sequence[T], query: UpcomingQuery, known: RegisterAsOf) -> tuple[tuple[T, ...], PageFacts]:
    """Return the items of the page that was asked for, and what the page says about itself."""
    end = query.offset + query.limit
    following = _reference(query, known, end) if end < len(items) else None
    facts: PageFacts = {"total": len(items), "offset": query.offset, "next": following}
    return tuple(items[query.offset : end]), facts


def _reference(query: UpcomingQuery, known: RegisterAsOf, offset: int) -> str:
    """Return a later page as a relative reference that asks for the same day and the same version.

    Whatever day it is then, and whatever has been published since: pages of one list belong together.
    """
    asked = msgspec.structs.replace(
        query, on=known.on, known_at=None, version=known.register.version, offset=offset
    )
    return "?" + urlencode(list(_given(asked)))


def _given(query: UpcomingQuery) -> Iterator[tuple[str, str]]:
    """Yield names and values as in a query, in one order; what was not asked for is left out."""
    for name, value in msgspec.structs.asdict(query).items():
        if isinstance(value, frozenset):
            yield from ((name, each) for each in sorted(value))
        elif value is not None:
            yield name, str(value)
