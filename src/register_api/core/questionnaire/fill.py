"""From where an engagement stands to its eight answers."""

from __future__ import annotations

import datetime as dt

from register_api.core.bitemporal import EngagementState
from register_api.core.language.field_changes import Phrases
from register_api.core.language.prose import capital, sentence
from register_api.core.language.values import MECHANISM_NOT_STATED, Values
from register_api.core.model import Engagement
from register_api.core.notice import Promises
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
from register_api.core.questionnaire.region import region
from register_api.core.third_countries import OPENLY_UNSTATED, within_eea, without_mechanism

_OF_PRODUCTS = frozenset({"feature", "product", "plan"})
"""Types of condition that tell which products use a vendor."""


def answers(row: EngagementState, on: dt.date, promises: Promises, say: Values) -> EngagementAnswers:
    """Answer the eight questions for one engagement.

    Args:
        row: The engagement, its vendor and where it stands on the day asked about.
        on: That day, in the publisher's time zone.
        promises: All notice promises of the register.
        say: Says values in the language of the sentences, products by their titles.
    """
    vendor, engagement = row.vendor, row.engagement
    return EngagementAnswers(
        subprocessor=vendor.id,
        name=vendor.name,
        legal_name=row.entity.legal_name,
        entity=engagement.entity,
        engagement=engagement.id,
        status=engagement.status,
        state=row.state,
        products=_products(engagement, say),
        data=_data(engagement, say),
        purpose=_purpose(engagement, say),
        places=_places(engagement, row.entity.seat, say),
        region=region(engagement, say),
        transfers=_transfers(engagement, say),
        retention=_retention(engagement, say),
        objection=objection(row, on, promises, say.language),
    )


def _products(engagement: Engagement, say: Values) -> ProductsAnswer:
    products, conditions = engagement.products, engagement.conditions
    stated = products is not None or any(item.type in _OF_PRODUCTS for item in conditions)
    parts = [sentence(capital(say.of(products)))] if products is not None else []
    parts += [] if stated else [say.text(NOT_STATED)]
    parts += [sentence(capital(say.only_if(conditions)))] if conditions else []
    return ProductsAnswer(stated=stated, words=" ".join(parts), products=products, conditions=conditions)


def _data(engagement: Engagement, say: Values) -> DataAnswer:
    named = ("data_scope", "data_categories", "data_subjects")
    phrases = Phrases(say)
    facts = [
        phrases.fact(Engagement, name, getattr(engagement, name))
        for name in named
        if getattr(engagement, name) is not None
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
    stated = engagement.locations is not None
    parts = [sentence(capital(say.of(engagement.locations))) if stated else say.text(NOT_STATED)]
    parts += [sentence(say.text(MECHANISM_NOT_STATED))] if without_mechanism(engagement) else []
    parts += [say.text("Established in {country}.", country=say.language.country(seat))] if seat else []
    return PlacesAnswer(stated=stated, words=" ".join(parts), locations=engagement.locations, seat=seat)


def _transfers(engagement: Engagement, say: Values) -> TransfersAnswer:
    transfers = engagement.transfers
    parts = [sentence(say.of(transfer)) for transfer in transfers or ()]
    if transfers is None:
        parts.append(say.text(NOT_STATED))
    elif not transfers:
        parts.append(sentence(Phrases(say).fact(Engagement, "transfers", transfers)))
    if transfers and without_mechanism(engagement):
        parts.append(sentence(say.text(MECHANISM_NOT_STATED)))
    if not transfers and within_eea(engagement.locations):
        parts.append(say.text("Every stated place lies within the EEA."))
    mechanisms = {transfer.mechanism for transfer in transfers or ()}
    stated = transfers == () or bool(mechanisms - {OPENLY_UNSTATED})
    return TransfersAnswer(stated=stated, words=" ".join(parts), transfers=transfers)


def _retention(engagement: Engagement, say: Values) -> RetentionAnswer:
    said = engagement.retention
    words = sentence(said) if said else say.text(NOT_STATED)
    return RetentionAnswer(stated=said is not None, words=words, retention=said)
