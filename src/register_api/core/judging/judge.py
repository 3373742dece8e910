"""Judges one version: what was derived from its register and the one before, and by which promises.

The same pure core that publishes recounts (docs/format/judging.md): the version is made anew from what
its register says, and its changes are found anew. Whatever differs contradicts the registers.
"""

from __future__ import annotations

from collections.abc import Iterator

from register_api.core.diff.changes import Diff
from register_api.core.diff.document import untold_changes
from register_api.core.judging.changes import change_faults, untold_here
from register_api.core.judging.derived import (
    broken_bounds,
    broken_rules,
    context_of,
    covers_unknown,
    derived_faults,
    draft_of,
    is_certain,
    recounted,
)
from register_api.core.judging.judgement import Contradiction, Judgement
from register_api.core.judging.minors import PlanKey, as_known_at, without_unknown
from register_api.core.judging.notices import notices_given
from register_api.core.minor import FORMAT_MINOR
from register_api.core.model import Register
from register_api.core.notice import Promises
from register_api.errors import Finding


def judge(
    older: Register | None, newer: Register, diff: Diff | None, promises: Promises, *, whole: bool = True
) -> Judgement:
    """Judge what a publisher derived, from the registers alone.

    Args:
        older: The version before; ``None`` before the first.
        newer: The version that is judged.
        diff: Its diff; ``None`` where it is not at hand.
        promises: Promises of the versions before it, in the time zone that ``newer`` names.
        whole: Whether these are all promises ever made; of others only what is certain is judged.

    Returns:
        What contradicts the registers, what could not be judged, and the notice that was given.
    """
    try:
        return _judge(older, newer, diff, promises, whole=whole)
    except (OverflowError, RecursionError):
        problem = "it names days outside the calendar, or is too deep to be judged"
        where = Contradiction(version=newer.version, where="the register", problem=problem)
        return Judgement(contradictions=(where,))


def _judge(
    older: Register | None, newer: Register, diff: Diff | None, promises: Promises, *, whole: bool
) -> Judgement:
    now, unknown = without_unknown(as_known_at(newer, newer.format_minor))
    before = None
    if older is not None:
        before, more = without_unknown(as_known_at(older, newer.format_minor))
        unknown |= more
    draft, context = draft_of(now), context_of(before, now, promises)
    if bounds := broken_bounds(draft, context):
        return Judgement(contradictions=tuple(_broken(newer.version, bounds)))
    made = recounted(draft, context)
    counted = list(derived_faults(now, made, unknown))
    why = _why_uncertain(context.promises_with(draft), whole=whole)
    certain = [item for item in counted if why is None or is_certain(item)]
    uncertain = why if len(certain) < len(counted) else None
    told = () if diff is None else change_faults(diff, untold_changes(before, now, promises), unknown)
    rules = broken_rules(draft, context)
    return Judgement(
        contradictions=(*certain, *_broken(newer.version, rules), *told),
        not_judged=tuple(_not_judged(newer, diff, unknown, uncertain)),
        given=tuple(notices_given(made if not uncertain else now, promises.zone)),
    )


def _broken(version: int, findings: list[Finding]) -> Iterator[Contradiction]:
    for item in findings:
        place = f"{item.file.removeprefix('subprocessors/').removesuffix('.toml')} {item.key}".strip()
        yield Contradiction(version=version, where=place, problem=f"{item.message} ({item.rule})")


def _why_uncertain(promises: Promises, *, whole: bool) -> str | None:
    """Say why the promises that are known do not decide what was promised, or ``None``."""
    if not whole:
        return "promises from before the first version that was read may bind what it announces"
    if covers_unknown(promises):
        return "a promise covers a kind of change that this program does not know"
    return None


def _not_judged(
    newer: Register, diff: Diff | None, unknown: frozenset[PlanKey], why: str | None
) -> Iterator[str]:
    """Yield what a version says that this program cannot know, in sentences."""
    of = f"version {newer.version}"
    minors = [newer.format_minor, *([diff.format_minor] if diff else [])]
    if max(minors) > FORMAT_MINOR:
        yield (
            f"{of} was written by a later release (format minor {max(minors)}, this program knows "
            f"{FORMAT_MINOR}): what that added"
        )
    if diff is not None and (types := untold_here(diff)):
        yield f"{of}: what changes of these types mean: {', '.join(types)}"
    for vendor, engagement, plan in sorted(unknown, key=str):
        place = "/".join(part for part in (vendor, engagement, plan) if part)
        yield f"{of}, {place}: a planned change sets what this program does not know"
    if why is not None:
        yield f"{of}, notice: {why}"
