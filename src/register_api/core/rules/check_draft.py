"""All rules over one source."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from register_api.core.model import (
    AcceptedWarning,
    Draft,
    EngagementSource,
    PlannedChangeSource,
    SubprocessorSource,
)
from register_api.core.planned_changes import days_of_effect, in_effect, settable, typed, vendors_on
from register_api.core.rules import completeness, identity, promise, states
from register_api.core.rules.rule_table import OF_FORM, REGISTER_FILE, found, place_of, vendor_file
from register_api.core.versioning import Context, made, unchanged
from register_api.errors import Finding, Malformed

DraftCheck: TypeAlias = Callable[[Draft, Context], Iterator[Finding]]

STATE_CHECKS: tuple[DraftCheck, ...] = (
    identity.check_references,
    identity.check_forms,
    completeness.check_identifiers,
    states.check_statuses,
    completeness.warn_of_transfers,
    completeness.warn_of_remote_access,
)
"""What is judged of the state on the day of publication, and on each day a planned change takes effect."""

CHECKS: tuple[DraftCheck, ...] = (
    identity.check_ids,
    identity.check_history,
    identity.check_references,
    identity.check_forms,
    completeness.check_identifiers,
    states.check_statuses,
    states.check_dates,
    states.check_plans,
    promise.check_promise,
    promise.check_reason,
    promise.check_instant,
    identity.check_order,
    identity.check_sizes,
    identity.check_store,
    completeness.warn_of_transfers,
    completeness.warn_of_remote_access,
    completeness.warn_of_gaps,
    completeness.warn_of_unstated_data,
    completeness.warn_of_age,
    completeness.warn_of_likeness,
    completeness.warn_of_what_can_be_folded,
    completeness.warn_of_long_objections,
    completeness.warn_of_years_without_holidays,
    completeness.refuse_template_texts,
    completeness.warn_of_no_address,
    promise.check_updated_on,
)
"""What is checked here. The loader finds R01 (what it cannot read is no draft), the keyring R18."""


_RECKONING = frozenset({"R10", "R12", "R13", "R20", "R21"})
"""Rules of what changed since the last version, and of places: a misspelt country is neither."""


def check(draft: Draft, context: Context) -> tuple[Finding, ...]:
    """Judge a source by all rules that need nothing but the source and what was published before.

    Args:
        draft: The loaded source.
        context: What was published before, when, and why it is published now.

    Returns:
        Findings in order of rule, accepted warnings among them; none with severity ``error`` means it may
        be published.
    """
    findings = _judged(draft, context)
    return (*_accepted(draft, findings), *_accepted_in_vain(draft, findings))


def _judged(draft: Draft, context: Context) -> tuple[Finding, ...]:
    unset = list(check_sets(draft))
    if unset:  # what cannot be set has no state to be judged
        return tuple(unset)
    findings = [finding for rule in CHECKS for finding in rule(draft, context)]
    findings += check_states(draft, context, findings, STATE_CHECKS)
    if not any(finding.severity == "error" for finding in findings):
        findings += _nothing_new(draft, context)
    return tuple(sorted(_without_consequences(findings), key=lambda finding: finding.rule))


def _without_consequences(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield findings but for those that reckon with values of a file of which one is not valid."""
    faulty = {item.file for item in findings if item.severity == "error" and item.rule in OF_FORM}
    return (item for item in findings if item.file not in faulty or item.rule not in _RECKONING)


def _accepts(accepted: AcceptedWarning, finding: Finding) -> bool:
    of_file = accepted.subprocessor is None or finding.file == vendor_file(accepted.subprocessor)
    return of_file and finding.rule == accepted.rule and finding.severity == "warning"


