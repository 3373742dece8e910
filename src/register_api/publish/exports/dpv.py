"""The register in terms of the W3C's Data Privacy Vocabulary (DPV 2.3), as JSON-LD.

Its context stands in the document, so that nothing has to be loaded to read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from register_api.core.canonical import encode
from register_api.core.exports.columns import UseAtPlace
from register_api.core.exports.csv_table import plain
from register_api.core.instant import format_instant
from register_api.core.model import Publisher, Register, Subprocessor
from register_api.core.timeline import State

Json = dict[str, Any]

CONTEXT: Mapping[str, Any] = MappingProxyType(
    {
        "dpv": "https://w3id.org/dpv#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "loc": "https://w3id.org/dpv/loc#",
        "dct": "http://purl.org/dc/terms/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }
)
"""Prefixes of every term; whatever is not written with one of them would be left out by a reader."""

_STATUS: Mapping[State, str] = MappingProxyType(
    {
        "announced": "dpv:ActivityPlanned",
        "available": "dpv:ActivityPlanned",
        "in_force": "dpv:ActivityOngoing",
        "ended": "dpv:ActivityCompleted",
    }
)
"""Where a use stands on the day; what was withdrawn or cancelled never is, and is left out."""

_ACTIVITIES: Mapping[str, str] = MappingProxyType({"store": "dpv:Store", "access": "dpv:Access"})
"""What happens at a place; ``process`` is processing in general and has no term."""

_MECHANISMS: Mapping[str, str] = MappingProxyType(
    {
        "adequacy": "eu-gdpr:A45-3",
        "dpf": "eu-gdpr:A45-3",
        "scc": "eu-gdpr:A46-2-c",
        "bcr": "eu-gdpr:A46-2-b",
    }
)
"""Transfer mechanisms that the vocabulary has a legal basis for; others stay words."""

_NO_TERM = frozenset({"XK", "worldwide", "varies"})
"""Places without a term of their own."""


def dpv(register: Register, rows: Iterable[UseAtPlace]) -> bytes:
    """Return the register's uses as JSON-LD in canonical bytes."""
    base = f"https://{register.register}"
    uses: dict[str, list[UseAtPlace]] = {}
    for row in rows:
        if row.held.state in _STATUS:
            uses.setdefault(f"{base}#{row.held.vendor.id}/{row.held.engagement.id}", []).append(row)
    listed = (vendor for vendor in register.subprocessors if vendor.withdrawn is None)
    vendors = [_vendor(f"{base}#{vendor.id}", vendor) for vendor in listed]
    processes = [_process(base, name, places) for name, places in uses.items()]
    return encode({"@context": dict(CONTEXT), "@graph": [_dataset(base, register), *vendors, *processes]})


def _stated(node: Json) -> Json:
    """Return a node without what says nothing."""
    return {name: value for name, value in node.items() if value not in (None, [], ())}


def _dataset(base: str, register: Register) -> Json:
    return {
        "@id": base,
        "dct:title": register.register,
        "dct:identifier": str(register.version),
        "dct:issued": {"@type": "xsd:dateTime", "@value": format_instant(register.published_at)},
        "dct:publisher": _publisher(f"{base}#", register.publisher),
    }


def _publisher(name: str, publisher: Publisher) -> Json:
    return _stated(
        {
            "@id": name,
            "@type": ["dpv:DataProcessor", "dpv:Organisation"],
            "dpv:hasName": publisher.legal_name or publisher.name,
            "dpv:hasIdentifier": [plain(item) for item in publisher.identifiers or ()],
        }
    )


def _vendor(name: str, vendor: Subprocessor) -> Json:
    return _stated(
        {
            "@id": name,
            "@type": ["dpv:DataSubProcessor", "dpv:Organisation"],
            "dpv:hasName": [vendor.name, *([vendor.legal_name] if vendor.legal_name else [])],
            "dpv:hasAddress": vendor.address,
            "dpv:hasContact": vendor.contact,
            "dpv:hasCountry": _place(vendor.seat),
            "dpv:hasIdentifier": [plain(item) for item in vendor.identifiers or ()],
        }
    )


def _process(base: str, name: str, places: Sequence[UseAtPlace]) -> Json:
    row = places[0]
    use, vendor = row.held.engagement, {"@id": f"{base}#{row.held.vendor.id}"}
    dates = (("starts", use.starts_on), ("ends", use.ends_on))
    kept = _named("dpv:StorageCondition", use.retention) if use.retention else None
    return _stated(
        {
            "@id": name,
            "@type": "dpv:Process",
            "dct:subject": use.category,
            "dct:valid": [f"{what} {day.isoformat()}" for what, day in dates if day],
            "dct:description": [plain(item) for item in use.conditions],
            "dpv:hasActivityStatus": _term(_STATUS[row.held.state]),
            "dpv:hasDataProcessor": vendor,
            "dpv:hasRecipient": vendor,
            "dpv:hasPurpose": [_named("dpv:Purpose", use.purpose)] if use.purpose else [],
            "dpv:hasPersonalData": [_named("dpv:PersonalData", item) for item in use.data_categories or ()],
            "dpv:hasDataSubject": [_named("dpv:DataSubject", item) for item in use.data_subjects or ()],
            "dpv:hasStorageCondition": kept,
            "dpv:hasProcessing": [_term(item) for item in _processing(places)],
            "dpv:hasLocation": [_place(item.location.country) for item in places if item.location],
            "dpv:hasThirdCountry": [
                _place(item.location.country) for item in places if item.location and item.in_eea is False
            ],
            "dpv:hasLegalBasis": list(_bases(places)),
        }
    )


def _named(type_: str, text: str) -> Json:
    return {"@type": type_, "dct:title": text}


def _term(name: str) -> Json:
    return {"@id": name}


def _place(country: str | None) -> Json | str | None:
    """Return the term for a country or region; its code as text where there is none."""
    return country if country is None or country in _NO_TERM else {"@id": f"loc:{country}"}


def _processing(places: Sequence[UseAtPlace]) -> Iterable[str]:
    found = [item for place in places if place.location for item in place.location.activities]
    crosses = ["dpv:Transfer"] if any(place.transfers for place in places) else []
    return dict.fromkeys([*(_ACTIVITIES[item] for item in found if item in _ACTIVITIES), *crosses])


def _bases(places: Sequence[UseAtPlace]) -> Iterable[Json]:
    """Yield the legal basis of each transfer: its title says which, its type is the term if there is one."""
    transfers = dict.fromkeys(item for place in places for item in place.transfers or ())
    for item in transfers:
        term = _MECHANISMS.get(item.mechanism)
        yield {"dct:title": plain(item), **({"@type": term} if term else {})}
