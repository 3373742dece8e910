"""The questions about versions and vendors answered: from an archive and a question to a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core.diff.document import diff_document
from register_api.core.questionnaire.answers import QUESTIONS
from register_api.core.questionnaire.fill import answers as questionnaire
from register_api.core.timeline import upcoming as events_after
from register_api.serve.answer.documents import (
    ListedEngagement,
    ListedSubprocessor,
    QuestionnaireAnswer,
    SubprocessorAnswer,
    SubprocessorsAnswer,
    UpcomingAnswer,
)
from register_api.serve.answer.filters import check_categories, check_ids, is_listed, matching
from register_api.serve.answer.history import history
from register_api.serve.answer.moment import basis, known_by
from register_api.serve.answer.paging import page_of
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from register_api.core.diff.changes import Diff
    from register_api.core.model import Subprocessor
    from register_api.core.two_clocks import Moment, Standing
    from register_api.serve.answer.archive import Archive
    from register_api.serve.answer.paging import Question


def diff(archive: Archive, older: int, newer: int) -> Diff:
    """Return the diff of any two versions; of one with itself it is empty.

    Raises:
        Problem: There is no such version.
    """
    for version in (older, newer):
        if not 1 <= version <= archive.newest:
            raise Problem("no-such-version", f"There are versions 1 to {archive.newest}, but no {version}.")
    return diff_document(archive.stored(older), archive.stored(newer), archive.promises)


def subprocessors(archive: Archive, question: Question) -> SubprocessorsAnswer:
    """Return the vendors with engagements that fit, a page of them.

    Raises:
        Problem: The register has no such category, or nothing was published by then.
    """
    known = known_by(archive, question.moment)
    filters = question.filters
    check_categories(filters, known.register, archive.register(archive.newest))
    rows = ((vendor, matching(vendor, filters, known)) for vendor in known.register.subprocessors)
    page, facts = page_of([pair for pair in rows if is_listed(*pair, filters)], question)
    listed = tuple(_listed(*pair) for pair in page)
    return SubprocessorsAnswer(**basis(known), **facts, subprocessors=listed)


def answers(archive: Archive, question: Question) -> QuestionnaireAnswer:
    """Return the eight answers for each engagement that fits, a page of them.

    Raises:
        Problem: There is no such category, vendor or engagement, or nothing was published by then.
    """
    known = known_by(archive, question.moment)
    filters = question.filters
    check_categories(filters, known.register, archive.register(archive.newest))
    check_ids(filters, known.register)
    rows = [row for vendor in known.register.subprocessors for row in matching(vendor, filters, known)]
    page, facts = page_of(rows, question)
    given = tuple(questionnaire(row, known.on, archive.promises) for row in page)
    return QuestionnaireAnswer(**basis(known), **facts, questions=dict(QUESTIONS), answers=given)


def subprocessor(archive: Archive, wanted: str, moment: Moment) -> SubprocessorAnswer:
    """Return one vendor with its history.

    Raises:
        Problem: There is no such vendor in that version, or nothing was published by then.
    """
    known = known_by(archive, moment)
    register = known.register
    vendor = next((item for item in register.subprocessors if item.id == wanted), None)
    if vendor is None:
        raise Problem("no-such-subprocessor", f"Version {register.version} has no sub-processor {wanted}.")
    steps, oldest = history(archive, register.version, wanted)
    return SubprocessorAnswer(
        **basis(known),
        subprocessor=_listed(vendor, known.of(vendor)),
        history=steps,
        history_from=oldest,
    )


def upcoming(archive: Archive, question: Question) -> UpcomingAnswer:
    """Return what will start or end after a day, soonest first, a page of it.

    Raises:
        Problem: Nothing was published by then.
    """
    known = known_by(archive, question.moment)
    page, facts = page_of(events_after(known.register, known.on), question)
    return UpcomingAnswer(**basis(known), **facts, upcoming=page)


def _listed(vendor: Subprocessor, found: Iterable[Standing]) -> ListedSubprocessor:
    engagements = tuple(
        ListedEngagement(**msgspec.structs.asdict(row.engagement), state=row.state) for row in found
    )
    return ListedSubprocessor(**{**msgspec.structs.asdict(vendor), "engagements": engagements})
