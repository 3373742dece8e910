"""R02 to R06, R16, R17, R19: stable ids, references between entries, and the format of every value."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from register_api.core.field_forms import ASSIGNED, SLUG, TEXT, Form, Reference
from register_api.core.language.language import ENGLISH, languages
from register_api.core.model import AnyVendor, Draft, PlannedChange, Subprocessor, SubprocessorSource
from register_api.core.rules.rule_table import REGISTER_FILE, found, owners, vendor_file
from register_api.core.struct_fields import forms_in
from register_api.core.text import is_slug, nearest
from register_api.core.timeline import ONE_DAY, engagement_on, plan_owners, vendor_on
from register_api.core.versioning import Context
from register_api.errors import Finding

_LIMITS = {"vendors": 10_000, "engagements": 100, "planned changes": 200}
"""Maximum vendors per register; engagements, and planned changes including theirs, per vendor."""

_NO_SLUG = re.compile("[^a-z0-9]+")

_CHOICES = 12
"""How many known ids a hint lists: about one line."""


def check_ids(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R02: ids are unique within their list."""
    register = draft.register
    for key in ("categories", "statuses", "products"):
        yield from _check_unique(REGISTER_FILE, key, getattr(register, key))
    for vendor in draft.subprocessors:
        yield from _check_unique(vendor_file(vendor.id), "engagements", vendor.engagements)
        for prefix, owner in owners(vendor):
            yield from _check_unique(vendor_file(vendor.id), f"{prefix}planned", owner.planned)
    for vendor_id, times in Counter(vendor.id for vendor in draft.subprocessors).items():
        if times > 1:
            yield found("R02", vendor_file(vendor_id), "id", f"{times} vendors have the id {vendor_id!r}")


