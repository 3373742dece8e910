"""The table of fields: label, change type and other properties of each field beyond its type."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import msgspec

from register_api.core import model
from register_api.core.changes import ChangeType
from register_api.core.struct_fields import shapes


class Field(msgspec.Struct, frozen=True):
    """One row.

    Attributes:
        label: English name of the field (a message id), for use inside a sentence; plural for a list.
        change: Type of a change of this field alone; ``None`` if such a change is not reported.
        member: Name of one item of a list.
        entries: Whether the field contains entries that are compared one by one.
        page: Whether a vendor's page displays the field on its own line.
        columns: Column titles used for it in other tables, separated by commas, the most specific first.
        instead: What to use in a source, if publishing sets the field; else ``None``.
    """

    label: str
    change: ChangeType | None = None
    member: str | None = None
    entries: bool = False
    page: bool = False
    columns: str = ""
    instead: str | None = None


_NOT_IN_SOURCE = "leave it out"
_AT = "for imported history use publish --at"
_OWN_FILE = "each vendor has its own file: subprocessors/<id>.toml"

_REGISTER = {
    "format": Field("format", instead=_NOT_IN_SOURCE),
    "format_minor": Field("minor number of the format", instead=_NOT_IN_SOURCE),
    "register": Field("name of the register"),
    "version": Field("version", instead=_NOT_IN_SOURCE),
    "published_at": Field("time of publication", instead=_AT),
    "previous": Field("previous version", instead=_NOT_IN_SOURCE),
    "recorded": Field("way of recording", instead=_AT),
    "reason": Field("reason for the version", instead="use publish --reason and --kind"),
    "corrects": Field("corrected version", instead="use publish --corrects"),
    "updated_on": Field("day of the content"),
    "order": Field("order of reading"),
    "accepted_warnings": Field("accepted warnings"),
    "publisher": Field("publisher", entries=True),
    "notice": Field("notice policy", entries=True),
    "statuses": Field("statuses", entries=True),
    "categories": Field("categories", entries=True),
    "products": Field("products", entries=True),
    "subprocessors": Field("sub-processors", entries=True, instead=_OWN_FILE),
    "url": Field("address of the register", "details_changed"),
    "license": Field("licence of the data", "details_changed"),
    "lifecycle": Field("state of the register", "policy_changed"),
    "exclusions": Field("exclusions", "policy_changed", member="exclusion"),
    "related_documents": Field("related documents", "details_changed", member="related document"),
    "extra": Field("further details", "details_changed", member="further detail"),
}

_PUBLISHER = {
    "name": Field("name", "renamed"),
    "legal_name": Field("legal name", "entity_changed"),
    "identifiers": Field("company identifiers", "details_changed", member="company identifier"),
    "website": Field("website", "details_changed"),
    "time_zone": Field("time zone", "policy_changed"),
    "language": Field("language", "details_changed"),
    "contacts": Field("contacts", "details_changed", member="contact"),
}

_NOTICE = {
    "days": Field("notice period", "policy_changed"),
    "day_count": Field("counting of days", "policy_changed"),
    "holidays": Field("holidays", "policy_changed", member="holiday"),
    "applies_to": Field("changes covered", "policy_changed", member="change covered"),
    "channels": Field("notice channels", "policy_changed", member="notice channel"),
    "objection": Field("objection period", "policy_changed"),
    "subscribe": Field("subscription address", "policy_changed"),
    "text": Field("policy text", "policy_changed"),
    "also_binding": Field("older promises that still bind", instead=_NOT_IN_SOURCE),
}

_STATUS = {
    "id": Field("status"),
    "title": Field("title", "policy_changed"),
    "description": Field("definition", "policy_changed"),
}

_CATEGORY = {
    "id": Field("id"),
    "title": Field("title", "category_changed"),
    "description": Field("description", "category_changed"),
    "safeguards": Field("safeguards", "safeguards_changed", member="safeguard"),
}

_PRODUCT = {
    "id": Field("id"),
    "title": Field("title", "details_changed"),
    "description": Field("description", "details_changed"),
}

_SUBPROCESSOR = {
    "id": Field("id"),
    "name": Field("name", "renamed", columns=(
        "name, sub-processor, sub-processors, sub-processor name, name of sub-processor, "
        "third-party sub-processor, vendor, vendors, vendor name, name of vendor, company, company name, "
        "supplier, supplier name, provider, provider name, service provider, third party, third party name, "
        "third-party service provider, processor, entity, organisation, organization, partner, "
        "third party processor, data processor, third-party vendor, sub-processor entity")),
    "legal_name": Field("legal name", "entity_changed", page=True, columns=(
        "legal name, legal entity, legal entity name, entity name, name of legal entity, contracting entity, "
        "registered name")),
    "kind": Field("type of company", "entity_changed", columns="kind, relationship"),
    "seat": Field("country of establishment", "entity_changed", page=True, columns=(
        "seat, country of incorporation, headquarters, headquarter, hq, registered office country, "
        "country of registration, entity country, corporate location, provider location, hq location, "
        "corporate hq, headquarters location, vendor country")),
    "address": Field("address", "details_changed", page=True,
        columns="address, registered address, postal address"),
    "website": Field("website", "details_changed", page=True, columns="website, homepage, web, url, link"),
    "privacy_url": Field("privacy policy", "details_changed", page=True,
        columns="privacy url, privacy policy, privacy notice, privacy statement, privacy"),
    "subprocessors_url": Field("own list of sub-processors", "details_changed", page=True, columns=(
        "sub-processors url, sub-processor list, sub-processors list, list of sub-processors, "
        "further sub-processors")),
    "dpa_url": Field("data processing agreement", "details_changed", page=True,
        columns="dpa, dpa url, dpa link, data processing agreement, data processing addendum"),
    "domain": Field("domain", "details_changed", page=True, columns="domain"),
    "register": Field("own register", "details_changed", page=True),
    "role": Field("role", "entity_changed", page=True),
    "engaged_by": Field("sub-processor that engages it", "details_changed", page=True),
    "contact": Field("contact", "details_changed", page=True,
        columns="contact, contact details, dpo, dpo contact, privacy contact, contact email"),
    "identifiers": Field("company identifiers", "details_changed", member="company identifier", page=True),
    "parent": Field("parent company", "details_changed", page=True),
    "formerly": Field("former names", "renamed", member="former name", page=True,
        columns="formerly, former name, former names, previous name"),
    "replaces": Field("replaced sub-processors", "replaced", member="replaced sub-processor", page=True),
    "merged_from": Field("merged companies", "renamed", member="merged company", page=True),
    "split_from": Field("company of origin", "renamed", page=True),
    "certifications": Field("certifications", "certifications_changed", member="certification", page=True,
        columns="certifications, certification, certificates, compliance, attestations"),
    "withdrawn": Field("reason for removal", "withdrawn"),
    "planned": Field("planned changes", entries=True),
    "engagements": Field("uses", entries=True),
    "extra": Field("further details", "details_changed", member="further detail", page=True),
}  # fmt: skip

_ENGAGEMENT = {
    "id": Field("id"),
    "category": Field("category", "category_changed",
        columns="category, service category, type of service, service type, entity type, group"),
    "status": Field("status", "activated", columns="status"),
    "entity": Field("legal entity for this use", "entity_changed", page=True),
    "purpose": Field("purpose", "purpose_changed", columns=(
        "purpose, purpose of processing, processing purpose, purposes, nature and purpose, "
        "nature and purpose of processing, nature of processing, description of processing, "
        "processing activities, processing activity, subject matter, description of service, "
        "description of services, services provided, service provided, service description, description, "
        "subprocessing activities, service, services, function, activity, activities, use, usage, "
        "role / purpose, service role, processing task, role")),
    "announced": Field("notice given", page=True, instead=_NOT_IN_SOURCE),
    "starts_on": Field("start date", "schedule_changed", page=True,
        columns="starts on, start date, effective date, in use since, since, start"),
    "ends_on": Field("end date", "schedule_changed", page=True, columns="ends on, end date, end"),
    "short_notice": Field("reason for short notice", "schedule_changed"),
    "planned": Field("planned changes", entries=True),
    "cancelled": Field("reason for cancellation", "cancelled"),
    "products": Field("products", "purpose_changed", page=True,
        columns="products, product, applicable products, applicable product, applicable services, used by"),
    "ict_service": Field("type of ICT service", "category_changed", page=True),
    "conditions": Field("conditions", "condition_changed", member="condition",
        columns="condition, conditions"),
    "locations": Field("processing locations", "relocated", member="processing location", page=True, columns=(
        "location of processing, processing location, processing locations, place of processing, locations, "
        "location, data location, data locations, hosting location, server location, data center location, "
        "data centre location, location of data, country of processing, countries of processing, countries, "
        "country, regions, region, geographic location, location of data processing, host region, "
        "hosting region, hosting regions, hosting country")),
    "transfers": Field(
        "third-country transfers", "transfer_changed", member="third-country transfer", page=True, columns=(
        "transfer mechanism, transfer mechanisms, international transfer mechanism, transfers, transfer, "
        "data transfer mechanism, legal basis for transfer")),
    "data_scope": Field("scopes of data", "data_changed", member="scope of data", page=True,
        columns="data scope"),
    "data_categories": Field(
        "categories of personal data", "data_changed", member="category of personal data", page=True,
        columns=(
        "data categories, categories of data, category of data, data category, categories of personal data, "
        "category of personal data, personal data categories, type of data, types of data, data types, "
        "data type, types of personal data, type of personal data, personal data processed, personal data, "
        "data processed, data shared, customer data involved, customer data processed, "
        "data shared with sub-processor, data transferred, data")),
    "data_subjects": Field(
        "categories of data subjects", "data_changed", member="category of data subjects", page=True,
        columns="data subjects, categories of data subjects, category of data subjects"),
    "special_categories": Field("special categories of personal data (GDPR Article 9)", "data_changed",
        page=True, columns="special categories, special categories of data"),
    "retention": Field("retention period", "data_changed", page=True,
        columns="retention, retention period, duration, duration of processing, storage period"),
    "safeguards": Field("safeguards", "safeguards_changed", member="safeguard", page=True,
        columns="safeguards, security measures, technical and organisational measures, measures"),
    # Not "notes" and "comments": in a spreadsheet these are internal remarks.
    "notes": Field("notes", "details_changed", page=True, columns="additional information, public notes"),
    "extra": Field("further details", "details_changed", member="further detail", page=True),
}  # fmt: skip

_PRODUCT_SCOPE = {"all": Field("all products"), "ids": Field("products", member="product")}

_PLANNED = {
    "id": Field("id"),
    "effective_on": Field("effective date", "schedule_changed"),
    "set": Field("new values", "schedule_changed"),
    "short_notice": Field("reason for short notice", "schedule_changed"),
    "cancelled": Field("reason for cancellation", "cancelled"),
    "notes": Field("notes", "details_changed", member="note"),
    "announced": Field("announcement", instead=_NOT_IN_SOURCE),
}

_WITHIN: dict[type[msgspec.Struct], dict[str, str]] = {
    model.Previous: {"version": "version", "sha256": "digest"},
    model.Reason: {"kind": "kind", "text": "wording"},
    model.Announced: {
        "version": "version", "at": "time of publication", "required": "whether notice is required",
        "promised_days": "days of notice promised", "days": "days of notice given",
        "day_count": "counting of days",
        "met": "whether the promise was kept", "objection_until": "objection deadline",
    },
    model.Objection: {
        "days": "days to object", "contact": "address for objections", "instructions": "wording",
    },
    model.OlderPromise: {
        "version": "version", "until": "last day", "days": "days of notice",
        "day_count": "way of counting days", "holidays": "holidays", "applies_to": "changes covered",
        "objection": "period to object",
    },
    **{of: {"reason": "reason"} for of in (model.CancelledSource, model.WithdrawnSource, model.ShortNotice)},
    model.Cancelled: {"reason": "reason", "announced": "announcement"},
    model.Withdrawn: {"reason": "reason", "announced": "announcement"},
    model.Identifier: {
        "scheme": "scheme", "value": "number", "country": "country", "registry": "company register",
    },
    model.Entity: {
        "legal_name": "legal name", "seat": "seat", "address": "address",
        "identifiers": "company identifiers",
    },
    model.OwnRegister: {"url": "address", "root_sha256": "root fingerprint"},
    model.Lifecycle: {"state": "state", "on": "effective date", "successor": "successor", "text": "wording"},
    model.Contact: {"role": "role", "email": "email address", "url": "link"},
    model.AcceptedWarning: {"rule": "rule", "subprocessor": "sub-processor", "reason": "reason"},
    model.Exclusion: {"title": "title", "text": "reason", "examples": "examples"},
    model.RelatedDocument: {"title": "title", "url": "link"},
    model.Certification: {
        "name": "name", "claim": "claim", "covers": "scope", "valid_until": "last day", "url": "link",
    },
    model.Condition: {
        "type": "kind", "key": "setting", "value": "value",
        "negated": "whether it must not hold", "text": "wording",
    },
    model.Location: {
        "country": "country", "place": "place", "is_default": "default", "activities": "activities",
        "conditions": "conditions", "text": "note",
    },
    model.Transfer: {"destination": "destination", "mechanism": "mechanism", "reference": "reference"},
}  # fmt: skip
"""Labels of the fields of structs that are reported as a single value of their field."""

FIELDS: Mapping[type[msgspec.Struct], Mapping[str, Field]] = {
    **dict.fromkeys((model.Register, model.RegisterSource), _REGISTER),
    model.Publisher: _PUBLISHER,
    **dict.fromkeys((model.Notice, model.NoticeSource), _NOTICE),
    model.StatusText: _STATUS,
    model.Category: _CATEGORY,
    model.Product: _PRODUCT,
    model.ProductScope: _PRODUCT_SCOPE,
    **dict.fromkeys((model.Subprocessor, model.SubprocessorSource), _SUBPROCESSOR),
    **dict.fromkeys((model.PlannedChange, model.PlannedChangeSource), _PLANNED),
    **dict.fromkeys((model.Engagement, model.EngagementSource), _ENGAGEMENT),
    **{kind: {name: Field(label) for name, label in labels.items()} for kind, labels in _WITHIN.items()},
}
"""The rows of each struct in display order; a source and its published form share them."""


@functools.cache
def content(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the fields of a struct whose changes are reported, in display order."""
    return tuple(name for name, field in FIELDS[kind].items() if field.change and name in shapes(kind))


@functools.cache
def entries(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the fields of a struct that contain entries."""
    return tuple(name for name, field in FIELDS.get(kind, {}).items() if field.entries)


def change_of(kind: type[msgspec.Struct], name: str) -> ChangeType:
    """Return the type of a change of a field alone; ``KeyError`` if it is not reported."""
    change = FIELDS[kind][name].change
    if change is None:
        raise KeyError(name)
    return change


@functools.cache
def is_wording(kind: type[msgspec.Struct], name: str) -> bool:
    """Tell whether a field contains only wording, which an editorial version may change (R14)."""
    shape = shapes(kind)[name]
    if shape.struct is not None:
        fields = (inner for inner in shapes(shape.struct) if inner != "announced")
        return all(is_wording(shape.struct, inner) for inner in fields)
    return shape.form is not None and shape.form.is_wording
