"""Judges one version: what was derived from its register and the one before, and by which promises.

The same pure core that publishes recounts (docs/format/judging.md): the version is made anew from what
its register says, and its changes are found anew. Whatever differs contradicts the registers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from register_api.core.changes import Diff
from register_api.core.diff.document import untold_changes
from register_api.core.field_forms import FORMAT_MINOR, Number
from register_api.core.judging.changes import (
    Contradiction,
    Judgement,
    NoticeGiven,
    Outcome,
    change_faults,
    differing,
    untold_here,
)
from register_api.core.judging.other_releases import PlanKey, as_known_at, without_unknown
from register_api.core.model import (
    Announced,
    Draft,
    Engagement,
    NoticeEvent,
    PlannedChange,
    Register,
    RegisterSource,
    SubprocessorSource,
)
from register_api.core.notice_period import Promises, notice_status
from register_api.core.rules import identity, promise, states
from register_api.core.rules.rule_table import REGISTER_FILE, found
from register_api.core.struct_fields import forms_in
from register_api.core.versioning import Context, make_version
from register_api.errors import Finding

_BOUNDS = (identity.check_ids, identity.check_sizes)
"""Rules without which nothing can be counted."""

_RULES = (
    identity.check_history,
    states.check_dates,
    states.check_plans,
    promise.check_promise,
    promise.check_reason,
    promise.check_instant,
)
"""R03 and R09 to R15, which two registers and the promises before them decide."""


def draft_of(register: Register) -> Draft:
    """Return what a register says without what publishing set: the source as the rules judge it."""
    return Draft(
        register=msgspec.convert(register, RegisterSource, from_attributes=True),
        subprocessors=tuple(
            msgspec.convert(vendor, SubprocessorSource, from_attributes=True)
            for vendor in register.subprocessors
        ),
    )


def context_of(older: Register | None, newer: Register, promises: Promises) -> Context:
    """Return what a version was published upon."""
    return Context(
        now=newer.published_at,
        at=newer.published_at if newer.recorded == "imported" else None,
        zone=promises.zone,
        promises=promises,
        reason=newer.reason,
        corrects=newer.corrects,
        previous=older,
        previous_sha256=newer.previous.sha256 if newer.previous else None,
    )


def _broken_bounds(draft: Draft, context: Context) -> Iterator[Finding]:
    """Yield why a register cannot be counted with at all."""
    for rule in _BOUNDS:
        yield from rule(draft, context)
    for key, form, value in forms_in(draft.register.notice, Number):
        if (fault := form.fault(value)) is not None:
            yield found(fault.rule, REGISTER_FILE, f"notice.{key}", fault.message)


def _derived_faults(
    said: Register, follows: Register, unknown: frozenset[PlanKey]
) -> Iterator[Contradiction]:
    """Yield each field that publishing sets and that says something else than what follows."""
    passed_over = frozenset("/".join(filter(None, key)) for key in unknown)
    yield from _of_entry(said.version, "notice", said.notice, follows.notice, passed_over)
    for vendor, recount in zip(said.subprocessors, follows.subprocessors, strict=True):
        yield from _of_entry(said.version, vendor.id, vendor, recount, passed_over)


def _of_entry(
    number: int, place: str, said: Any, follows: Any, passed_over: frozenset[str]
) -> Iterator[Contradiction]:
    if place in passed_over:
        return
    for name, one, other in differing(said, follows, said.__struct_fields__):
        if name == "set":  # what the publisher says and publishing only spells out
            continue
        if isinstance(one, msgspec.Struct) and isinstance(other, msgspec.Struct):
            yield from _of_entry(number, f"{place} {name}", one, other, passed_over)
        elif isinstance(one, tuple) and _holds(one) and len(one) == len(other):
            for item, recount in zip(one, other, strict=True):
                below = getattr(item, "id", None)
                where = f"{place} {name}" if below is None else f"{place}/{below}"
                yield from _of_entry(number, where, item, recount, passed_over)
        else:
            yield Contradiction.between(number, f"{place} {name}", one, other)


def _holds(entries: tuple[Any, ...]) -> bool:
    return bool(entries) and isinstance(entries[0], msgspec.Struct)


def _is_certain(item: Contradiction) -> bool:
    """Tell whether a contradiction stands whatever else was promised.

    Further promises can only ask for more: what a known one covers needs notice in any case.
    """
    if item.where.startswith("notice also_binding"):
        return False
    return item.field in {"version", "at"} or (item.field == "required" and not item.says)


def _notices_given(register: Register, zone: dt.tzinfo) -> Iterator[NoticeGiven]:
    """Yield what a version announces and a promise covers."""
    for vendor in register.subprocessors:
        said: list[tuple[Engagement | None, PlannedChange | None]] = [(None, plan) for plan in vendor.planned]
        for use in vendor.engagements:
            said += [(use, None), *((use, plan) for plan in use.planned)]
        for of, plan in said:
            one = plan or of
            if one and one.announced.version == register.version and one.announced.required:
                effective_on = plan.effective_on if plan else of.starts_on if of else None
                yield NoticeGiven(
                    version=register.version,
                    subprocessor=vendor.id,
                    name=vendor.name,
                    engagement=of.id if of else None,
                    planned=plan.id if plan else None,
                    outcome=_outcome(one.announced),
                    reason=one.short_notice.reason if one.short_notice and not one.announced.met else None,
                    notice=notice_status(one.announced, effective_on, zone),
                )


def _outcome(announced: Announced) -> Outcome:
    if announced.met:
        return "kept"
    return "late" if announced.days is not None and announced.days < 0 else "short"


def judge(
    older: Register | None, newer: Register, diff: Diff | None, promises: Promises, *, whole: bool = True
) -> Judgement:
    """Judge what a publisher derived for a version, from it and the one before alone.

    Args:
        older: The version before; ``None`` before the first.
        newer: The version that is judged.
        diff: Its diff; ``None`` where it is not at hand.
        promises: Promises of the versions before it, in the time zone that ``newer`` names.
        whole: Whether these are all promises ever made; of others only what is certain is judged.
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
    if bounds := list(_broken_bounds(draft, context)):
        return Judgement(contradictions=tuple(_broken(newer.version, bounds)))
    made = make_version(draft, context)
    counted = list(_derived_faults(now, made, unknown))
    why = _why_uncertain(context.promises_with(draft), whole=whole)
    certain = [item for item in counted if why is None or _is_certain(item)]
    uncertain = why if len(certain) < len(counted) else None
    told = () if diff is None else change_faults(diff, untold_changes(before, now, promises), unknown)
    rules = [item for rule in _RULES for item in rule(draft, context) if item.severity == "error"]
    return Judgement(
        contradictions=(*certain, *_broken(newer.version, rules), *told),
        not_judged=tuple(_not_judged(newer, diff, unknown, uncertain)),
        given=tuple(_notices_given(made if not uncertain else now, promises.zone)),
    )


def _broken(version: int, findings: list[Finding]) -> Iterator[Contradiction]:
    for item in findings:
        place = f"{item.file.removeprefix('subprocessors/').removesuffix('.toml')} {item.key}".strip()
        yield Contradiction(version=version, where=place, problem=f"{item.message} ({item.rule})")


def _why_uncertain(promises: Promises, *, whole: bool) -> str | None:
    """Say why the promises that are known do not decide what was promised, or ``None``."""
    if not whole:
        return "promises from before the first version that was read may bind what it announces"
    known = frozenset(get_args(NoticeEvent))
    if any(not known.issuperset(policy.notice.applies_to) for policy in promises.policies):
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
        place = "/".join(filter(None, (vendor, engagement, plan)))
        yield f"{of}, {place}: a planned change sets what this program does not know"
    if why is not None:
        yield f"{of}, notice: {why}"
