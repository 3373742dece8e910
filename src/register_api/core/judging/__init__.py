"""Recomputes what a publisher derived for a version and reports differences (docs/format/judging.md).

The version and its changes are rebuilt from the register, the one before and the promises, with the code
that publishes. Across minor numbers only what both programs know is compared: fields newer than the writer's
minor number get their defaults; unknown fields set by planned changes are listed and left out.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from register_api.core import model
from register_api.core.announcements import announcements
from register_api.core.changes import ChangeType, Diff
from register_api.core.diff.document import changes_without_summaries
from register_api.core.field_forms import FORMAT_MINOR, Number
from register_api.core.judging.bounds import announcements_of, impossible_counts
from register_api.core.judging.changes import (
    Contradiction,
    Judgement,
    NoticeGiven,
    PlanKey,
    change_faults,
    differing,
)
from register_api.core.model import Draft, PlannedChange, Register
from register_api.core.notice_period import Promises, notice_status
from register_api.core.rules import identity, promise
from register_api.core.rules.rule_table import REGISTER_FILE, found
from register_api.core.struct_fields import forms_in
from register_api.core.timeline import replanned, typed
from register_api.core.versioning import Context, make_version
from register_api.errors import Finding, Malformed

_SIZE_RULES = (identity.check_ids, identity.check_sizes)
"""Rules that must hold before anything is recomputed."""

_RULES = (identity.check_history, *promise.CHECKS)
"""R03 and R09 to R15: rules that need only two registers and the earlier promises."""


def draft_of(register: Register) -> Draft:
    """Return a register without the fields set by publishing: the source as the rules check it."""
    return Draft(
        register=msgspec.convert(register, model.RegisterSource, from_attributes=True),
        subprocessors=tuple(
            msgspec.convert(vendor, model.SubprocessorSource, from_attributes=True)
            for vendor in register.subprocessors
        ),
    )


def context_of(older: Register | None, newer: Register, promises: Promises) -> Context:
    """Return the context in which a version was published."""
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


def judge(
    older: Register | None, newer: Register, diff: Diff | None, promises: Promises, *, whole: bool = True
) -> Judgement:
    """Check what a publisher derived for a version against that version and the one before.

    ``promises`` are those of earlier versions, in this version's time zone. Unless they are the ``whole``
    history of promises, only what further promises could not change is judged.
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
    now, unknown = _without_unknown(_as_of_minor(newer, newer.format_minor))
    before = None
    if older is not None:
        before, more = _without_unknown(_as_of_minor(older, newer.format_minor))
        unknown |= more
    draft, context = draft_of(now), context_of(before, now, promises)
    bounds = [item for rule in _SIZE_RULES for item in rule(draft, context)]
    for key, form, value in forms_in(draft.register.notice, Number):
        if (fault := form.fault(value)) is not None:
            bounds.append(found(fault.rule, REGISTER_FILE, f"notice.{key}", fault.message))
    if bounds:
        return Judgement(contradictions=tuple(_rule_violations(newer.version, bounds)))
    rebuilt = make_version(draft, context)
    skipped = frozenset("/".join(filter(None, key)) for key in unknown)
    counted = list(_entry_faults(now.version, "notice", now.notice, rebuilt.notice, skipped))
    for vendor, recount in zip(now.subprocessors, rebuilt.subprocessors, strict=True):
        counted += _entry_faults(now.version, vendor.id, vendor, recount, skipped)
    why = _why_uncertain(context.promises_with(draft), whole=whole)
    starts = _changed_starts(draft, context) if why is not None else frozenset()
    certain = [item for item in counted if why is None or _is_certain(item, starts)]
    if why is not None:
        certain += impossible_counts(now, rebuilt, promises.zone, skipped)
    uncertain = why if len(certain) < len(counted) else None
    change_contradictions = (
        () if diff is None else change_faults(diff, changes_without_summaries(before, now, promises), unknown)
    )
    rules = [item for rule in _RULES for item in rule(draft, context) if item.severity == "error"]
    return Judgement(
        contradictions=(*certain, *_rule_violations(newer.version, rules), *change_contradictions),
        not_judged=tuple(_not_judged(newer, diff, unknown, uncertain)),
        given=tuple(_notices_given(now if uncertain and not certain else rebuilt, promises.zone)),
    )


def _as_of_minor(value: Any, minor: int) -> Any:
    """Return a document in which fields added after a minor number have their defaults."""
    if isinstance(value, tuple):
        return tuple(_as_of_minor(item, minor) for item in value)
    if minor >= FORMAT_MINOR or not isinstance(value, msgspec.Struct):
        return value
    since = _introduced(type(value))
    fields = {
        name: _as_of_minor(getattr(value, name), minor) if since[name][0] <= minor else since[name][1]
        for name in value.__struct_fields__
    }
    return replace(value, **fields)


@functools.cache
def _introduced(kind: type[msgspec.Struct]) -> dict[str, tuple[int, Any]]:
    """Return for each field the minor number that added it to the format, and its default."""
    found = {}
    for field in msgspec.structs.fields(kind):
        extras = [meta.extra or {} for meta in getattr(field.type, "__metadata__", ())]
        found[field.name] = max((extra.get("since", 0) for extra in extras), default=0), field.default
    return found


