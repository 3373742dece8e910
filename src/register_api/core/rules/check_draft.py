"""All rules over one source."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from register_api.core.rules import completeness, identity, planned, promise, regions, states, values, version
from register_api.core.rules.rule_table import OF_FORM, REGISTER_FILE, found, vendor_file
from register_api.core.versioning import made, unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from register_api.core.model import AcceptedWarning, Draft
    from register_api.core.rules.context import Context
    from register_api.errors import Finding

DraftCheck: TypeAlias = "Callable[[Draft, Context], Iterator[Finding]]"

STATE_CHECKS: tuple[DraftCheck, ...] = (
    identity.check_references,
    values.check_forms,
    regions.check_identifiers,
    states.check_statuses,
    regions.warn_of_transfers,
    regions.warn_of_remote_access,
)
"""What is judged of the state on the day of publication, and on each day a planned change takes effect."""

CHECKS: tuple[DraftCheck, ...] = (
    identity.check_ids,
    identity.check_history,
    identity.check_references,
    values.check_forms,
    regions.check_identifiers,
    states.check_statuses,
    states.check_dates,
    states.check_plans,
    promise.check_promise,
    version.check_reason,
    version.check_instant,
    identity.check_order,
    values.check_sizes,
    identity.check_store,
    regions.warn_of_transfers,
    regions.warn_of_remote_access,
    completeness.warn_of_gaps,
    completeness.warn_of_unstated_data,
    completeness.warn_of_age,
    completeness.warn_of_likeness,
    completeness.warn_of_what_can_be_folded,
    completeness.warn_of_long_objections,
    completeness.warn_of_years_without_holidays,
    completeness.refuse_template_texts,
    completeness.warn_of_no_address,
    version.check_updated_on,
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
    unset = list(planned.check_sets(draft))
    if unset:  # what cannot be set has no state to be judged
        return tuple(unset)
    findings = [finding for rule in CHECKS for finding in rule(draft, context)]
    findings += planned.check_states(draft, context, findings, STATE_CHECKS)
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
