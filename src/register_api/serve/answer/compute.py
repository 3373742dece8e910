"""The questions about versions and vendors answered: from an archive and a question to a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypedDict, TypeVar
from urllib.parse import urlencode

import msgspec

from register_api.core.api.answers import (
    Computed,
    HistoryStep,
    ListedEngagement,
    ListedSubprocessor,
    QuestionnaireAnswer,
    SubprocessorAnswer,
    SubprocessorsAnswer,
    UpcomingAnswer,
)
from register_api.core.api.questions import (
    AnswersQuery,
    DatedQuery,
    DiffQuery,
    SubprocessorQuery,
    SubprocessorsQuery,
    UpcomingQuery,
)
from register_api.core.changes import Diff
from register_api.core.diff.document import diff_document
from register_api.core.exports.columns import uses_at_places
from register_api.core.exports.csv_table import uses_csv
from register_api.core.language.language import Language
from register_api.core.language.values import Values
from register_api.core.model import Subprocessor
from register_api.core.questionnaire.answers import QUESTIONS
from register_api.core.questionnaire.fill import answers as questionnaire
from register_api.core.timeline import AsOf, EngagementState, RegisterAsOf
from register_api.core.upcoming_events import upcoming as events_from
from register_api.serve.answer.archive import Archive, basis, check_version, known_by
from register_api.serve.answer.filters import Selection, check_ids
from register_api.serve.http.problems import Problem

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


MOST_STEPS = 100
"""Versions that changed the vendor: later ones are told, older ones can be read from the feed."""

MOST_DIFFS = 1000
"""Versions that are looked through for them, so that one question costs a bounded time."""


def history(archive: Archive, newest: int, vendor: str) -> tuple[tuple[HistoryStep, ...], int]:
    """Collect what versions changed about a vendor."""
    steps: list[HistoryStep] = []
    oldest = max(1, newest - MOST_DIFFS + 1)
    for version in range(newest, oldest - 1, -1):
        step = _step(archive, version, vendor)
        if step is not None:
            steps.append(step)
        if len(steps) == MOST_STEPS:
            return tuple(steps), version
    return tuple(steps), oldest


def _step(archive: Archive, version: int, vendor: str) -> HistoryStep | None:
    """Return what one version changed, or ``None``; most diffs are told by a look at their bytes."""
    data = archive.diff_bytes(version)
    if f'"{vendor}"'.encode("ascii") not in data:
        return None
    changes = tuple(item for item in archive.diff(data).changes if item.concerns(vendor))
    if not changes:
        return None
    return HistoryStep(version=version, published_at=archive.published_at(version), changes=changes)


class TableAnswer(NamedTuple):
    """A page of rows as CSV, and what it was computed from."""

    data: bytes
    version: int
    sha256: str
    next: str | None


def diff(archive: Archive, query: DiffQuery, as_of: AsOf) -> Diff:  # noqa: ARG001 (as all of ANSWERS)
    """Return the diff of any two versions; of one with itself it is empty.

    Raises:
        Problem: There is no such version.
    """
    older, newer = query.older, query.newer or archive.newest
    for version in (older, newer):
        check_version(version, archive)
    return diff_document(archive.stored(older), archive.stored(newer), archive.promises)


def subprocessors(archive: Archive, query: SubprocessorsQuery, as_of: AsOf) -> SubprocessorsAnswer:
    """Return the vendors with engagements that fit, a page of them.

    Raises:
        Problem: There is no such category or version, or nothing was published by then.
    """
    known, page, facts = _vendors(archive, query, as_of)
    listed = tuple(_listed(*pair) for pair in page)
    return SubprocessorsAnswer(**basis(known), **facts, subprocessors=listed)


def uses_table(archive: Archive, query: SubprocessorsQuery, as_of: AsOf) -> TableAnswer:
    """Return the same vendors as a table: a row for each engagement that fits, at each of its places."""
    known, page, facts = _vendors(archive, query, as_of)
    states = (row for _, found in page for row in found)
    table = uses_csv(uses_at_places(known.register, states, known.on, archive.zone))
    return TableAnswer(table, known.register.version, known.sha256, facts["next"])


def _vendors(
    archive: Archive, query: SubprocessorsQuery, as_of: AsOf
) -> tuple[RegisterAsOf, Sequence[tuple[Subprocessor, tuple[EngagementState, ...]]], PageFacts]:
    known = known_by(archive, as_of)
    selection = Selection(archive, query, known)
    rows = ((vendor, selection.of(vendor)) for vendor in known.register.subprocessors)
    return known, *page_of([pair for pair in rows if selection.lists(*pair)], query, known)


def answers(archive: Archive, query: AnswersQuery, as_of: AsOf) -> QuestionnaireAnswer:
    """Return the eight answers for each engagement that fits, a page of them.

    Raises:
        Problem: There is no such category, version, vendor or engagement, or nothing was published by then.
    """
    known = known_by(archive, as_of)
    selection = Selection(archive, query, known)
    check_ids(query, known.register)
    vendors = known.register.subprocessors
    asked = [item for item in vendors if not query.subprocessor or item.id in query.subprocessor]
    fitting = (row for vendor in asked for row in selection.of(vendor))
    rows = [row for row in fitting if not query.engagement or row.engagement.id in query.engagement]
    page, facts = page_of(rows, query, known)
    language = Language.of(known.register.publisher.language)
    questions = {member: language.text(question) for member, question in QUESTIONS.items()}
    say = Values(language, products={item.id: item.title for item in known.register.products})
    given = tuple(questionnaire(row, known.on, archive.promises, say) for row in page)
    return QuestionnaireAnswer(**basis(known), **facts, questions=questions, answers=given)


def subprocessor(archive: Archive, query: SubprocessorQuery, as_of: AsOf) -> SubprocessorAnswer:
    """Return one vendor with its history.

    Raises:
        Problem: There is no such vendor in that version, or nothing was published by then.
    """
    known = known_by(archive, as_of)
    register = known.register
    vendor = next((item for item in register.subprocessors if item.id == query.id), None)
    if vendor is None:
        raise Problem("no-such-subprocessor", f"Version {register.version} has no sub-processor {query.id}.")
    steps, oldest = history(archive, register.version, query.id)
    return SubprocessorAnswer(
        **basis(known),
        subprocessor=_listed(vendor, known.of(vendor)),
        history=steps,
        history_from=oldest,
    )


def upcoming(archive: Archive, query: UpcomingQuery, as_of: AsOf) -> UpcomingAnswer:
    """Return what a day and those after it bring, the nearest first, a page of it.

    Raises:
        Problem: Nothing was published by then.
    """
    known = known_by(archive, as_of)
    page, facts = page_of(events_from(known.register, known.on, archive.zone), query, known)
    return UpcomingAnswer(**basis(known), **facts, upcoming=page)


ANSWERS: Mapping[str, Callable[[Archive, Any, AsOf], Computed | Diff]] = MappingProxyType(
    {
        "listAnswers": answers,
        "listSubprocessors": subprocessors,
        "getSubprocessor": subprocessor,
        "getDiff": diff,
        "listUpcoming": upcoming,
    }
)
"""What computes the answer of each operation (``core.api.questions.QUESTIONS``)."""


TABLES: Mapping[str, Callable[[Archive, Any, AsOf], TableAnswer]] = MappingProxyType(
    {"listSubprocessors": uses_table}
)
"""What computes it as CSV, of those that have a table."""


_FILE = 16 * 1024
"""What it costs to find, open and check a file, as if it were so many bytes that are read."""


def cost_of(archive: Archive, query: msgspec.Struct) -> int:
    """Return about how many bytes an answer is made from, before anything is read.

    Args:
        archive: The versions.
        query: The question; what it asks about may not be there.
    """
    if isinstance(query, DiffQuery):
        return archive.bytes_of(query.older) + archive.bytes_of(query.newer or archive.newest)
    version = query.version if isinstance(query, DatedQuery) and query.version else archive.newest
    diffs = min(version, MOST_DIFFS) if isinstance(query, SubprocessorQuery) else 0
    return archive.bytes_of(version) + diffs * _FILE


def _listed(vendor: Subprocessor, found: Iterable[EngagementState]) -> ListedSubprocessor:
    engagements = tuple(
        ListedEngagement(**msgspec.structs.asdict(row.engagement), state=row.state) for row in found
    )
    return ListedSubprocessor(**{**msgspec.structs.asdict(vendor), "engagements": engagements})
