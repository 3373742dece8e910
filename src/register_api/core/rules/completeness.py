"""R07, R08, R20 to R25, R27 to R30, R32: required content, and warnings about incomplete entries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from register_api.core.countries import is_in_eea, within_eea, without_mechanism
from register_api.core.field_forms import ASSIGNED, MAX_DAYS
from register_api.core.instant import earliest_start
from register_api.core.model import Draft, EngagementSource, Identifier, SubprocessorSource
from register_api.core.rules.rule_table import REGISTER_FILE, found, owners, uses, vendor_file
from register_api.core.text import normalise_name, without_any_invisible
from register_api.core.timeline import PAST, in_effect, state_on
from register_api.core.versioning import Context
from register_api.errors import Finding

_MONTHS = 12

_FORMS = {
    "lei": re.compile(r"[A-Z0-9]{18}[0-9]{2}"),
    "duns": re.compile(r"[0-9]{9}"),
    "euid": re.compile(r"[A-Z]{2}[A-Za-z0-9_-]+\.[A-Za-z0-9][A-Za-z0-9./_-]*"),
}

_NATIONAL = 'e.g. country = "DE" and registry = "Amtsgericht Ansbach" or an ISO 17442 code (RA000242)'

_TEMPLATE_NAMES = frozenset({"Example Company", "Example Host"})


def check_identifiers(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R07: company numbers match their scheme: ISO 17442 for an LEI, national check digits for VAT."""
    publisher = draft.register.publisher
    yield from _check_numbers(REGISTER_FILE, "publisher.identifiers", publisher.identifiers)
    for vendor in draft.subprocessors:
        yield from _check_numbers(vendor_file(vendor.id), "identifiers", vendor.identifiers)
    for file, place, _, engagement in uses(draft):
        if engagement.entity is not None:
            yield from _check_numbers(file, f"{place}.entity.identifiers", engagement.entity.identifiers)


def _check_numbers(file: str, key: str, numbers: Sequence[Identifier] | None) -> Iterator[Finding]:
    for index, number in enumerate(numbers or ()):
        if not _is_valid(number):
            scheme = number.scheme.upper()
            message = f"{number.value!r} is not a valid {scheme}: wrong form or check digits"
            yield found("R07", file, f"{key}[{index}].value", message)
        for field in ("country", "registry"):
            if number.scheme == "national" and getattr(number, field) is None:
                message = f"a national number needs its {field}; it is ambiguous without it"
                yield found("R07", file, f"{key}[{index}].{field}", message, _NATIONAL)


def _is_valid(number: Identifier) -> bool:
    """Tell whether a number is valid; a national number has no common format, so any value is."""
    # The package comes with the extra `publish`; verification does not check company numbers.
    from stdnum import lei  # noqa: PLC0415
    from stdnum.eu import vat  # noqa: PLC0415

    value, scheme = number.value, number.scheme
    if scheme in _FORMS and not _FORMS[scheme].fullmatch(value):
        return False
    if scheme == "lei":  # the library checks the check digits (ISO 7064, MOD 97-10) but not the length
        return bool(lei.is_valid(value))
    if scheme == "vat":
        # Prefixes of VAT numbers in the EU: EL for Greece, XI for Northern Ireland.
        countries = {*vat.MEMBER_STATES, "el"} - {"gr"}
        return value[:2].lower() not in countries or bool(vat.is_valid(value))
    return bool(value) and (scheme != "euid" or value[:2] in ASSIGNED | {"EL"})


