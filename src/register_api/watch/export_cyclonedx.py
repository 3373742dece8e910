"""All vendors with their sub-processors as one CycloneDX 1.6 bill of materials."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from register_api.core.canonical import encode
from register_api.core.exports.columns import UseAtPlace
from register_api.core.exports.cyclonedx import service, uses_by_reference
from register_api.core.instant import format_instant
from register_api.watch.vendors import Vendor

_US = "customer"
"""``bom-ref`` of what is ours; all others have a slash."""


def cyclonedx_of_vendors(
    vendors: Sequence[Vendor], uses: Mapping[str, Sequence[UseAtPlace]], now: dt.datetime
) -> bytes:
    """Return the bill of materials in canonical bytes: one service for each vendor and for each of its uses.

    A vendor depends on the services that are in use today. What a vendor without a register depends on is
    unknown, and is said to be.
    """
    services = [_vendor(vendor) for vendor in vendors]
    dependencies = [{"ref": _US, "dependsOn": [item["bom-ref"] for item in services]}]
    for vendor in vendors:
        found = uses_by_reference(uses.get(vendor.id, ()), f"{_reference(vendor)}/")
        services += [service(ref, places) for ref, places in found.items()]
        in_use = [ref for ref, places in found.items() if places[0].held.state == "in_force"]
        dependencies.append({"ref": _reference(vendor), "dependsOn": in_use})
        dependencies += [{"ref": ref} for ref in found]
    known = {"complete": [item for item in vendors if item.id in uses]}
    known["unknown"] = [item for item in vendors if item.id not in uses]
    return encode(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": format_instant(now),
                "component": {"type": "application", "bom-ref": _US, "name": "What vendors provide to us"},
            },
            "services": services,
            "dependencies": dependencies,
            "compositions": [
                {"aggregate": word, "dependencies": [_reference(item) for item in items]}
                for word, items in known.items()
                if items
            ],
        }
    )


def _reference(vendor: Vendor) -> str:
    return f"vendors/{vendor.id}"


def _vendor(vendor: Vendor) -> dict[str, Any]:
    url = {"url": [vendor.website]} if vendor.website else {}
    return {
        "bom-ref": _reference(vendor),
        "name": vendor.name,
        "provider": {"name": vendor.name, **url},
        "x-trust-boundary": True,
    }
