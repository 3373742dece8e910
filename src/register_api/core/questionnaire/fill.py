"""From where an engagement stands to its eight answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.diff.value_words import say
from register_api.core.diff.wording import join, sentence
from register_api.core.questionnaire.answers import (
    NOT_STATED,
    DataAnswer,
    EngagementAnswers,
    PlacesAnswer,
    ProductsAnswer,
    PurposeAnswer,
    RetentionAnswer,
    TransfersAnswer,
)
from register_api.core.questionnaire.objection import objection
from register_api.core.questionnaire.region import region, within_eea

if TYPE_CHECKING:
    import datetime as dt

    from register_api.core.model import Condition, Engagement, Transfer
    from register_api.core.notice import Promises
    from register_api.core.two_clocks import Standing

_OF_PRODUCTS = frozenset({"feature", "product", "plan"})
"""Types of condition that tell which products use a vendor."""

_SCOPES = {
    "customer_content": "customer content",
    "customer_account": "customer accounts",
    "website_visitor": "website visitors",
    "none": "no personal data of customers",
}

_MECHANISMS = {
    "adequacy": "an adequacy decision",
    "dpf": "the Data Privacy Framework",
    "dpf_uk": "the UK Extension to the EU-US Data Privacy Framework",
    "dpf_swiss": "the Swiss-US Data Privacy Framework",
    "scc": "standard contractual clauses",
    "idta": "the UK International Data Transfer Agreement",
    "uk_addendum": "the UK Addendum to the standard contractual clauses",
    "bcr": "binding corporate rules",
    "derogation": "a derogation",
}


def answers(row: Standing, on: dt.date, promises: Promises) -> EngagementAnswers:
    """Answer the eight questions for one engagement.

    Args:
        row: The engagement, its vendor and where it stands on the day asked about.
        on: That day, in the publisher's time zone.
        promises: All notice promises of the register.
    """
    vendor, engagement = row.vendor, row.engagement
    return EngagementAnswers(
        subprocessor=vendor.id,
        name=vendor.name,
        legal_name=vendor.legal_name,
        engagement=engagement.id,
        status=engagement.status,
        state=row.state,
        products=_products(engagement),
        data=_data(engagement),
        purpose=_purpose(engagement),
        places=_places(engagement, vendor.seat),
        region=region(engagement),
        transfers=_transfers(engagement),
        retention=_retention(engagement),
        objection=objection(row, on, promises),
    )


def _products(engagement: Engagement) -> ProductsAnswer:
    condition = engagement.condition
    told = condition is not None and condition.type in _OF_PRODUCTS
    stated = bool(engagement.products) or told
    named = join(engagement.products) if engagement.products else ""
    parts = [sentence(named)] if named else []
    parts += [] if stated else [NOT_STATED]
    parts += [_only(condition)] if condition is not None else []
    return ProductsAnswer(
        stated=stated, words=" ".join(parts), products=engagement.products, condition=condition
    )


def _only(condition: Condition) -> str:
    return sentence(f"Used on a condition only: {say(condition)}")


def _data(engagement: Engagement) -> DataAnswer:
    special = engagement.special_categories
    scopes = [_SCOPES.get(scope, scope) for scope in engagement.data_scope]
    named = (
        ("Of whom or what", scopes),
        ("Categories", engagement.data_categories),
        ("People concerned", engagement.data_subjects),
    )
    parts = [sentence(f"{label}: {join(values)}") for label, values in named if values]
    if special is not None:
        parts.append(f"Special categories (GDPR Art. 9): {say(special)}.")
    return DataAnswer(
        stated=bool(parts),
        words=" ".join(parts) or NOT_STATED,
        data_scope=engagement.data_scope,
        data_categories=engagement.data_categories,
        data_subjects=engagement.data_subjects,
        special_categories=special,
    )


def _purpose(engagement: Engagement) -> PurposeAnswer:
    stated = bool(engagement.purpose)
    return PurposeAnswer(
        stated=stated,
        words=sentence(engagement.purpose) if stated else NOT_STATED,
        purpose=engagement.purpose,
        category=engagement.category,
        ict_service=engagement.ict_service,
    )


def _places(engagement: Engagement, seat: str | None) -> PlacesAnswer:
    places = [say(location) for location in engagement.locations]
    words = sentence(join(places)) if places else NOT_STATED
    if seat is not None:
        words += f" The vendor itself sits in {seat}."
    return PlacesAnswer(stated=bool(places), words=words, locations=engagement.locations, seat=seat)


def _transfers(engagement: Engagement) -> TransfersAnswer:
    transfers = engagement.transfers
    words = " ".join(map(_transfer, transfers)) or NOT_STATED
    if not transfers and within_eea(engagement.locations):
        words += " Every stated place lies within the EEA."
    stated = any(transfer.mechanism != "unstated" for transfer in transfers)
    return TransfersAnswer(stated=stated, words=words, transfers=transfers)


def _transfer(transfer: Transfer) -> str:
    if transfer.mechanism == "unstated":
        return f"To {transfer.destination}: the publisher says that it states no mechanism."
    reference = f" ({transfer.reference})" if transfer.reference else ""
    mechanism = _MECHANISMS.get(transfer.mechanism, transfer.mechanism)
    return f"To {transfer.destination} by {mechanism}{reference}."


def _retention(engagement: Engagement) -> RetentionAnswer:
    said = engagement.retention
    return RetentionAnswer(
        stated=said is not None, words=sentence(said) if said else NOT_STATED, retention=said
    )
