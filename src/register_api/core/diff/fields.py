"""Every field of the register and the class of change that it belongs to, as data.

The class given here is what a change of the field is called in itself; ``core.meaning`` then weighs
what was said before and why the version was published.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from register_api.core.diff.changes import ChangeClass
from register_api.core.model import (
    Category,
    Engagement,
    Notice,
    Publisher,
    Register,
    StatusText,
    Subprocessor,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class Field(msgspec.Struct, frozen=True):
    """What is known of a field.

    Attributes:
        class_: Class of a change to it.
        label: What a sentence calls it.
        prose: Whether it is wording, which an editorial version may polish.
        one: Whether it is spoken of in the singular.
    """

    class_: ChangeClass
    label: str
    prose: bool = False
    one: bool = True


_SUBPROCESSOR: dict[str, Field] = {
    "name": Field("renamed", "name"),
    "legal_name": Field("entity_changed", "legal name"),
    "kind": Field("entity_changed", "kind of company"),
    "seat": Field("entity_changed", "seat"),
    "address": Field("details_changed", "address", prose=True),
    "website": Field("details_changed", "website"),
    "privacy_url": Field("details_changed", "privacy policy"),
    "subprocessors_url": Field("details_changed", "own list of sub-processors"),
    "contact": Field("details_changed", "contact"),
    "identifiers": Field("details_changed", "company identifiers", one=False),
    "parent": Field("details_changed", "parent company"),
    "formerly": Field("renamed", "former names", one=False),
    "replaces": Field("replaced", "replaced sub-processors", one=False),
    "merged_from": Field("renamed", "companies merged into it", one=False),
    "split_from": Field("renamed", "company it was split from"),
    "certifications": Field("certifications_changed", "certifications", one=False),
    "withdrawn": Field("withdrawn", "withdrawal", prose=True),
    "extra": Field("details_changed", "further details", one=False),
}

_ENGAGEMENT: dict[str, Field] = {
    "category": Field("category_changed", "category"),
    "status": Field("activated", "status"),
    "purpose": Field("purpose_changed", "purpose", prose=True),
    "products": Field("purpose_changed", "products concerned", one=False),
    "ict_service": Field("category_changed", "type of ICT service"),
    "condition": Field("condition_changed", "condition"),
    "data_scope": Field("data_changed", "whose data"),
    "data_categories": Field("data_changed", "categories of data", one=False),
    "data_subjects": Field("data_changed", "data subjects", one=False),
    "special_categories": Field("data_changed", "processing of special categories of data"),
    "retention": Field("data_changed", "retention"),
    "locations": Field("relocated", "locations", one=False),
    "transfers": Field("transfer_changed", "third-country transfers", one=False),
    "safeguards": Field("safeguards_changed", "safeguards", prose=True, one=False),
    "notes": Field("details_changed", "notes", prose=True, one=False),
    "starts_on": Field("schedule_changed", "start"),
    "ends_on": Field("schedule_changed", "end"),
    "short_notice": Field("schedule_changed", "reason for short notice"),
    "extra": Field("details_changed", "further details", one=False),
}

_PUBLISHER: dict[str, Field] = {
    "name": Field("renamed", "name"),
    "legal_name": Field("entity_changed", "legal name"),
    "identifiers": Field("details_changed", "company identifiers", one=False),
    "website": Field("details_changed", "website"),
    "time_zone": Field("policy_changed", "time zone that days mean"),
    "language": Field("details_changed", "language"),
    "contacts": Field("details_changed", "contacts", one=False),
}

_NOTICE: dict[str, Field] = {
    "days": Field("policy_changed", "days of notice", one=False),
    "day_count": Field("policy_changed", "way of counting days"),
    "holidays": Field("policy_changed", "holidays", one=False),
    "applies_to": Field("policy_changed", "changes covered", one=False),
    "channels": Field("policy_changed", "channels of notice", one=False),
    "objection_days": Field("policy_changed", "days to object", one=False),
    "subscribe": Field("policy_changed", "place to subscribe"),
    "text": Field("policy_changed", "wording"),
}

_STATUS: dict[str, Field] = {
    "title": Field("policy_changed", "title", prose=True),
    "description": Field("policy_changed", "meaning", prose=True),
}

_CATEGORY: dict[str, Field] = {
    "title": Field("category_changed", "title", prose=True),
    "description": Field("category_changed", "description", prose=True),
    "safeguards": Field("safeguards_changed", "safeguards", prose=True, one=False),
}

_REGISTER: dict[str, Field] = {
    "exclusions": Field("policy_changed", "exclusions", one=False),
    "related_documents": Field("details_changed", "related documents", one=False),
    "extra": Field("details_changed", "further details", one=False),
}

FIELDS: Mapping[type[msgspec.Struct], Mapping[str, Field]] = MappingProxyType(
    {
        Register: _REGISTER,
        Publisher: _PUBLISHER,
        Notice: _NOTICE,
        StatusText: _STATUS,
        Category: _CATEGORY,
        Subprocessor: _SUBPROCESSOR,
        Engagement: _ENGAGEMENT,
    }
)
"""Each struct that is compared field by field, and its fields of content in the order of speaking."""

SET_BY_PUBLISHING: Mapping[type[msgspec.Struct], frozenset[str]] = MappingProxyType(
    {
        Register: frozenset(
            {"format", "register", "version", "published_at", "previous", "recorded"}
            | {"updated_on", "reason", "corrects"}
        ),
        Engagement: frozenset({"announced"}),
    }
)
"""Fields that say which version this is, not what it says: they differ without any change of content."""

COMPARED_WITHIN: Mapping[type[msgspec.Struct], tuple[str, ...]] = MappingProxyType(
    {
        Register: ("publisher", "notice", "statuses", "categories", "subprocessors"),
        Subprocessor: ("engagements",),
    }
)
"""Fields that hold entries of their own, which are compared one by one."""