def check_statuses(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R08: a conditional engagement has a condition, an active one has a location and a purpose."""
    needed = {
        "conditional": {"conditions": "a conditional engagement says under which condition it is used"},
        "active": {
            "purpose": "an active engagement says what the vendor is used for",
            "locations": "an active engagement says where processing happens",
        },
    }
    for file, place, _, engagement in uses(draft):
        for field, message in needed.get(engagement.status, {}).items():
            if not getattr(engagement, field):
                yield found("R08", file, f"{place}.{field}", message)
        for field in ("starts_on", "ends_on") if engagement.status == "available" else ():
            if getattr(engagement, field) is not None:
                message = f"an available engagement is not used, so it has no {field}"
                yield found("R08", file, f"{place}.{field}", message)


def _running(
    draft: Draft, context: Context
) -> Iterator[tuple[str, str, SubprocessorSource, EngagementSource]]:
    return (item for item in uses(draft) if state_on(*item[2:], context.day) not in PAST)


def warn_of_transfers(draft: Draft, context: Context) -> Iterator[Finding]:
    """R20: a location outside the EEA has a transfer mechanism (GDPR Chapter V)."""
    for file, place, vendor, engagement in _running(draft, context):
        if places := _uncovered(vendor, engagement):
            message = f"{', '.join(places)} without a transfer mechanism"
            hint = 'name it under transfers; mechanism = "unstated" says openly that none is stated'
            yield found("R20", file, f"{place}.transfers", message, hint)


def _uncovered(vendor: SubprocessorSource, engagement: EngagementSource) -> list[str]:
    """Return places outside the EEA without a stated transfer; ``transfers = []`` means there is none."""
    if engagement.data_scope == () or engagement.transfers == ():
        return []
    stated = {transfer.destination for transfer in engagement.transfers or ()}
    if "worldwide" in stated:
        return []
    outside = list(without_mechanism(engagement))
    if vendor.seat is not None and not is_in_eea(vendor.seat) and (outside or not stated):
        outside.append(vendor.seat)
    return list(dict.fromkeys(place for place in outside if place not in stated))


def warn_of_remote_access(draft: Draft, context: Context) -> Iterator[Finding]:
    """R21: a seat in a third country with all locations in the EEA suggests undeclared remote access."""
    for file, place, vendor, engagement in _running(draft, context):
        if vendor.seat is None or is_in_eea(vendor.seat) or engagement.transfers is not None:
            continue
        if within_eea(engagement.locations):
            message = f"the seat is in {vendor.seat}, all places are in the EEA: is there remote access?"
            hint = 'a location with activities = ["access"], or a transfer, says so'
            yield found("R21", file, f"{place}.locations", message, hint)


def warn_of_missing_fields(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R22: each entry has what customers look for: identifiers, a contact, a privacy address."""
    for vendor in draft.subprocessors:
        wanted = ("identifiers", "contact", "privacy_url")
        missing = [name for name in wanted if getattr(vendor, name) is None]
        certified = (item for item in vendor.certifications or () if item.claim == "certified")
        if any(item.valid_until is None for item in certified):
            missing.append("valid_until on a certification")
        if missing and vendor.withdrawn is None:
            absent = ", no ".join(missing).replace("identifiers", "identifier")
            yield found("R22", vendor_file(vendor.id), "", f"{vendor.name}: no {absent}")


def warn_of_unstated_data(draft: Draft, context: Context) -> Iterator[Finding]:
    """R23: an active engagement states the categories of data and whose data it is."""
    for file, place, _, engagement in _running(draft, context):
        for field in ("data_categories", "data_scope"):
            if engagement.status == "active" and getattr(engagement, field) is None:
                message = f"an active engagement without {field}"
                hint = f"state it; where there is none at all, {field} = []"
                yield found("R23", file, f"{place}.{field}", message, hint)


def warn_of_outdated_content(draft: Draft, context: Context) -> Iterator[Finding]:
    """R24: the content is less than twelve months old, and no certification has expired."""
    today = context.day
    updated = draft.register.updated_on or today
    months = (today.year - updated.year) * _MONTHS + today.month - updated.month - (today.day < updated.day)
    if months >= _MONTHS:
        yield found("R24", REGISTER_FILE, "updated_on", f"the content is of {updated}, over 12 months ago")
    for vendor in draft.subprocessors:
        for index, item in enumerate(vendor.certifications or ()):
            if item.valid_until is not None and item.valid_until < today and vendor.withdrawn is None:
                key = f"certifications[{index}].valid_until"
                yield found("R24", vendor_file(vendor.id), key, f"{item.name} expired on {item.valid_until}")


def warn_of_similar_names(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R25: no two vendors have the same name, unless the source states how they are related."""
    alike: dict[tuple[str, ...], list[SubprocessorSource]] = defaultdict(list)
    for vendor in draft.subprocessors:
        alike[normalise_name(without_any_invisible(vendor.name))].append(vendor)
    for first, *others in alike.values():
        for other in others:
            if not any(_explains(*pair) for pair in ((first, other), (other, first))):
                message = f"{other.name!r} looks like {first.name!r} ({first.id})"
                hint = (
                    "one company is one file with several engagements; else state how they are related,"
                    " by formerly, merged_from, split_from, replaces or parent"
                )
                yield found("R25", vendor_file(other.id), "name", message, hint)


def _explains(vendor: SubprocessorSource, other: SubprocessorSource) -> bool:
    named = {*vendor.merged_from, *vendor.replaces, vendor.split_from, vendor.parent}
    return other.id in named or other.name in vendor.formerly or vendor.withdrawn is not None


def warn_of_foldable_changes(draft: Draft, context: Context) -> Iterator[Finding]:
    """R27: planned changes that have taken effect are folded into the base fields."""
    for vendor in draft.subprocessors:
        for prefix, owner in owners(vendor):
            for change in in_effect(owner.planned, context.day):
                place = f"{prefix}planned[{owner.planned.index(change)}]"
                message = f"the planned change {change.id!r} took effect on {change.effective_on}"
                hint = "register-api fold writes it into the base fields; customers see no difference"
                yield found("R27", vendor_file(vendor.id), place, message, hint)


def warn_of_long_objections(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R28: the objection period is not longer than the notice period; the change would have started."""
    days, objection = draft.register.notice.days, draft.register.notice.objection
    if objection is not None and objection.days > days:
        message = f"{objection.days} days to object, but a change may begin {days} days after notice"
        hint = "promise more notice, or fewer days"
        yield found("R28", REGISTER_FILE, "notice.objection.days", message, hint)


def warn_of_years_without_holidays(draft: Draft, context: Context) -> Iterator[Finding]:
    """R29: holidays are listed for every year in which business days are counted."""
    notice = draft.register.notice
    if notice.day_count != "business" or notice.days > MAX_DAYS:
        return
    listed = {day.year for day in notice.holidays}
    years = range(context.day.year, earliest_start(context.day, notice).year + 1)
    missing = [str(year) for year in years if year not in listed]
    if missing:
        message = f"business days are counted, but no holiday of {' and '.join(missing)} is listed"
        yield found("R29", REGISTER_FILE, "notice.holidays", message, "list them, or every weekday counts")


def refuse_template_texts(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R30: the example texts written by `init` are replaced."""
    example = "is the example that init wrote"
    if draft.register.publisher.name in _TEMPLATE_NAMES:
        yield found("R30", REGISTER_FILE, "publisher.name", f"this {example}", "your name")
    for vendor in draft.subprocessors:
        if vendor.name in _TEMPLATE_NAMES:
            hint = "write your own sub-processor, or delete the file"
            yield found("R30", vendor_file(vendor.id), "name", f"{vendor.name!r} {example}", hint)


def warn_of_no_address(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R32: the register states its URL, which feeds, calendars and exports need for absolute links."""
    if draft.register.url is None:
        hint = 'url = "https://trust.example.com/", where the tree is published'
        yield found("R32", REGISTER_FILE, "url", "the address of the register is not stated", hint)
