"""Judges one version: what was derived from its register and the one before, and by which promises.

The same pure core that publishes recounts (docs/format/judging.md): the version is made anew from what
its register says, and its changes are found anew. Whatever differs contradicts the registers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from register_api.core.diff.changes import Diff
from register_api.core.diff.document import untold_changes
from register_api.core.forms import FORMAT_MINOR, Number
from register_api.core.judging.changes import (
    Contradiction,
    Judgement,
    NoticeGiven,
    Outcome,
    change_faults,
    untold_here,
)
from register_api.core.judging.minors import PlanKey, as_known_at, without_unknown
from register_api.core.model import (
    Announced,
    Draft,
    Engagement,
    NoticeEvent,
    PlannedChange,
    Register,
    RegisterSource,
    Subprocessor,
    SubprocessorSource,
)
from register_api.core.notice import Promises, notice_status
from register_api.core.rules import identity, promise, states
from register_api.core.rules.rule_table import REGISTER_FILE, found
from register_api.core.shapes import forms_in
from register_api.core.versioning import Context, made
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

_OLDER_PROMISES = "notice also_binding"

_CONTENT = frozenset({"set"})
"""What the publisher says and publishing only spells out."""


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


def broken_bounds(draft: Draft, context: Context) -> list[Finding]:
    """Return why a register cannot be counted with at all."""
    return [
        *(item for rule in _BOUNDS for item in rule(draft, context)),
        *(
            found(fault.rule, REGISTER_FILE, f"notice.{key}", fault.message)
            for key, form, value in forms_in(draft.register.notice, Number)
            if (fault := form.fault(value)) is not None
        ),
    ]


def broken_rules(draft: Draft, context: Context) -> list[Finding]:
    """Return what breaks a rule that every published version keeps."""
    return [item for rule in _RULES for item in rule(draft, context) if item.severity == "error"]


def recounted(draft: Draft, context: Context) -> Register:
    """Return the register as publishing would have set it."""
    return made(draft, context)


def derived_faults(
    said: Register, follows: Register, unknown: frozenset[PlanKey] = frozenset()
) -> Iterator[Contradiction]:
    """Yield each field that publishing sets and that says something else than what follows."""
    passed_over = frozenset("/".join(part for part in key if part) for key in unknown)
    entries: list[tuple[str, Any, Any]] = [("notice", said.notice, follows.notice)]
    entries += [
        (vendor.id, vendor, recount)
        for vendor, recount in zip(said.subprocessors, follows.subprocessors, strict=True)
    ]
    for place, one, other in entries:
        yield from _of_entry(said.version, place, one, other, passed_over)


def _of_entry(
    number: int, place: str, said: Any, follows: Any, passed_over: frozenset[str]
) -> Iterator[Contradiction]:
    if said == follows or place in passed_over:
        return
    for name in said.__struct_fields__:
        one, other = getattr(said, name), getattr(follows, name)
        if one == other or name in _CONTENT:
            continue
        if isinstance(one, msgspec.Struct) and isinstance(other, msgspec.Struct):
            yield from _of_entry(number, f"{place} {name}", one, other, passed_over)
        elif _holds_entries(one) and len(one) == len(other):
            for item, recount in zip(one, other, strict=True):
                below = getattr(item, "id", None)
                where = f"{place} {name}" if below is None else f"{place}/{below}"
                yield from _of_entry(number, where, item, recount, passed_over)
        else:
            yield Contradiction.between(number, f"{place} {name}", one, other)


def _holds_entries(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], msgspec.Struct)


def covers_unknown(promises: Promises) -> bool:
    """Tell whether a promise covers a kind of change that this program cannot tell from others."""
    known = frozenset(get_args(NoticeEvent))
    return any(not known.issuperset(policy.notice.applies_to) for policy in promises.policies)


def is_certain(item: Contradiction) -> bool:
    """Tell whether a contradiction stands whatever else was promised.

    Further promises can only ask for more: what a known one covers needs notice in any case.
    """
    if item.where.startswith(_OLDER_PROMISES):
        return False
    return item.field in {"version", "at"} or (item.field == "required" and not item.says)


def notices_given(register: Register, zone: dt.tzinfo) -> Iterator[NoticeGiven]:
    """Yield what a version announces and a promise covers."""
    for vendor in register.subprocessors:
        for plan in vendor.planned:
            yield from _given(register.version, vendor, None, plan, zone)
        for use in vendor.engagements:
            yield from _given(register.version, vendor, use, None, zone)
            for plan in use.planned:
                yield from _given(register.version, vendor, use, plan, zone)


def _given(
    version: int, vendor: Subprocessor, use: Engagement | None, plan: PlannedChange | None, zone: dt.tzinfo
) -> Iterator[NoticeGiven]:
    said = plan or use
    if said is None or said.announced.version != version or not said.announced.required:
        return
    announced, effective_on = said.announced, plan.effective_on if plan else use.starts_on if use else None
    yield NoticeGiven(
        version=version,
        subprocessor=vendor.id,
        name=vendor.name,
        engagement=use.id if use else None,
        planned=plan.id if plan else None,
        outcome=_outcome(announced),
        reason=said.short_notice.reason if said.short_notice and not announced.met else None,
        notice=notice_status(announced, effective_on, zone),
    )


def _outcome(announced: Announced) -> Outcome:
    if announced.met:
        return "kept"
    return "late" if announced.days is not None and announced.days < 0 else "short"


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
