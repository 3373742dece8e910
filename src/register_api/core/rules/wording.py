"""R05, R17: every string of a source, and the sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core.rules.table import REGISTER_FILE, found, vendor_file
from register_api.core.text import contact_problem, email_problem, link_problem, text_problems, url_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.finding import Finding
    from register_api.core.model import Draft
    from register_api.core.rules.context import Context

MAX_TEXT = 4000
"""Characters that a text may have."""

MAX_VENDORS = 10_000
"""Vendors that a register may have."""

MAX_ENGAGEMENTS = 100
"""Engagements that a vendor may have."""

MAX_DAYS = 3650
"""Most days that a promise may name."""

_INDEX = re.compile(r"\[\d+\]")

_HTTPS_FIELDS = frozenset(
    {
        "publisher.website",
        "publisher.contacts.url",
        "related_documents.url",
        "website",
        "privacy_url",
        "subprocessors_url",
        "certifications.url",
    }
)
_MAILTO_FIELDS = frozenset({"notice.subscribe"})
_MAIL_FIELDS = frozenset({"publisher.contacts.email"})


def check_text(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R05: texts obey the format's hygiene; addresses are https, or mailto where that is said."""
    for file, key, text in _strings(draft):
        fault = next(text_problems(text), None) or _fault_in_address(_INDEX.sub("", key), text)
        if fault is not None:
            yield found("R05", file, key, f"{_shown(text)} {fault}")


def check_sizes(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R17: numbers and lengths stay below what readers are told to expect."""
    if len(draft.subprocessors) > MAX_VENDORS:
        yield found(
            "R17", REGISTER_FILE, "", f"{len(draft.subprocessors)} vendors; at most {MAX_VENDORS} fit"
        )
    for vendor in draft.subprocessors:
        if len(vendor.engagements) > MAX_ENGAGEMENTS:
            message = f"{len(vendor.engagements)} engagements; at most {MAX_ENGAGEMENTS} fit"
            yield found("R17", vendor_file(vendor.id), "engagements", message)
    for file, key, text in _strings(draft):
        if len(text) > MAX_TEXT:
            yield found("R17", file, key, f"{len(text)} characters; at most {MAX_TEXT} fit")
    yield from _check_days(draft)


def _check_days(draft: Draft) -> Iterator[Finding]:
    notice = draft.register.notice
    for key, days in (("days", notice.days), ("objection_days", notice.objection_days)):
        if days is not None and not 0 <= days <= MAX_DAYS:
            yield found(
                "R17", REGISTER_FILE, f"notice.{key}", f"{days} days; 0 to {MAX_DAYS} can be promised"
            )


def _strings(draft: Draft) -> Iterator[tuple[str, str, str]]:
    """Yield file, key path and value of every string, names of ``extra`` included."""
    yield from _walk(REGISTER_FILE, "", msgspec.to_builtins(draft.register))
    for vendor in draft.subprocessors:
        yield from _walk(vendor_file(vendor.id), "", msgspec.to_builtins(vendor))


def _walk(file: str, key: str, value: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield file, key, value
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(file, f"{key}[{index}]", item)
    elif isinstance(value, dict):
        for name, item in value.items():
            below = f"{key}.{name}" if key else name
            if key.endswith("extra") or key == "extra":
                yield file, key, name
            yield from _walk(file, below, item)


def _fault_in_address(field: str, text: str) -> str | None:
    """Say what is wrong with an address, if the field holds one."""
    if field in _HTTPS_FIELDS:
        return url_problem(text)
    if field in _MAIL_FIELDS:
        return email_problem(text)
    if field == "contact":
        return contact_problem(text)
    return link_problem(text) if field in _MAILTO_FIELDS else None


def _shown(text: str) -> str:
    longest = 60
    return repr(text if len(text) <= longest else text[:longest] + "…")
