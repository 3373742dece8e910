"""Whether a chosen region is respected: what conditions and defaults of places let one say, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from register_api.core.forms import WIDE_COUNTRIES
from register_api.core.language.language import message
from register_api.core.language.prose import capital, sentence
from register_api.core.language.values import Values
from register_api.core.model import Condition, Engagement, Location
from register_api.core.questionnaire.answers import NOT_STATED, Pinning, RegionAnswer
from register_api.core.third_countries import within_eea


def region(engagement: Engagement, say: Values) -> RegionAnswer:
    """Answer whether a region that a customer has chosen is respected."""
    of_region = tuple(item for item in engagement.conditions if item.type == "region")
    locations = engagement.locations or ()
    conditional = tuple(item for item in locations if item.conditions)
    unconditional = tuple(item for item in locations if not item.conditions)
    pinning = _pinning(of_region, conditional, unconditional)
    inside = within_eea(locations)
    parts = [*_words(pinning, of_region, conditional, unconditional, say)]
    if locations:
        parts.append(say.text(_EEA[inside]))
    return RegionAnswer(
        stated=pinning != "unstated",
        words=" ".join(parts),
        pinning=pinning,
        within_eea=inside,
        conditions=of_region,
        unconditional=unconditional,
        conditional=conditional,
    )


_NO_RULE = message(
    "Several places are named, or a wide one, with neither a default nor a condition; see places."
)

_EEA = {
    True: message("Every stated place lies within the EEA."),
    False: message("Not every stated place lies within the EEA."),
    None: message("Whether every place lies within the EEA cannot be said."),
}


def _pinning(
    conditions: Sequence[Condition], conditional: Sequence[Location], unconditional: Sequence[Location]
) -> Pinning:
    if conditions or conditional:
        return "conditional"
    countries = {location.country for location in unconditional}
    if len(countries) == 1 and countries.isdisjoint(WIDE_COUNTRIES):
        return "fixed"
    return "default" if any(location.is_default for location in unconditional) else "unstated"


def _words(
    pinning: Pinning,
    conditions: Sequence[Condition],
    conditional: Sequence[Location],
    unconditional: Sequence[Location],
    say: Values,
) -> Iterator[str]:
    if pinning == "fixed":
        country = say.language.country(unconditional[0].country)
        yield say.text("One country is named, {country}, and no choice that changes it.", country=country)
    elif pinning == "default":
        usual = say.of(tuple(location for location in unconditional if location.is_default))
        yield sentence(say.text("Unless something else is agreed: {places}", places=usual))
        yield say.text("On what condition is not stated.")
    elif pinning == "unstated":
        yield say.text(NOT_STATED)
        if unconditional:
            yield say.text(_NO_RULE)
    else:
        for condition in conditions:
            used = message("Used only on a condition of region: {condition}")
            words = say.of(condition)
            yield sentence(capital(words) if condition.negated else say.text(used, condition=words))
        for location in conditional:
            yield sentence(say.text("On a condition: {place}", place=say.of(location)))
        for location in unconditional:
            yield sentence(say.text("Without condition: {place}", place=say.of(location)))
