"""What of a vendor's register concerns us, as our contract with it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.diff.concern import Concern, Interests

if TYPE_CHECKING:
    from register_api.core.diff.changes import Change
    from register_api.core.model import Register
    from register_api.watch.vendors import Vendor

REGION = "region"
"""Type of the conditions that the regions of a vendor are compared with."""


def interests_of(vendor: Vendor) -> Interests:
    """Return what we use of a vendor."""
    settings: dict[str, set[str]] = {}
    for item in (*(f"{REGION}={region}" for region in vendor.regions), *vendor.settings):
        name, _, value = item.casefold().partition("=")
        settings.setdefault(name, set()).add(value)
    return Interests(
        products=frozenset(vendor.products),
        data=frozenset(vendor.data),
        settings={name: frozenset(values) for name, values in settings.items()},
    )


def concern(vendor: Vendor, register: Register) -> Concern:
    """Return what tells which uses and changes of a version of a vendor's register concern us."""
    return Concern(interests_of(vendor), register)


def concerns(vendor: Vendor, register: Register, change: Change) -> bool:
    """Tell whether a change concerns us; of many changes of one version ask ``concern``."""
    return concern(vendor, register).covers_change(change)
