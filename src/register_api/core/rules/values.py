"""R01, R02, R05, R06, R11, R17: every value of a source has the form of its field, and the sizes fit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from register_api.core.countries import ASSIGNED
from register_api.core.forms import SLUG, TEXT, Form
from register_api.core.language.language import Language, translations
from register_api.core.model import Draft
from register_api.core.rules.context import Context
from register_api.core.rules.rule_table import REGISTER_FILE, found, vendor_file
from register_api.core.shapes import forms_in
from register_api.core.text import is_slug
from register_api.errors import Finding

MAX_VENDORS = 10_000
"""Vendors that a register may have."""

MAX_ENGAGEMENTS = 100
"""Engagements that a vendor may have."""

MAX_PLANNED = 200
"""Planned changes that a vendor and its engagements may have together; what has taken effect is folded."""


def check_forms(draft: Draft, context: Context) -> Iterator[Finding]:
    """R01, R02, R05, R06, R11, R17: texts, addresses, codes, ids and numbers look as their fields ask for."""
    files = [(REGISTER_FILE, draft.register), *((vendor_file(item.id), item) for item in draft.subprocessors)]
    for file, record in files:
        for key, form, value in forms_in(record, Form):
            fault = form.fault(value)
            if fault is not None:
                hint = _id_hint(value) if form is SLUG else _code_hint(value) if fault.rule == "R06" else ""
                yield found(fault.rule, file, key, fault.message, hint or fault.hint)
    fault = TEXT.fault(context.reason.text) if context.reason.text is not None else None
    if fault is not None:
        yield found(fault.rule, REGISTER_FILE, "", f"the reason for publishing: {fault.message}", fault.hint)


def _code_hint(name: str) -> str:
    """Return what code a country has that is named in words, or in small letters; or an empty string."""
    if not name.strip():
        return "write a code such as FI; a seat that is unknown is left out"
    if name.upper() in ASSIGNED:
        return f"write it in capitals: {name.upper()}"
    codes = (Language.of(tag).country_code(name) for tag in sorted(translations() | {"en"}))
    code = next(filter(None, codes), None)
    return f"{name.strip()} is {code}" if code else ""


def _id_hint(name: str) -> str:
    """Return an id like what was written; that of a vendor is the name of its file."""
    near = _NO_SLUG.sub("-", name.lower()).strip("-")
    return f"lower-case letters, digits and single hyphens, such as {near}" if is_slug(near) else ""


_NO_SLUG = re.compile("[^a-z0-9]+")


def check_sizes(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R17: lists stay below what readers are told to expect."""
    if len(draft.subprocessors) > MAX_VENDORS:
        yield found(
            "R17", REGISTER_FILE, "", f"{len(draft.subprocessors)} vendors; at most {MAX_VENDORS} fit"
        )
    for vendor in draft.subprocessors:
        if len(vendor.engagements) > MAX_ENGAGEMENTS:
            message = f"{len(vendor.engagements)} engagements; at most {MAX_ENGAGEMENTS} fit"
            yield found("R17", vendor_file(vendor.id), "engagements", message)
        planned = len(vendor.planned) + sum(len(item.planned) for item in vendor.engagements)
        if planned > MAX_PLANNED:
            message = f"{planned} planned changes; at most {MAX_PLANNED} fit"
            hint = "register-api fold writes those that have taken effect into the base fields"
            yield found("R17", vendor_file(vendor.id), "planned", message, hint)
