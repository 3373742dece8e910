"""Lists are answered a page at a time, so that no answer grows without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, TypeVar
from urllib.parse import urlencode

import msgspec

from register_api.core.two_clocks import Moment
from register_api.serve.answer.filters import Filters
from register_api.serve.answer.query import number_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

MOST_ITEMS = 1000
"""Items of a page, unless fewer are asked for."""

MOST_ROWS = 2_000_000
"""No list is longer: a start and an end of 10,000 vendors' 100 engagements each (docs/rules.md, R17)."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is asked for: all that its answer depends on besides the publication."""

    filters: Filters
    moment: Moment
    offset: int = 0
    limit: int = MOST_ITEMS


class PageFacts(TypedDict):
    """What a page says about itself."""

    total: int
    offset: int
    next: str | None


def window_in(values: Mapping[str, tuple[str, ...]]) -> tuple[int, int]:
    """Return offset and limit among a question's parameters.

    Raises:
        Problem: One is no whole number within its bounds.
    """
    return number_in(values, "offset", 0, range(MOST_ROWS + 1)), number_in(
        values, "limit", MOST_ITEMS, range(1, MOST_ITEMS + 1)
    )


def page_of(items: Sequence[T], question: Question) -> tuple[tuple[T, ...], PageFacts]:
    """Return the items of the page that was asked for, and what the page says about itself."""
    end = question.offset + question.limit
    following = _reference(question, end) if end < len(items) else None
    facts: PageFacts = {"total": len(items), "offset": question.offset, "next": following}
    return tuple(items[question.offset : end]), facts


def _reference(question: Question, offset: int) -> str:
    """Return a later page as a relative reference that asks for the same day, whatever day it is then."""
    known_at = question.moment.known_at
    fields = [
        *question.filters.fields(),
        ("on", question.moment.on.isoformat()),
        *([("known_at", known_at.isoformat())] if known_at is not None else []),
        ("limit", str(question.limit)),
        ("offset", str(offset)),
    ]
    return "?" + urlencode(fields)
