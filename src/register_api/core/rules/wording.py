"""R05, R17: every string of a source, and the sizes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core.address import contact_problem, email_problem, link_problem, url_problem
from register_api.core.rules.table import REGISTER_FILE, found, vendor_file
from register_api.core.text import is_language_tag, text_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.model import Draft, SubprocessorSource
    from register_api.core.rules.context import Context
    from register_api.errors import Finding

MAX_TEXT = 4000
"""Characters that a text may have."""

MAX_VENDORS = 10_000
"""Vendors that a register may have."""

MAX_ENGAGEMENTS = 100
"""Engagements that a vendor may have."""

MAX_DAYS = 3650
"""Most days that a promise may name."""

Suspect = Callable[["SubprocessorSource"], bool]

_MARKS = ('""', '" ', ' "', "\\", "<", "&", "\x7f")
"""In JSON: an empty string, a space at either end of one, an escape; what HTML begins with; DEL."""

_ODD = re.compile("[\x80-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u2069\u3000\ufeff]")
"""Beyond ASCII: white space, control characters, and what cannot be seen."""

_COMBINABLE = re.compile("[\u0300-\U0010ffff]")

_encoder = msgspec.json.Encoder()

_INDEX = re.compile(r"\[\d+\]")
_BARE = re.compile(r"[A-Za-z0-9_-]+")

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

_JUDGED_ELSEWHERE = frozenset({"engagements.purpose", "engagements.short_notice.reason"})
"""Texts of which R08 and R11 say when they may be empty."""

_FORM_HINTS = {
    **dict.fromkeys(_HTTPS_FIELDS, "write the whole address, e.g. https://example.com/privacy"),
    **dict.fromkeys(_MAILTO_FIELDS, "write mailto:privacy@example.com, or an https address"),
    **dict.fromkeys(_MAIL_FIELDS, "write the bare address, e.g. privacy@example.com"),
    "contact": "write a mail address, mailto:, an https address, or words",
    "publisher.language": "write e.g. en or de-AT (BCP 47)",
}
_TEXT_HINTS = {
    "is empty": "leave the field out if it is unknown",
    "begins": "take the white space away; it is not done silently",
    "is not in": "write it with composed characters; it is not done silently",
    "holds HTML": "write plain text; a < that no letter follows is fine, and so is a bare &",
    "holds the": "take it out; it may have come along when the text was copied",
}


def check_text(draft: Draft, context: Context) -> Iterator[Finding]:
    """R05: texts obey the format's hygiene; addresses are https, or mailto where that is said."""
    for file, key, text in _strings(draft, may_be_faulty):
        field = _INDEX.sub("", key)
        if text == "" and field in _JUDGED_ELSEWHERE:
            continue
        fault = next(text_problems(text), None) or _fault_in_form(field, text)
        if fault is not None:
            yield found("R05", file, key, f"{_shown(text)} {fault}", _hint(field, fault))
    fault = next(text_problems(context.reason.text), None) if context.reason.text is not None else None
    if fault is not None:
        yield found("R05", REGISTER_FILE, "", f"the reason for publishing {fault}", _hint("", fault))


def _hint(field: str, fault: str) -> str:
    if field in _FORM_HINTS:
        return _FORM_HINTS[field]
    return next((hint for start, hint in _TEXT_HINTS.items() if fault.startswith(start)), "")


def check_sizes(draft: Draft, context: Context) -> Iterator[Finding]:
    """R17: numbers and lengths stay below what readers are told to expect."""
    if len(draft.subprocessors) > MAX_VENDORS:
        yield found(
            "R17", REGISTER_FILE, "", f"{len(draft.subprocessors)} vendors; at most {MAX_VENDORS} fit"
        )
    for vendor in draft.subprocessors:
        if len(vendor.engagements) > MAX_ENGAGEMENTS:
            message = f"{len(vendor.engagements)} engagements; at most {MAX_ENGAGEMENTS} fit"
            yield found("R17", vendor_file(vendor.id), "engagements", message)
    for file, key, text in _strings(draft, _may_be_too_long):
        if len(text) > MAX_TEXT:
            yield found("R17", file, key, f"{len(text)} characters; at most {MAX_TEXT} fit", "shorten it")
    reason = context.reason.text or ""
    if len(reason) > MAX_TEXT:
        message = f"the reason for publishing has {len(reason)} characters; at most {MAX_TEXT} fit"
        yield found("R17", REGISTER_FILE, "", message, "shorten it")
    yield from _check_days(draft)


def _check_days(draft: Draft) -> Iterator[Finding]:
    notice = draft.register.notice
    for key, days in (("days", notice.days), ("objection_days", notice.objection_days)):
        if days is not None and not 0 <= days <= MAX_DAYS:
            yield found(
                "R17", REGISTER_FILE, f"notice.{key}", f"{days} days; 0 to {MAX_DAYS} can be promised"
            )


def _strings(draft: Draft, suspect: Suspect) -> Iterator[tuple[str, str, str]]:
    """Yield file, key path and value of every string, names of ``extra`` included.

    Vendors that cannot hold what is looked for are left out: to work out where each string stands
    takes ten times as long as a look at the whole, and most vendors have no fault.
    """
    yield from _walk(REGISTER_FILE, "", msgspec.to_builtins(draft.register))
    for vendor in draft.subprocessors:
        if suspect(vendor):
            yield from _walk(vendor_file(vendor.id), "", msgspec.to_builtins(vendor))


def may_be_faulty(vendor: SubprocessorSource) -> bool:
    """Tell whether a vendor may hold a text that R05 objects to; ``False`` is certain.

    Its JSON is looked at as one text: what is wrong within a string is wrong in the whole, and each
    part of an NFC text is in NFC (UAX #15).
    """
    try:
        whole = _encoder.encode(vendor).decode()
    except UnicodeEncodeError:
        return True
    if any(mark in whole for mark in _MARKS):
        return True
    if not whole.isascii() and (_ODD.search(whole) or not _is_nfc(whole)):
        return True
    return any(text is not None and _fault_in_form(field, text) for field, text in _addresses(vendor))


def _is_nfc(text: str) -> bool:
    """Tell whether a text is in NFC; below U+0300 there is nothing else (UAX #15, NFC_Quick_Check)."""
    return _COMBINABLE.search(text) is None or unicodedata.is_normalized("NFC", text)


def _addresses(vendor: SubprocessorSource) -> Iterator[tuple[str, str | None]]:
    """Yield the fields of a vendor that have a form."""
    for field in ("website", "privacy_url", "subprocessors_url", "contact"):
        yield field, getattr(vendor, field)
    for item in vendor.certifications:
        yield "certifications.url", item.url


def _may_be_too_long(vendor: SubprocessorSource) -> bool:
    return len(_encoder.encode(vendor)) > MAX_TEXT


def _walk(file: str, key: str, value: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield file, key, value
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(file, f"{key}[{index}]", item)
    elif isinstance(value, dict):
        for name, item in value.items():
            label = name if _BARE.fullmatch(name) else _quoted(name)
            below = f"{key}.{label}" if key else label
            if key.rpartition(".")[2] == "extra":
                yield file, below, name
            yield from _walk(file, below, item)


def _quoted(name: str) -> str:
    """Return a name as TOML writes it where it cannot stand bare, printable."""
    marks = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in marks) + '"'


def _fault_in_form(field: str, text: str) -> str | None:
    """Say what is wrong with an address or a language tag, if the field holds one."""
    if field == "publisher.language":
        return None if is_language_tag(text) else "is no language tag"
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
