"""R01 and the rules of state for planned changes: what they set, and what holds once they take effect."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from register_api.core.model import Draft, EngagementSource, PlannedChangeSource, SubprocessorSource
from register_api.core.planned_changes import days_of_effect, in_effect, settable, typed, vendors_on
from register_api.core.rules.context import Context
from register_api.core.rules.rule_table import found, place_of, vendor_file
from register_api.errors import Finding, Malformed

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
