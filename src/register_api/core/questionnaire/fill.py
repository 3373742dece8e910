"""Answers the eight questions for an engagement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from register_api.core.countries import OPENLY_UNSTATED, within_eea, without_mechanism
from register_api.core.field_forms import WIDE_COUNTRIES
from register_api.core.instant import local_day
from register_api.core.language.field_changes import Phrases
from register_api.core.language.language import Language, capital, message, sentence
from register_api.core.language.notice import days as in_days
from register_api.core.language.notice import objection_period
from register_api.core.language.values import MECHANISM_NOT_STATED, Values
from register_api.core.model import Condition, Engagement, Location
from register_api.core.notice_period import Promises
from register_api.core.questionnaire.answers import (
    NOT_STATED,
    DataAnswer,
    EngagementAnswers,
    ObjectionAnswer,
    Pinning,
    PlacesAnswer,
    ProductsAnswer,
    PurposeAnswer,
    RegionAnswer,
    RetentionAnswer,
    TransfersAnswer,
)
from register_api.core.timeline import EngagementState

_OF_PRODUCTS = frozenset({"feature", "product", "plan"})
"""Types of condition that state which products use a vendor."""


def answers(row: EngagementState, on: dt.date, promises: Promises, say: Values) -> EngagementAnswers:
    """Return the eight answers for one engagement on a day in the publisher's time zone."""
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
        purpose=PurposeAnswer(
            stated=bool(engagement.purpose),
            words=_text_or_unstated(engagement.purpose, say),
            purpose=engagement.purpose,
            category=engagement.category,
            ict_service=engagement.ict_service,
        ),
        places=_places(engagement, row.entity.seat, say),
        region=_region(engagement, say),
        transfers=_transfers(engagement, say),
        retention=RetentionAnswer(
            stated=engagement.retention is not None,
            words=_text_or_unstated(engagement.retention, say),
            retention=engagement.retention,
        ),
        objection=_objection(row, on, promises, say.language),
    )


def _text_or_unstated(text: str | None, say: Values) -> str:
    return sentence(text) if text else say.text(NOT_STATED)


def _products(engagement: Engagement, say: Values) -> ProductsAnswer:
    products, conditions = engagement.products, engagement.conditions
    stated = products is not None or any(item.type in _OF_PRODUCTS for item in conditions)
    parts = [sentence(capital(say.of(products)))] if products is not None else []
    parts += [] if stated else [say.text(NOT_STATED)]
    parts += [sentence(capital(say.only_if(conditions)))] if conditions else []
    return ProductsAnswer(stated=stated, words=" ".join(parts), products=products, conditions=conditions)


def _data(engagement: Engagement, say: Values) -> DataAnswer:
    named = ("data_scope", "data_categories", "data_subjects", "special_categories")
    stated = {name: getattr(engagement, name) for name in named}
    facts = [
        sentence(Phrases(say).fact(Engagement, name, value))
        for name, value in stated.items()
        if value is not None
    ]
    return DataAnswer(stated=bool(facts), words=" ".join(facts) or say.text(NOT_STATED), **stated)


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
        parts.append(say.text("Every stated place is within the EEA."))
    mechanisms = {transfer.mechanism for transfer in transfers or ()}
    stated = transfers == () or bool(mechanisms - {OPENLY_UNSTATED})
    return TransfersAnswer(stated=stated, words=" ".join(parts), transfers=transfers)


_NO_RULE = message(
    "Several places are named, or a wide one, with neither a default nor a condition; see places."
)

_EEA = {
    True: message("Every stated place is within the EEA."),
    False: message("Not every stated place is within the EEA."),
    None: message("It cannot be said whether every place is within the EEA."),
}


def _region(engagement: Engagement, say: Values) -> RegionAnswer:
    """Return whether the region chosen by a customer is respected."""
    of_region = tuple(item for item in engagement.conditions if item.type == "region")
    locations = engagement.locations or ()
    conditional = tuple(item for item in locations if item.conditions)
    unconditional = tuple(item for item in locations if not item.conditions)
    usual = tuple(item for item in unconditional if item.is_default)
    countries = {item.country for item in unconditional}
    inside = within_eea(locations)
    pinning: Pinning = "unstated"
    if of_region or conditional:
        pinning, parts = "conditional", [*_conditions(of_region, (*conditional, *unconditional), say)]
    elif len(countries) == 1 and countries.isdisjoint(WIDE_COUNTRIES):
        pinning, country = "fixed", say.language.country(*countries)
        said = message("One country is named, {country}, and no choice that changes it.")
        parts = [say.text(said, country=country)]
    elif usual:
        pinning, said = "default", say.text("Unless something else is agreed: {places}", places=say.of(usual))
        parts = [sentence(said), say.text("On what condition is not stated.")]
    else:
        parts = [say.text(NOT_STATED), *([say.text(_NO_RULE)] if unconditional else [])]
    return RegionAnswer(
        stated=pinning != "unstated",
        words=" ".join([*parts, *([say.text(_EEA[inside])] if locations else [])]),
        pinning=pinning,
        within_eea=inside,
        conditions=of_region,
        unconditional=unconditional,
        conditional=conditional,
    )


def _conditions(of_region: Sequence[Condition], places: Sequence[Location], say: Values) -> Iterator[str]:
    for condition in of_region:
        used = message("Used only on a condition of region: {condition}")
        words = say.of(condition)
        yield sentence(capital(words) if condition.negated else say.text(used, condition=words))
    for place in places:
        said = (
            message("On a condition: {place}") if place.conditions else message("Without condition: {place}")
        )
        yield sentence(say.text(said, place=say.of(place)))


_NO_OBJECTION = {
    "available": message("Not in use, so there is nothing to object to yet."),
    "ended": message("No longer in use."),
    "withdrawn": message("Removed (listed in error)."),
}
"""States without a right to object."""


def _objection(row: EngagementState, on: dt.date, promises: Promises, language: Language) -> ObjectionAnswer:
    said, over = row.engagement.announced, _NO_OBJECTION.get(row.state)
    announced_on = local_day(said.at, promises.zone)
    notice = next(promises.binding(said.version, announced_on), None) if said.required else None
    until = None if over else said.objection_until
    left = None if until is None or until < on else (until - on).days
    given = language.text("Notice given {announced}.", announced=language.day(announced_on))
    period = objection_period(language, notice) if notice is not None else None
    if over:
        words = language.text(over)
    elif period is None or until is None:
        none = language.text("No objection period is promised.")
        words = f"{language.text(NOT_STATED)} {given} {none}"
    elif left is None:
        ended = language.text("The objection period ended on {day}.", day=language.day(until))
        words = f"{given} {period} {ended}"
    else:
        deadline = message("Objection deadline: {day} ({left} left).")
        left_in_words = in_days(language, left, None)
        words = f"{given} {period} {language.text(deadline, day=language.day(until), left=left_in_words)}"
    days = None if notice is None or notice.objection is None else notice.objection.days
    return ObjectionAnswer(
        stated=days is not None,
        words=words,
        announced_on=announced_on,
        starts_on=row.engagement.starts_on,
        objection_days=days,
        until=until,
        days_left=left,
    )
