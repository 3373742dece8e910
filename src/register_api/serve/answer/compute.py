"""Computes the document that answers each question about versions and vendors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
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
from register_api.core.format import tree
from register_api.core.language.language import Language
from register_api.core.language.values import Values
from register_api.core.model import Subprocessor
from register_api.core.questionnaire.answers import QUESTIONS
from register_api.core.questionnaire.fill import answers as questionnaire
from register_api.core.timeline import EngagementState, engagement_states
from register_api.core.upcoming_events import upcoming as events_from
from register_api.serve.answer.archive import (
    Archive,
    AsOf,
    RegisterAsOf,
    basis,
    check_version,
    decoded,
    known_by,
)
from register_api.serve.answer.query import Selection, check_ids
from register_api.serve.http.problems import Problem

T = TypeVar("T")


def page_of(
    items: Sequence[T], query: UpcomingQuery, known: RegisterAsOf
) -> tuple[tuple[T, ...], dict[str, Any]]:
    """Return the items of the requested page, and the members that describe the page.

    The link to the next page fixes date and version, so that all pages belong to one list even if a new
    version is published in between.
    """
    end, following = query.offset + query.limit, None
    if end < len(items):
        asked = msgspec.structs.replace(
            query, on=known.on, known_at=None, version=known.register.version, offset=end
        )
        given = {name: value for name, value in msgspec.structs.asdict(asked).items() if value is not None}
        values = {name: sorted(v) if isinstance(v, frozenset) else v for name, v in given.items()}
        following = "?" + urlencode(values, doseq=True)
    facts = {"total": len(items), "offset": query.offset, "next": following}
    return tuple(items[query.offset : end]), facts


MAX_STEPS = 100
"""Maximum number of history steps: the latest are returned, older ones are in the feed."""

MAX_DIFFS = 1000
"""Maximum number of versions searched for them, which bounds the time of a request."""


def history(archive: Archive, newest: int, vendor: str) -> tuple[tuple[HistoryStep, ...], int]:
    """Return what each version changed about a vendor, and the oldest version searched."""
    steps: list[HistoryStep] = []
    version, name = newest + 1, f'"{vendor}"'.encode("ascii")
    while version > max(1, newest - MAX_DIFFS + 1) and len(steps) < MAX_STEPS:
        version -= 1
        data = archive.snapshot.read(tree.VERSION_DIFF.path(version))
        found = decoded(data, Diff).changes if name in data else ()
        if changes := tuple(item for item in found if item.concerns(vendor)):
            at = archive.published[version - 1]
            steps.append(HistoryStep(version=version, published_at=at, changes=changes))
    return tuple(steps), version


def diff(archive: Archive, query: DiffQuery, as_of: AsOf) -> Diff:  # noqa: ARG001 (as all of ANSWERS)
    """Return the diff of any two versions, empty if they are the same."""
    older, newer = query.older, query.newer or archive.newest
    for version in (older, newer):
        check_version(version, archive)
    return diff_document(archive.stored(older), archive.stored(newer), archive.promises)


def subprocessors(archive: Archive, query: SubprocessorsQuery, as_of: AsOf) -> SubprocessorsAnswer:
    """Return a page of vendors whose engagements match."""
    known = known_by(archive, as_of)
    selection = Selection(archive, query, known)
    rows = ((vendor, selection.of(vendor)) for vendor in known.register.subprocessors)
    page, facts = page_of([pair for pair in rows if selection.lists(*pair)], query, known)
    listed = tuple(_listed(*pair) for pair in page)
    return SubprocessorsAnswer(**basis(known), **facts, subprocessors=listed)


def uses_table(archive: Archive, found: SubprocessorsAnswer) -> bytes:
    """Return the engagements of a page as CSV: a row per engagement and location."""
    register = archive.register(found.version)
    listed = {(vendor.id, use.id) for vendor in found.subprocessors for use in vendor.engagements}
    states = engagement_states(register, found.on)
    rows = (row for row in states if (row.vendor.id, row.engagement.id) in listed)
    return uses_csv(uses_at_places(register, rows, found.on, archive.zone))


def answers(archive: Archive, query: AnswersQuery, as_of: AsOf) -> QuestionnaireAnswer:
    """Return a page of engagements that match, with the eight answers for each."""
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
    """Return one vendor with its history."""
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
    """Return a page of events on and after a date, nearest first."""
    known = known_by(archive, as_of)
    page, facts = page_of(events_from(known.register, known.on, archive.zone), query, known)
    return UpcomingAnswer(**basis(known), **facts, upcoming=page)


ANSWERS: Mapping[str, Callable[[Archive, Any, AsOf], Computed | Diff]] = {
    "listAnswers": answers,
    "listSubprocessors": subprocessors,
    "getSubprocessor": subprocessor,
    "getDiff": diff,
    "listUpcoming": upcoming,
}
"""Function for each operation (``core.api.questions.QUESTIONS``)."""

_FILE = 16 * 1024
"""Cost of opening and checking a file, expressed in bytes read."""


def cost_of(archive: Archive, query: msgspec.Struct) -> int:
    """Return the estimated cost of an answer in bytes read, without reading anything."""
    if isinstance(query, DiffQuery):
        return archive.bytes_of(query.older) + archive.bytes_of(query.newer or archive.newest)
    version = query.version if isinstance(query, DatedQuery) and query.version else archive.newest
    diffs = min(version, MAX_DIFFS) if isinstance(query, SubprocessorQuery) else 0
    return archive.bytes_of(version) + diffs * _FILE


def _listed(vendor: Subprocessor, found: Iterable[EngagementState]) -> ListedSubprocessor:
    engagements = tuple(
        ListedEngagement(**msgspec.structs.asdict(row.engagement), state=row.state) for row in found
    )
    return ListedSubprocessor(**{**msgspec.structs.asdict(vendor), "engagements": engagements})
