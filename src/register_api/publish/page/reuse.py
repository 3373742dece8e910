"""Which pages of vendors a publication has to write again; all others stay as they are.

A vendor's page says the day and the version it is of, so it stays true until what it says changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from register_api.core.model import Register, Subprocessor
from register_api.core.planned_changes import vendor_on
from register_api.core.timeline import vendor_states

_SHOWN_ON_ALL = ("register", "url", "publisher", "notice", "statuses", "categories", "products", "recorded")
"""Fields of the register that every vendor's page shows."""


def vendors_to_write(
    before: Register | None, day_before: dt.date, after: Register, day: dt.date, told: Collection[str]
) -> list[Subprocessor]:
    """Return the vendors whose page would say something else than it does."""
    if before is None or _all_change(before, after):
        return list(after.subprocessors)
    old = {vendor.id: vendor for vendor in before.subprocessors}
    return [
        vendor
        for vendor in after.subprocessors
        if vendor.id in told
        or old.get(vendor.id) != vendor
        or _shown(vendor, day_before) != _shown(vendor, day)
    ]


def _all_change(before: Register, after: Register) -> bool:
    names = {vendor.id: vendor.name for vendor in after.subprocessors}
    renamed = any(names.get(vendor.id) != vendor.name for vendor in before.subprocessors)
    return renamed or any(getattr(before, name) != getattr(after, name) for name in _SHOWN_ON_ALL)


def _shown(vendor: Subprocessor, day: dt.date) -> tuple[Subprocessor, list[str], list[bool]]:
    """Return what a vendor's page shows on a day: itself, the states of its uses, what has expired."""
    shown = vendor_on(vendor, day)
    expired = [item.valid_until is not None and item.valid_until < day for item in shown.certifications or ()]
    return shown, [row.state for row in vendor_states(vendor, day)], expired
