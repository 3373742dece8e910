"""The register as a CycloneDX 1.6 bill of materials: one service for each use that has not ended.

Facts without a CycloneDX member become properties of the service.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from register_api.core.canonical import encode
from register_api.core.exports.columns import COLUMNS, ExportColumn, UseAtPlace
from register_api.core.exports.csv_table import plain
from register_api.core.instant import format_instant
from register_api.core.model import Register, Subprocessor
from register_api.core.timeline import PAST

Json = dict[str, Any]

_PRODUCT = "publisher"
"""``bom-ref`` of the publisher's offering as a whole; those of products and services contain a slash."""


def _columns(names: str) -> tuple[ExportColumn, ...]:
    return tuple(column for column in COLUMNS if column.name in names.split())


_OF_SERVICES = _columns(
    "subprocessor use kind role identifiers category status state conditions data_scope data_subjects"
    " special_categories retention ict_service safeguards transfers announced_on starts_on ends_on"
    " notice_promised notice_given objection_until planned_on"
)
"""Columns exported as properties of a service."""

_OF_PLACES = _columns("country in_eea place activities place_conditions transfer_mechanism")
"""Columns exported as properties of a service for each of its locations."""


def cyclonedx(register: Register, rows: Iterable[UseAtPlace]) -> bytes:
    """Return the bill of materials of a version, with the uses as of its publication date."""
    uses, publisher = uses_by_reference(rows), register.publisher
    manufacturer = publisher.legal_name or publisher.name
    return encode(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'https://{register.register}')}",
            "version": register.version,
            "metadata": {
                "timestamp": format_instant(register.published_at),
                "component": {"type": "application", "bom-ref": _PRODUCT, "name": publisher.name},
                "manufacturer": _stated({"name": manufacturer, "url": _one(publisher.website)}),
            },
            "components": [
                _stated(
                    {
                        "type": "application",
                        "bom-ref": f"products/{product.id}",
                        "name": product.title,
                        "description": product.description,
                    }
                )
                for product in register.products
            ],
            "services": [service(ref, places) for ref, places in uses.items()],
            "dependencies": list(_dependencies(register, uses)),
            "compositions": [{"aggregate": "complete", "dependencies": [_PRODUCT]}],
        }
    )


def _stated(members: Json) -> Json:
    """Return an object without empty members."""
    return {name: value for name, value in members.items() if value}


def _one(value: Any) -> list[Any]:
    return [value] if value else []


def uses_by_reference(rows: Iterable[UseAtPlace], within: str = "") -> dict[str, list[UseAtPlace]]:
    """Return the rows of each use that has not ended, by ``bom-ref`` with the prefix ``within``."""
    uses: dict[str, list[UseAtPlace]] = {}
    for row in rows:
        if row.current.state not in PAST:
            reference = f"{within}uses/{row.current.vendor.id}/{row.current.engagement.id}"
            uses.setdefault(reference, []).append(row)
    return uses


def service(reference: str, places: Sequence[UseAtPlace]) -> Json:
    """Return the CycloneDX service of a use, from its rows."""
    current = places[0].current
    entity, vendor, use = current.entity, current.vendor, current.engagement
    contact = _stated({"name": vendor.contact})
    of_places = (
        named for place in places for named in _of_columns(_OF_PLACES, place, f"places/{place.number}/")
    )
    return _stated(
        {
            "bom-ref": reference,
            "name": vendor.name,
            "provider": _stated(
                {
                    "name": entity.legal_name or vendor.name,
                    "url": _one(vendor.website),
                    "address": _stated({"country": entity.seat, "streetAddress": entity.address}),
                    "contact": _one(contact),
                }
            ),
            "x-trust-boundary": True,
            "properties": [*_of_columns(_OF_SERVICES, places[0], ""), *of_places],
            "description": use.purpose,
            "data": [
                {"flow": "inbound", "classification": name}
                for name in use.data_categories or use.data_scope or ()
            ],
            "externalReferences": list(_links(vendor)),
        }
    )


def _of_columns(columns: Iterable[ExportColumn], row: UseAtPlace, prefix: str) -> Iterator[Json]:
    for column in columns:
        if (value := column.value(row)) is not None:
            yield {"name": f"sub-processor-register:{prefix}{column.name}", "value": plain(value)}


def _links(vendor: Subprocessor) -> Iterator[Json]:
    """Yield external references, each once."""
    links = [
        (vendor.website, "website", ""),
        (vendor.privacy_url, "documentation", "privacy policy"),
        (vendor.dpa_url, "documentation", "data processing agreement"),
        (vendor.subprocessors_url, "documentation", "own list of sub-processors"),
        *((item.url, "certification-report", item.name) for item in vendor.certifications or ()),
    ]
    for url, kind, comment in dict.fromkeys(links):
        if url:
            yield _stated({"type": kind, "url": url, "comment": comment})


def _dependencies(register: Register, uses: dict[str, list[UseAtPlace]]) -> Iterator[Json]:
    """Yield the dependencies of the publisher and of each product: services in use on the day."""
    in_use = {ref: places[0].current for ref, places in uses.items() if places[0].current.state == "in_force"}
    products = [f"products/{product.id}" for product in register.products]
    yield {"ref": _PRODUCT, "dependsOn": [*products, *in_use]}
    for product in register.products:
        scopes = {ref: item.engagement.products for ref, item in in_use.items()}
        needed = [ref for ref, scope in scopes.items() if scope and (scope.all or product.id in scope.ids)]
        yield {"ref": f"products/{product.id}", "dependsOn": needed}
    yield from ({"ref": reference} for reference in uses)
