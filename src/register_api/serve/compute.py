"""The questions about versions and vendors answered: from an archive and a question to a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core.diff import diff_document
from register_api.core.timeline import state_on
from register_api.core.timeline import upcoming as events_after
from register_api.serve.answer_documents import (
    ListedEngagement,
    ListedSubprocessor,
    SubprocessorAnswer,
    SubprocessorsAnswer,
    UpcomingAnswer,
)
from register_api.serve.filters import Filters, check_categories, is_listed, matching
from register_api.serve.history import history
from register_api.serve.moment import Moment, basis, known_register
from register_api.serve.problems import Problem

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from register_api.core.changes import Diff
    from register_api.core.model import Engagement, Subprocessor
    from register_api.serve.archive import Archive


def diff(archive: Archive, older: int, newer: int) -> Diff:
    """Return the diff of any two versions; of one with itself it is empty.

    Raises:
        Problem: There is no such version.
    """
    for version in (older, newer):
        if not 1 <= version <= archive.newest:
            raise Problem("no-such-version", f"There are versions 1 to {archive.newest}, but no {version}.")
    before, after = archive.register(older), archive.register(newer)
    return diff_document(before, archive.sha256(older), after, archive.sha256(newer), archive.promises)


def subprocessors(archive: Archive, filters: Filters, moment: Moment) -> SubprocessorsAnswer:
    """Return the vendors with engagements that fit.

    Raises:
        Problem: The register has no such category, or nothing was published by then.
    """
    register = known_register(archive, moment)
    check_categories(filters, register)
    found = ((vendor, matching(vendor, filters, moment.on)) for vendor in register.subprocessors)
    listed = (_listed(*pair, moment.on) for pair in found if is_listed(*pair, filters))
    return SubprocessorsAnswer(**basis(archive, register, moment), subprocessors=tuple(listed))


def subprocessor(archive: Archive, wanted: str, moment: Moment) -> SubprocessorAnswer:
    """Return one vendor with its history.

    Raises:
        Problem: There is no such vendor in that version, or nothing was published by then.
    """
    register = known_register(archive, moment)
    vendor = next((item for item in register.subprocessors if item.id == wanted), None)
    if vendor is None:
        raise Problem("no-such-subprocessor", f"Version {register.version} has no sub-processor {wanted}.")
    steps, oldest = history(archive, register.version, wanted)
    return SubprocessorAnswer(
        **basis(archive, register, moment),
        subprocessor=_listed(vendor, vendor.engagements, moment.on),
        history=steps,
        history_from=oldest,
    )


def upcoming(archive: Archive, moment: Moment) -> UpcomingAnswer:
    """Return what will start or end after a day, soonest first.

    Raises:
        Problem: Nothing was published by then.
    """
    register = known_register(archive, moment)
    return UpcomingAnswer(**basis(archive, register, moment), upcoming=events_after(register, moment.on))


def _listed(vendor: Subprocessor, found: Iterable[Engagement], day: dt.date) -> ListedSubprocessor:
    engagements = tuple(
        ListedEngagement(**msgspec.structs.asdict(item), state=state_on(vendor, item, day)) for item in found
    )
    return ListedSubprocessor(**{**msgspec.structs.asdict(vendor), "engagements": engagements})
