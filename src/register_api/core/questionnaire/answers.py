"""The eight questions and the structs of their answers.

``stated`` tells whether the publisher stated anything, ``words`` has it as text, and the other members are
the register's fields. Nothing is inferred: if the register states nothing, ``words`` is ``NOT_STATED``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from register_api.core import model
from register_api.core.language.language import message
from register_api.core.timeline import State

NOT_STATED = message("Not stated by the publisher.")

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "products": message("Which products or features use it?"),
        "data": message("What personal data does it process, about whom?"),
        "purpose": message("What exactly is it used for?"),
        "places": message("Where does it process the data?"),
        "region": message("Does it respect a region that a customer has chosen?"),
        "transfers": message("Which transfer mechanism applies to third countries?"),
        "retention": message("How long does it keep the data?"),
        "objection": message("Until when can a customer object?"),
    }
)
"""Questions by the member that answers them, in the order in which customers ask."""

Pinning = Literal["conditional", "default", "fixed", "unstated"]
"""What the register states about the location of a customer's data.

``conditional``: a location, or the engagement, depends on a stated condition.
``default``: one location is used unless otherwise agreed; the condition is not stated.
``fixed``: one country and no condition, so no customer choice changes it.
``unstated``: no location, or several without stating which customer's data is where.
"""


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Members of every answer.

    Attributes:
        stated: Whether the publisher stated anything that answers the question.
        words: The answer in sentences, in the register's language where it is known, else in English.
    """

    stated: bool
    words: str


class ProductsAnswer(_Answer, frozen=True, kw_only=True):
    """Products or features that use the engagement, and its conditions."""

    products: model.ProductScope | None
    conditions: tuple[model.Condition, ...]


class DataAnswer(_Answer, frozen=True, kw_only=True):
    """Personal data and data subjects; ``special_categories`` is ``None`` if not stated."""

    data_scope: tuple[model.DataScope, ...] | None
    data_categories: tuple[str, ...] | None
    data_subjects: tuple[str, ...] | None
    special_categories: bool | None


class PurposeAnswer(_Answer, frozen=True, kw_only=True):
    """Purpose; ``category`` is the id of one of the register's categories."""

    purpose: str
    category: str
    ict_service: model.IctService | None


class PlacesAnswer(_Answer, frozen=True, kw_only=True):
    """Processing locations; ``seat`` is the country in which the vendor is established."""

    locations: tuple[model.Location, ...] | None
    seat: str | None


class RegionAnswer(_Answer, frozen=True, kw_only=True):
    """Whether a region chosen by the customer is respected, as far as the register states it.

    Attributes:
        within_eea: Whether every stated location is in the European Economic Area; ``None`` if unknown.
            The vendor's country of establishment is not considered.
        conditions: The engagement's conditions of type ``region``.
        unconditional: Locations without a condition.
        conditional: Locations with a condition.
    """

    pinning: Pinning
    within_eea: bool | None
    conditions: tuple[model.Condition, ...]
    unconditional: tuple[model.Location, ...]
    conditional: tuple[model.Location, ...]


class TransfersAnswer(_Answer, frozen=True, kw_only=True):
    """Transfers to third countries (GDPR Chapter V) with their mechanisms."""

    transfers: tuple[model.Transfer, ...] | None


class RetentionAnswer(_Answer, frozen=True, kw_only=True):
    """Retention period, in the publisher's words."""

    retention: str | None


class ObjectionAnswer(_Answer, frozen=True, kw_only=True):
    """Objection deadline, counted as in diffs (docs/format/diff.md).

    Attributes:
        announced_on: Local day on which the engagement was last announced.
        starts_on: First day of use; ``None`` means before version 1.
        objection_days: Length of the objection period under the promise in force on that day.
        until: Last day to object.
        days_left: Calendar days from the effective date of the query; ``None`` after the deadline.
    """

    announced_on: dt.date
    starts_on: dt.date | None
    objection_days: int | None
    until: dt.date | None
    days_left: int | None


class EngagementAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """The eight answers for one engagement; members are named as in ``QUESTIONS``.

    Attributes:
        legal_name: Name of the legal entity engaged: that of the engagement, else that of the vendor.
        entity: The engagement's own legal entity, if any.
    """

    subprocessor: str
    name: str
    legal_name: str | None
    entity: model.Entity | None
    engagement: str
    status: model.Status
    state: State
    products: ProductsAnswer
    data: DataAnswer
    purpose: PurposeAnswer
    places: PlacesAnswer
    region: RegionAnswer
    transfers: TransfersAnswer
    retention: RetentionAnswer
    objection: ObjectionAnswer
