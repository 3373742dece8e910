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


def answers(row: EngagementState, on: dt.date, promises: Promises, values: Values) -> EngagementAnswers:
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
        products=_products(engagement, values),
        data=_data(engagement, values),
        purpose=PurposeAnswer(
            stated=bool(engagement.purpose),
            words=_text_or_unstated(engagement.purpose, values),
            purpose=engagement.purpose,
            category=engagement.category,
            ict_service=engagement.ict_service,
        ),
        places=_places(engagement, row.entity.seat, values),
        region=_region(engagement, values),
        transfers=_transfers(engagement, values),
        retention=RetentionAnswer(
            stated=engagement.retention is not None,
            words=_text_or_unstated(engagement.retention, values),
            retention=engagement.retention,
        ),
        objection=_objection(row, on, promises, values.language),
    )


def _text_or_unstated(text: str | None, values: Values) -> str:
    return sentence(text) if text else values.text(NOT_STATED)


def _products(engagement: Engagement, values: Values) -> ProductsAnswer:
    products, conditions = engagement.products, engagement.conditions
    stated = products is not None or any(item.type in _OF_PRODUCTS for item in conditions)
    parts = [sentence(capital(values.of(products)))] if products is not None else []
    parts += [] if stated else [values.text(NOT_STATED)]
    parts += [sentence(capital(values.only_if(conditions)))] if conditions else []
    return ProductsAnswer(stated=stated, words=" ".join(parts), products=products, conditions=conditions)


def _data(engagement: Engagement, values: Values) -> DataAnswer:
    named = ("data_scope", "data_categories", "data_subjects", "special_categories")
    stated = {name: getattr(engagement, name) for name in named}
    facts = [
        sentence(Phrases(values).fact(Engagement, name, value))
        for name, value in stated.items()
        if value is not None
    ]
    return DataAnswer(stated=bool(facts), words=" ".join(facts) or values.text(NOT_STATED), **stated)


def _places(engagement: Engagement, seat: str | None, values: Values) -> PlacesAnswer:
    stated = engagement.locations is not None
    parts = [sentence(capital(values.of(engagement.locations))) if stated else values.text(NOT_STATED)]
    parts += [sentence(values.text(MECHANISM_NOT_STATED))] if without_mechanism(engagement) else []
    parts += [values.text("Established in {country}.", country=values.language.country(seat))] if seat else []
    return PlacesAnswer(stated=stated, words=" ".join(parts), locations=engagement.locations, seat=seat)


def _transfers(engagement: Engagement, values: Values) -> TransfersAnswer:
    transfers = engagement.transfers
    parts = [sentence(values.of(transfer)) for transfer in transfers or ()]
    if transfers is None:
        parts.append(values.text(NOT_STATED))
    elif not transfers:
        parts.append(sentence(Phrases(values).fact(Engagement, "transfers", transfers)))
    if transfers and without_mechanism(engagement):
        parts.append(sentence(values.text(MECHANISM_NOT_STATED)))
    if not transfers and within_eea(engagement.locations):
        parts.append(values.text("Every stated place is within the EEA."))
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


def _region(engagement: Engagement, values: Values) -> RegionAnswer:
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
        pinning, parts = "conditional", [*_conditions(of_region, (*conditional, *unconditional), values)]
    elif len(countries) == 1 and countries.isdisjoint(WIDE_COUNTRIES):
        pinning, country = "fixed", values.language.country(*countries)
        template = message("One country is named, {country}, and no choice that changes it.")
        parts = [values.text(template, country=country)]
    elif usual:
        pinning = "default"
        text = values.text("Unless something else is agreed: {places}", places=values.of(usual))
        parts = [sentence(text), values.text("On what condition is not stated.")]
    else:
        parts = [values.text(NOT_STATED), *([values.text(_NO_RULE)] if unconditional else [])]
    return RegionAnswer(
        stated=pinning != "unstated",
        words=" ".join([*parts, *([values.text(_EEA[inside])] if locations else [])]),
        pinning=pinning,
        within_eea=inside,
        conditions=of_region,
        unconditional=unconditional,
        conditional=conditional,
    )


def _conditions(of_region: Sequence[Condition], places: Sequence[Location], values: Values) -> Iterator[str]:
    for condition in of_region:
        used = message("Used only on a condition of region: {condition}")
        words = values.of(condition)
        yield sentence(capital(words) if condition.negated else values.text(used, condition=words))
    for place in places:
        template = (
            message("On a condition: {place}") if place.conditions else message("Without condition: {place}")
        )
        yield sentence(values.text(template, place=values.of(place)))


_NO_OBJECTION = {
    "available": message("Not in use, so there is nothing to object to yet."),
    "ended": message("No longer in use."),
    "withdrawn": message("Removed (listed in error)."),
}
"""States without a right to object."""


def _objection(row: EngagementState, on: dt.date, promises: Promises, language: Language) -> ObjectionAnswer:
    announced, over = row.engagement.announced, _NO_OBJECTION.get(row.state)
    announced_on = local_day(announced.at, promises.zone)
    notice = next(promises.binding(announced.version, announced_on), None) if announced.required else None
    until = None if over else announced.objection_until
    left = None if until is None or until < on else (until - on).days
    given = language.text("Notice given {announced}.", announced=announced_on)
    period = objection_period(language, notice) if notice is not None else None
    if over:
        words = language.text(over)
    elif period is None or until is None:
        none = language.text("No objection period is promised.")
        words = f"{language.text(NOT_STATED)} {given} {none}"
    elif left is None:
        ended = language.text("The objection period ended on {day}.", day=until)
        words = f"{given} {period} {ended}"
    else:
        deadline = message("Objection deadline: {day} ({left} left).")
        left_in_words = in_days(language, left, None)
        words = f"{given} {period} {language.text(deadline, day=until, left=left_in_words)}"
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
