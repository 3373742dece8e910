"""The numbered rules R01 to R33: errors and warnings about a source (docs/rules.md)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from register_api.core.model import AcceptedWarning, Draft
from register_api.core.rules import completeness, identity, promise
from register_api.core.rules.rule_table import REGISTER_FILE, RULES, SYNTAX, Rule, found, owners, vendor_file
from register_api.core.timeline import in_effect, settable, typed, vendor_on
from register_api.core.versioning import Context, make_version, unchanged
from register_api.errors import Finding, Malformed

__all__ = ["RULES", "Context", "Rule", "check"]

DraftCheck: TypeAlias = Callable[[Draft, Context], Iterator[Finding]]

STATE_CHECKS: tuple[DraftCheck, ...] = (
    identity.check_references,
    identity.check_forms,
    completeness.check_identifiers,
    completeness.check_statuses,
    completeness.warn_of_transfers,
    completeness.warn_of_remote_access,
)
"""Checks of the state on the day of publication and on each day when a planned change takes effect."""

CHECKS: tuple[DraftCheck, ...] = (
    identity.check_ids,
    identity.check_history,
    *STATE_CHECKS,
    *promise.CHECKS,
    identity.check_order,
    identity.check_sizes,
    identity.check_store,
    completeness.warn_of_missing_fields,
    completeness.warn_of_unstated_data,
    completeness.warn_of_outdated_content,
    completeness.warn_of_similar_names,
    completeness.warn_of_foldable_changes,
    completeness.warn_of_long_objections,
    completeness.warn_of_years_without_holidays,
    completeness.refuse_template_texts,
    completeness.warn_of_no_address,
    promise.check_updated_on,
)
"""All checks that run here; the loader reports syntax errors (R01), the keyring R18."""

_NEED_VALID_VALUES = frozenset({"R10", "R12", "R13", "R20", "R21"})
"""Rules that compare values, such as countries; skipped for a file with invalid values."""

_KEY = re.compile(r"(engagements\[\d+\]\.)?(([A-Za-z0-9_]*).*)")


def check(draft: Draft, context: Context) -> tuple[Finding, ...]:
    """Check a source and return findings in order of rule; without an ``error`` it can be published."""
    findings = _findings(draft, context)
    accepted = draft.register.accepted_warnings
    made = [
        msgspec.structs.replace(item, accepted=next((by.reason for by in accepted if _accepts(by, item)), ""))
        for item in findings
    ]
    for index, by in enumerate(accepted):
        # R33: an accepted warning must still occur, and an error cannot be accepted.
        if not any(_accepts(by, finding) for finding in findings):
            whose = f" for {by.subprocessor}" if by.subprocessor else ""
            message = f"there is no warning of {by.rule}{whose} to accept"
            hint = "take this entry out; an error cannot be accepted"
            made.append(found("R33", REGISTER_FILE, f"accepted_warnings[{index}]", message, hint))
    return tuple(made)


def _accepts(accepted: AcceptedWarning, finding: Finding) -> bool:
    of_file = accepted.subprocessor is None or finding.file == vendor_file(accepted.subprocessor)
    return of_file and finding.rule == accepted.rule and finding.severity == "warning"


def _findings(draft: Draft, context: Context) -> Sequence[Finding]:
    if unset := list(_check_sets(draft)):  # the other checks need planned changes that can be applied
        return unset
    findings = [finding for rule in CHECKS for finding in rule(draft, context)]
    findings += _check_later_states(draft, context, findings)
    faulty = {item.file for item in findings if item.severity == "error" and item.rule in SYNTAX}
    previous, dated = context.previous, draft.register.updated_on is not None
    publishable = all(item.severity != "error" for item in findings)
    if previous and publishable and unchanged(make_version(draft, context), previous, dated=dated):
        message = f"nothing has changed since version {previous.version}"
        findings.append(found("R26", REGISTER_FILE, "", message, "publishing makes no new version"))
    # Values of a file are not compared while one of them is invalid.
    certain = (item for item in findings if item.file not in faulty or item.rule not in _NEED_VALID_VALUES)
    return sorted(certain, key=lambda finding: finding.rule)


def _check_sets(draft: Draft) -> Iterator[Finding]:
    """R01: a planned change sets at least one field of its owner, to a value that the field accepts."""
    for vendor in draft.subprocessors:
        file = vendor_file(vendor.id)
        for prefix, owner in owners(vendor):
            for index, change in enumerate(owner.planned):
                place, can_be_set = f"{prefix}planned[{index}].set", settable(type(owner))
                if not change.set:
                    yield found("R01", file, place, "a planned change sets at least one field")
                for name, value in change.set.items():
                    try:
                        typed(type(owner), name, value)
                    except Malformed as error:
                        hint = "" if name in can_be_set else f"it can set: {', '.join(can_be_set)}"
                        yield found("R01", file, f"{place}.{name}", error.message, hint)


def _check_later_states(draft: Draft, context: Context, known: Sequence[Finding]) -> Iterator[Finding]:
    """Yield findings that first occur on a day when a planned change takes effect."""
    reported = {(item.rule, item.file, item.key) for item in known}
    plans = [plan for item in draft.subprocessors for _, owner in owners(item) for plan in owner.planned]
    for day in sorted({plan.effective_on for plan in plans if plan.cancelled is None}):
        vendors = tuple(vendor_on(vendor, day) for vendor in draft.subprocessors)
        then = msgspec.structs.replace(draft, subprocessors=vendors)
        for item in (item for rule in STATE_CHECKS for item in rule(then, context)):
            key = _planned_key(draft, item, day)
            if reported.isdisjoint({(item.rule, item.file, item.key), (item.rule, item.file, key)}):
                reported.add((item.rule, item.file, key))
                yield msgspec.structs.replace(item, key=key)


def _planned_key(draft: Draft, finding: Finding, day: dt.date) -> str:
    """Return a finding's key inside the planned change that sets the field, or the key unchanged."""
    match = _KEY.fullmatch(finding.key)
    for vendor in draft.subprocessors:
        if match is None or vendor_file(vendor.id) != finding.file:
            continue
        prefix, below, name = match[1] or "", match[2], match[3]
        owner = dict(owners(vendor))[prefix]
        applied = in_effect(owner.planned, day)
        setting = [item for item in applied if name in item.set] or applied
        if setting:
            return f"{prefix}planned[{owner.planned.index(setting[-1])}].set.{below}"
    return finding.key