def _check_unique(file: str, key: str, entries: Sequence[Any]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.id in seen:
            yield found("R02", file, f"{key}[{index}].id", f"the id {entry.id!r} appears twice in {key}")
        seen.add(entry.id)


def check_history(draft: Draft, context: Context) -> Iterator[Finding]:
    """R03: a published id stays in the register and keeps denoting the same legal entity."""
    now = {vendor.id: vendor for vendor in draft.subprocessors}
    for old in context.previous.subprocessors if context.previous else ():
        new = now.get(old.id)
        if new is None:
            yield _missing(f"the vendor {old.id!r} was published and is missing now", vendor_file(old.id), "")
            continue
        yield from _check_entries(old, new, context.day)
        if context.reason.kind != "correction":
            hint = "give the new entity an id of its own, with replaces, or publish with --corrects N"
            pair = vendor_on(old, context.day), vendor_on(new, context.day)
            yield from _check_entity(*pair, "legal_name", hint)
    for vendor in draft.subprocessors:
        for index, change in enumerate(vendor.planned):
            day = change.effective_on
            if change.cancelled is None and day > context.day:
                hint = "give the new entity an id of its own, with replaces and a starts_on"
                known = vendor_on(vendor, day - ONE_DAY)
                yield from _check_entity(known, vendor_on(vendor, day), f"planned[{index}].set", hint)


def _check_entity(before: AnyVendor, after: AnyVendor, key: str, hint: str) -> Iterator[Finding]:
    renamed = before.legal_name is not None and before.legal_name != after.legal_name
    if renamed and before.kind != after.kind:
        entity = f"{before.legal_name!r} ({before.kind})"
        message = f"the id {before.id!r} denoted {entity} and is used for another entity"
        yield found("R03", vendor_file(before.id), key, message, hint)


def _check_entries(old: Subprocessor, new: SubprocessorSource, day: dt.date) -> Iterator[Finding]:
    """Yield engagements and planned changes that are missing, except changes that have been folded."""
    file = vendor_file(old.id)
    successors: dict[str | None, tuple[str, Any]] = {
        (owner.id if prefix else None): (prefix, owner) for prefix, owner in owners(new)
    }
    for key, owner in plan_owners(old):
        if key not in successors:
            yield _missing(f"the engagement {key!r} was published and is missing now", file, "engagements")
            continue
        prefix, successor = successors[key]
        kept = {item.id for item in successor.planned}
        for change in owner.planned:
            if change.id not in kept and not _is_folded(change, owner, successor, day):
                message = f"the planned change {change.id!r} was published and is missing now"
                hint = (
                    'cancel it with a reason (cancelled = { reason = "…" }); '
                    "one that has taken effect is written into the base fields by register-api fold"
                )
                yield found("R03", file, f"{prefix}planned", message, hint)


def _is_folded(change: PlannedChange, owner: Any, successor: Any, day: dt.date) -> bool:
    """Tell whether a planned change has taken effect and is contained in the new source's base fields."""
    if change.cancelled is not None or change.effective_on > day:
        return False
    on: Callable[[Any, dt.date], Any] = vendor_on if isinstance(owner, Subprocessor) else engagement_on
    before, after = on(owner, day), on(successor, day)
    return all(getattr(before, name) == getattr(after, name) for name in change.set)


def _missing(message: str, file: str, key: str) -> Finding:
    hint = (
        "bring it back (without Git: register-api import register.json --into elsewhere makes the source of"
        " what was published); end it by ends_on, or withdraw the vendor with a reason;"
        " who takes over names the old vendor in merged_from, split_from or replaces"
    )
    return found("R03", file, key, message, hint)


def check_references(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R04: referenced categories, products, statuses and vendors exist; no chain forms a cycle."""
    register = draft.register
    listed: dict[str, Sequence[Any]] = {
        "category": register.categories,
        "product": register.products,
        "status": register.statuses,
        "vendor": draft.subprocessors,
    }
    known = {what: dict.fromkeys(item.id for item in items) for what, items in listed.items()}
    for vendor in draft.subprocessors:
        file = vendor_file(vendor.id)
        for key, form, name in forms_in(vendor, Reference):
            if form.to == "vendor" and name == vendor.id:
                yield found("R04", file, key, f"{name!r} refers to itself", "name another, or none")
            if name not in known[form.to]:
                at = key.replace(".products.ids[", ".products[")  # the key as written in a source
                hint = _choices(form.to, name, known[form.to])
                yield found("R04", file, at, f"unknown {form.to} {name!r}", hint)
    for field in _CHAINS:
        yield from _check_cycles(draft, field)


def _choices(what: str, name: str, known: Mapping[str, None]) -> str:
    if not known:
        return f"the register lists no {what}: add it to {REGISTER_FILE}, or leave it out"
    near = nearest(name, known)
    meant = f"did you mean {near}? " if near else ""
    return f"{meant}one of: {', '.join(islice(known, _CHOICES))}{' …' if len(known) > _CHOICES else ''}"


_CHAINS = {
    "parent": ("parents form a cycle", "the ultimate owner has no parent"),
    "engaged_by": (
        "these engage each other in a cycle",
        "the one that the publisher engages has no engaged_by",
    ),
}


def _check_cycles(draft: Draft, field: str) -> Iterator[Finding]:
    """Yield one finding for each cycle of two or more vendors, at the first of them that is reached."""
    above: dict[str, str | None] = {vendor.id: getattr(vendor, field) for vendor in draft.subprocessors}
    done: set[str] = set()
    for vendor in draft.subprocessors:
        path: dict[str, int] = {}
        at: str | None = vendor.id
        while at is not None and at not in done and at not in path:
            path[at] = len(path)
            at = above.get(at)
        done.update(path)
        circle = list(path)[path[at] :] if at in path else []
        if len(circle) > 1:
            what, hint = _CHAINS[field]
            message = f"{what}: {' → '.join((*circle, circle[0]))}"
            yield found("R04", vendor_file(circle[0]), field, message, hint)


def check_order(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R16: ``order`` names each vendor at most once, and only vendors."""
    known = {vendor.id for vendor in draft.subprocessors}
    for name, times in Counter(draft.register.order).items():
        if times > 1:
            yield found("R16", REGISTER_FILE, "order", f"{name!r} appears {times} times in the order")
        if name not in known:
            yield found("R16", REGISTER_FILE, "order", f"{name!r} in the order is not a vendor")


def check_store(draft: Draft, context: Context) -> Iterator[Finding]:
    """R19: source and store belong to the same register."""
    previous = context.previous
    if previous is not None and previous.register != draft.register.register:
        message = f"this source is of {draft.register.register!r}, the store holds {previous.register!r}"
        hint = "name the right folder by --store, or the right one by --source"
        yield found("R19", REGISTER_FILE, "register", message, hint)


def check_forms(draft: Draft, context: Context) -> Iterator[Finding]:
    """R01, R02, R05, R06, R11, R17: every value has the format that its field requires."""
    files = [(REGISTER_FILE, draft.register), *((vendor_file(item.id), item) for item in draft.subprocessors)]
    for file, record in files:
        for key, form, value in forms_in(record, Form):
            if (fault := form.fault(value)) is not None:
                hint = _code_hint(value) if fault.rule == "R06" else ""
                near = _NO_SLUG.sub("-", value.lower()).strip("-") if form is SLUG else ""
                if is_slug(near):
                    hint = f"lower-case letters, digits and single hyphens, such as {near}"
                yield found(fault.rule, file, key, fault.message, hint or fault.hint)
    fault = TEXT.fault(context.reason.text) if context.reason.text is not None else None
    if fault is not None:
        yield found(fault.rule, REGISTER_FILE, "", f"the reason for publishing: {fault.message}", fault.hint)


def _code_hint(name: str) -> str:
    """Return a hint with the code of a country written as a name or in lower case, or an empty string."""
    if not name.strip():
        return "write a code such as FI; a seat that is unknown is left out"
    if name.upper() in ASSIGNED:
        return f"write it in capitals: {name.upper()}"
    for language in languages(ENGLISH):
        for code in sorted(ASSIGNED):
            if language.country(code).casefold() == name.strip().casefold():
                return f"{name.strip()} is {code}"
    return ""


def check_sizes(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R17: lists are not longer than the format allows."""
    counted = [(REGISTER_FILE, "", len(draft.subprocessors), "vendors", "")]
    for vendor in draft.subprocessors:
        file, planned = vendor_file(vendor.id), sum(len(owner.planned) for _, owner in owners(vendor))
        counted.append((file, "engagements", len(vendor.engagements), "engagements", ""))
        hint = "register-api fold writes those that have taken effect into the base fields"
        counted.append((file, "planned", planned, "planned changes", hint))
    for file, key, number, what, hint in counted:
        if number > _LIMITS[what]:
            yield found("R17", file, key, f"{number} {what}; at most {_LIMITS[what]} fit", hint)