def _without_unknown(register: Register) -> tuple[Register, frozenset[PlanKey]]:
    """Return a register without unknown fields in planned changes, and the changes that had some."""
    unknown: list[PlanKey] = []

    def known(vendor: str, engagement: str | None, owner: Any) -> Iterator[PlannedChange]:
        for plan in owner.planned:
            values = {name: value for name, value in plan.set.items() if _is_known(type(owner), name, value)}
            if len(values) < len(plan.set):
                unknown.append((vendor, engagement, plan.id))
            yield replace(plan, set=values)

    vendors = [replanned(item, functools.partial(known, item.id)) for item in register.subprocessors]
    return replace(register, subprocessors=tuple(vendors)), frozenset(unknown)


def _is_known(kind: type[msgspec.Struct], name: str, value: Any) -> bool:
    try:
        typed(kind, name, value)
    except Malformed:
        return False
    return True


def _entry_faults(
    number: int, place: str, published: Any, expected: Any, skipped: frozenset[str]
) -> Iterator[Contradiction]:
    """Yield each field of an entry whose published value differs from the recomputed one."""
    if place in skipped:
        return
    for name, one, other in differing(published, expected, published.__struct_fields__):
        if name == "set":  # from the source; publishing only writes it out in full
            continue
        if isinstance(one, msgspec.Struct) and isinstance(other, msgspec.Struct):
            yield from _entry_faults(number, f"{place} {name}", one, other, skipped)
        elif isinstance(one, tuple) and one and isinstance(one[0], msgspec.Struct) and len(one) == len(other):
            for item, recount in zip(one, other, strict=True):
                below = getattr(item, "id", None)
                where = f"{place} {name}" if below is None else f"{place}/{below}"
                yield from _entry_faults(number, where, item, recount, skipped)
        else:
            yield Contradiction.between(number, f"{place} {name}", one, other)


def _changed_starts(draft: Draft, context: Context) -> frozenset[str]:
    """Return the starts that a version announces again if a promise covers what it changes."""
    return frozenset(
        "/".join(filter(None, (vendor.id, item.engagement, item.planned)))
        for vendor in draft.subprocessors
        for item in announcements(context.known.get(vendor.id), vendor, context.day, context.reason.kind)
        if item.changes_start
    )


def _is_certain(item: Contradiction, changed_starts: frozenset[str]) -> bool:
    """Tell whether a contradiction holds whatever else was promised: more promises only require more."""
    if item.where.startswith("notice also_binding"):
        return False
    place, *members = item.where.split()
    if not {"cancelled", "withdrawn"}.isdisjoint(members):  # never needs notice
        return True
    if item.field in {"version", "at"}:
        return place not in changed_starts or members != ["announced", item.field]
    return item.field == "required" and not item.published


def _notices_given(register: Register, zone: dt.tzinfo) -> Iterator[NoticeGiven]:
    """Yield the announcements of a version that a promise covers."""
    for vendor in register.subprocessors:
        for engagement, planned, effective_on, one in announcements_of(vendor):
            announced = one.announced
            if announced.version != register.version or not announced.required:
                continue
            late = announced.days is not None and announced.days < 0
            yield NoticeGiven(
                version=register.version,
                subprocessor=vendor.id,
                name=vendor.name,
                engagement=engagement,
                planned=planned,
                outcome="kept" if announced.met else "late" if late else "short",
                reason=one.short_notice.reason if one.short_notice and not announced.met else None,
                notice=notice_status(announced, effective_on, zone),
            )


def _rule_violations(version: int, findings: list[Finding]) -> Iterator[Contradiction]:
    for item in findings:
        place = f"{item.file.removeprefix('subprocessors/').removesuffix('.toml')} {item.key}".strip()
        yield Contradiction(version=version, where=place, problem=f"{item.message} ({item.rule})")


def _why_uncertain(promises: Promises, *, whole: bool) -> str | None:
    """Return why the known promises do not determine what was promised, or ``None``."""
    if not whole:
        return "promises from before the first version that was read may bind what it announces"
    known = frozenset(get_args(model.NoticeEvent))
    if any(not known.issuperset(policy.notice.applies_to) for policy in promises.policies):
        return "a promise covers a kind of change that this program does not know"
    return None


def _not_judged(
    newer: Register, diff: Diff | None, unknown: frozenset[PlanKey], why: str | None
) -> Iterator[str]:
    """Yield sentences about what this program cannot judge in a version."""
    of = f"version {newer.version}"
    minors = [newer.format_minor, *([diff.format_minor] if diff else [])]
    if max(minors) > FORMAT_MINOR:
        yield (
            f"{of} was written by a later release (format minor {max(minors)}, this program knows "
            f"{FORMAT_MINOR}): what that added"
        )
    reported = dict.fromkeys(change.type for change in diff.changes) if diff is not None else {}
    if types := [type_ for type_ in reported if type_ not in get_args(ChangeType)]:
        yield f"{of}: what changes of these types mean: {', '.join(types)}"
    for vendor, engagement, plan in sorted(unknown, key=str):
        place = "/".join(filter(None, (vendor, engagement, plan)))
        yield f"{of}, {place}: a planned change sets what this program does not know"
    if why is not None:
        yield f"{of}, notice: {why}"