def _accepted(draft: Draft, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield findings; a warning with the publisher's reason for it, where the source gives one."""
    for finding in findings:
        reasons = (item.reason for item in draft.register.accepted_warnings if _accepts(item, finding))
        yield msgspec.structs.replace(finding, accepted=next(reasons, ""))


def _accepted_in_vain(draft: Draft, findings: Sequence[Finding]) -> Iterator[Finding]:
    """R33: what nothing warns of needs no reason; of an error none would be heard."""
    for index, accepted in enumerate(draft.register.accepted_warnings):
        if not any(_accepts(accepted, finding) for finding in findings):
            whose = f" for {accepted.subprocessor}" if accepted.subprocessor else ""
            message = f"there is no warning of {accepted.rule}{whose} to accept"
            hint = "take this entry out; an error cannot be accepted"
            yield found("R33", REGISTER_FILE, f"accepted_warnings[{index}]", message, hint)


def _nothing_new(draft: Draft, context: Context) -> Iterator[Finding]:
    """R26: publishing the same again makes no version."""
    dated = draft.register.updated_on is not None
    if context.previous is not None and unchanged(made(draft, context), context.previous, dated=dated):
        message = f"nothing has changed since version {context.previous.version}"
        yield found("R26", REGISTER_FILE, "", message, "publishing makes no new version")


_ENGAGEMENT = re.compile(r"engagements\[(\d+)\]\.?")
_FIRST_NAME = re.compile(r"[A-Za-z0-9_]+")


def check_sets(draft: Draft) -> Iterator[Finding]:
    """R01: a planned change sets at least one field of its owner, to a value that the field takes."""
    for vendor, engagement, change in _all_planned(draft.subprocessors):
        kind = SubprocessorSource if engagement is None else EngagementSource
        place = place_of(vendor, engagement.id if engagement else None, change.id)
        file = vendor_file(vendor.id)
        if not change.set:
            yield found("R01", file, f"{place}.set", "a planned change sets at least one field")
        for name, value in change.set.items():
            try:
                typed(kind, name, value)
            except Malformed as error:
                hint = "" if name in settable(kind) else f"it can set: {', '.join(settable(kind))}"
                yield found("R01", file, f"{place}.set.{name}", error.message, hint)


def _all_planned(
    vendors: Iterable[SubprocessorSource],
) -> Iterator[tuple[SubprocessorSource, EngagementSource | None, PlannedChangeSource]]:
    for vendor in vendors:
        for change in vendor.planned:
            yield vendor, None, change
        for engagement in vendor.engagements:
            for change in engagement.planned:
                yield vendor, engagement, change


def check_states(
    draft: Draft,
    context: Context,
    known: list[Finding],
    checks: Iterable[Callable[[Draft, Context], Iterator[Finding]]],
) -> list[Finding]:
    """Judge what holds on each day on which a planned change takes effect."""
    said = {_what(item) for item in known}
    found_then: list[Finding] = []
    for day in days_of_effect(draft.subprocessors):
        then = msgspec.structs.replace(draft, subprocessors=vendors_on(draft.subprocessors, day))
        for rule in checks:
            for item in rule(then, context):
                placed = msgspec.structs.replace(item, key=_brought_by(draft, item, day))
                if said.isdisjoint({_what(item), _what(placed)}):
                    said.add(_what(placed))
                    found_then.append(placed)
    return found_then


def _what(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.file, finding.key


def _brought_by(draft: Draft, finding: Finding, day: dt.date) -> str:
    """Return the key of a finding in the planned change that set the field, or as it was."""
    vendor = next((item for item in draft.subprocessors if vendor_file(item.id) == finding.file), None)
    if vendor is None:
        return finding.key
    match = _ENGAGEMENT.match(finding.key)
    owner = vendor.engagements[int(match[1])] if match else None
    below = finding.key[match.end() :] if match else finding.key
    name = _FIRST_NAME.match(below)
    planned = owner.planned if owner is not None else vendor.planned
    applied = in_effect(planned, day)
    setting = [item for item in applied if name is not None and name[0] in item.set] or applied
    if not setting:
        return finding.key
    return f"{place_of(vendor, owner.id if owner is not None else None, setting[-1].id)}.set.{below}"
