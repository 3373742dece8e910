"""What publishing sets in a register, recounted: who announced what, in how many days, and what binds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from register_api.core.forms import Number
from register_api.core.judging.judgement import Contradiction
from register_api.core.judging.minors import PlanKey
from register_api.core.model import Draft, NoticeEvent, Register, RegisterSource, SubprocessorSource
from register_api.core.notice import Promises
from register_api.core.rules import identity, promise, states, values, version
from register_api.core.rules.context import Context
from register_api.core.rules.rule_table import REGISTER_FILE, found
from register_api.core.shapes import forms_in
from register_api.core.versioning import made
from register_api.errors import Finding

_BOUNDS = (identity.check_ids, values.check_sizes)
"""Rules without which nothing can be counted."""

_RULES = (
    identity.check_history,
    states.check_dates,
    states.check_plans,
    promise.check_promise,
    version.check_reason,
    version.check_instant,
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
