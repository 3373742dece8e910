"""R07, R20, R21: company numbers, and transfers out of the EEA."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from register_api.core.countries import ASSIGNED, is_in_eea
from register_api.core.model import Draft, EngagementSource, Identifier, SubprocessorSource
from register_api.core.rules.context import Context
from register_api.core.rules.rule_table import REGISTER_FILE, found, vendor_file
from register_api.core.third_countries import within_eea, without_mechanism
from register_api.core.timeline import PAST, state_on
from register_api.errors import Finding

_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_DUNS = re.compile(r"[0-9]{9}")
_EUID = re.compile(r"[A-Z]{2}[A-Za-z0-9_-]+\.[A-Za-z0-9][A-Za-z0-9./_-]*")


def check_identifiers(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R07: company numbers fit their scheme: ISO 17442 for an LEI, national check digits for VAT."""
    publisher = draft.register.publisher
    yield from _check_numbers(REGISTER_FILE, "publisher.identifiers", publisher.identifiers)
    for vendor in draft.subprocessors:
        yield from _check_numbers(vendor_file(vendor.id), "identifiers", vendor.identifiers)
        for index, engagement in enumerate(vendor.engagements):
            numbers = engagement.entity.identifiers if engagement.entity is not None else None
            key = f"engagements[{index}].entity.identifiers"
            yield from _check_numbers(vendor_file(vendor.id), key, numbers)


def _check_numbers(file: str, key: str, numbers: Sequence[Identifier] | None) -> Iterator[Finding]:
    for index, number in enumerate(numbers or ()):
        if not _is_valid(number):
            message = (
                f"{number.value!r} is no {number.scheme.upper()}: its form or its check digits are wrong"
            )
            yield found("R07", file, f"{key}[{index}].value", message)
        for field in ("country", "registry"):
            if number.scheme == "national" and getattr(number, field) is None:
                message = f"a national number needs its {field}: it means nothing without"
                hint = (
                    'e.g. country = "DE" and registry = "Amtsgericht Ansbach" or an ISO 17442 code (RA000242)'
                )
                yield found("R07", file, f"{key}[{index}].{field}", message, hint)


def _is_valid(number: Identifier) -> bool:
    """Judge what can be judged; a national number has no common form."""
    # The package comes with the extra `publish`: a customer judges no company numbers.
    from stdnum import lei  # noqa: PLC0415
    from stdnum.eu import vat  # noqa: PLC0415

    value = number.value
    if number.scheme == "lei":
        # The library checks the digits (ISO 7064, MOD 97-10) and not the length.
        return _LEI.fullmatch(value) is not None and bool(lei.is_valid(value))
    if number.scheme == "vat":
        # What numbers of the Union begin with: Greece has EL, Northern Ireland XI.
        countries = {*vat.MEMBER_STATES, "el"} - {"gr"}
        return value[:2].lower() not in countries or bool(vat.is_valid(value))
    if number.scheme == "duns":
        return _DUNS.fullmatch(value) is not None
    if number.scheme == "euid":
        return _EUID.fullmatch(value) is not None and value[:2] in ASSIGNED | {"EL"}
    return bool(value)


def warn_of_transfers(draft: Draft, context: Context) -> Iterator[Finding]:
    """R20: a place outside the EEA says which transfer mechanism applies (GDPR Chapter V)."""
    for vendor in draft.subprocessors:
        for index, engagement in enumerate(vendor.engagements):
            places = _uncovered(vendor, engagement)
            if places and state_on(vendor, engagement, context.day) not in PAST:
                yield found(
                    "R20",
                    vendor_file(vendor.id),
                    f"engagements[{index}].transfers",
                    f"{', '.join(places)} without a transfer mechanism",
                    'name it under transfers; mechanism = "unstated" says openly that none is stated',
                )


def _uncovered(vendor: SubprocessorSource, engagement: EngagementSource) -> list[str]:
    """Return the places outside the EEA of which no transfer is told, each once; ``[]`` tells of none."""
    if engagement.data_scope == () or engagement.transfers == ():
        return []
    told = {transfer.destination for transfer in engagement.transfers or ()}
    if "worldwide" in told:
        return []
    outside = list(without_mechanism(engagement))
    seat_counts = vendor.seat is not None and not is_in_eea(vendor.seat) and (outside or not told)
    seat = [vendor.seat] if vendor.seat is not None and seat_counts else []
    return list(dict.fromkeys(place for place in [*outside, *seat] if place not in told))


def warn_of_remote_access(draft: Draft, context: Context) -> Iterator[Finding]:
    """R21: a seat in a third country with all places in the EEA leaves remote access open."""
    for vendor in draft.subprocessors:
        if vendor.seat is None or is_in_eea(vendor.seat):
            continue
        for index, engagement in enumerate(vendor.engagements):
            if state_on(vendor, engagement, context.day) in PAST:
                continue
            if within_eea(engagement.locations) and engagement.transfers is None:
                message = f"the seat is in {vendor.seat}, all places are in the EEA: is there remote access?"
                hint = 'a location with activities = ["access"], or a transfer, says so'
                yield found("R21", vendor_file(vendor.id), f"engagements[{index}].locations", message, hint)
