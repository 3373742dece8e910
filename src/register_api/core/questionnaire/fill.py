"""From where an engagement stands to its eight answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.language.field_changes import Phrases
from register_api.core.language.prose import capital, sentence
from register_api.core.language.values import Values
from register_api.core.model import Engagement
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

    from register_api.core.bitemporal import EngagementState
    from register_api.core.language.language import Language
    from register_api.core.notice import Promises

_OF_PRODUCTS = frozenset({"feature", "product", "plan"})
"""Types of condition that tell which products use a vendor."""


def answers(row: EngagementState, on: dt.date, promises: Promises, language: Language) -> EngagementAnswers:
    """Answer the eight questions for one engagement.

    Args:
        row: The engagement, its vendor and where it stands on the day asked about.
        on: That day, in the publisher's time zone.
        promises: All notice promises of the register.
        language: The language of the sentences.
    """
    vendor, engagement, say = row.vendor, row.engagement, Values(language)
    return EngagementAnswers(
        subprocessor=vendor.id,
        name=vendor.name,
        legal_name=row.legal_name,
        engagement=engagement.id,
        status=engagement.status,
        state=row.state,
        products=_products(engagement, say),
        data=_data(engagement, say),
        purpose=_purpose(engagement, say),
        places=_places(engagement, row.seat, say),
        region=region(engagement, say),
        transfers=_transfers(engagement, say),
        retention=_retention(engagement, say),
        objection=objection(row, on, promises, language),
    )


def _products(engagement: Engagement, say: Values) -> ProductsAnswer:
    condition = engagement.condition
    stated = bool(engagement.products) or (condition is not None and condition.type in _OF_PRODUCTS)
    parts = [sentence(say.of(engagement.products))] if engagement.products else []
    parts += [] if stated else [say.text(NOT_STATED)]
    parts += [sentence(capital(say.only_if(condition)))] if condition is not None else []
    return ProductsAnswer(
        stated=stated, words=" ".join(parts), products=engagement.products, condition=condition
    )


def _data(engagement: Engagement, say: Values) -> DataAnswer:
    named = ("data_scope", "data_categories", "data_subjects")
    phrases = Phrases(say)
    facts = [
        phrases.fact(Engagement, name, getattr(engagement, name))
        for name in named
        if getattr(engagement, name)
    ]
    special = engagement.special_categories
    facts += [] if special is None else [phrases.fact(Engagement, "special_categories", special)]
    return DataAnswer(
        stated=bool(facts),
        words=" ".join(map(sentence, facts)) or say.text(NOT_STATED),
        data_scope=engagement.data_scope,
        data_categories=engagement.data_categories,
        data_subjects=engagement.data_subjects,
        special_categories=special,
    )


def _purpose(engagement: Engagement, say: Values) -> PurposeAnswer:
    stated = bool(engagement.purpose)
    return PurposeAnswer(
        stated=stated,
        words=sentence(engagement.purpose) if stated else say.text(NOT_STATED),
        purpose=engagement.purpose,
        category=engagement.category,
        ict_service=engagement.ict_service,
    )


def _places(engagement: Engagement, seat: str | None, say: Values) -> PlacesAnswer:
    stated = bool(engagement.locations)
    parts = [sentence(say.of(engagement.locations)) if stated else say.text(NOT_STATED)]
    parts += [say.text("Established in {country}.", country=say.language.country(seat))] if seat else []
    return PlacesAnswer(stated=stated, words=" ".join(parts), locations=engagement.locations, seat=seat)


def _transfers(engagement: Engagement, say: Values) -> TransfersAnswer:
    transfers = engagement.transfers
    parts = [sentence(say.of(transfer)) for transfer in transfers] or [say.text(NOT_STATED)]
    if not transfers and within_eea(engagement.locations):
        parts.append(say.text("Every stated place lies within the EEA."))
    stated = any(transfer.mechanism != "unstated" for transfer in transfers)
    return TransfersAnswer(stated=stated, words=" ".join(parts), transfers=transfers)


def _retention(engagement: Engagement, say: Values) -> RetentionAnswer:
    said = engagement.retention
    words = sentence(said) if said else say.text(NOT_STATED)
    return RetentionAnswer(stated=said is not None, words=words, retention=said)
