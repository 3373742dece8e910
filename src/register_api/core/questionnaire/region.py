"""Whether a chosen region is respected: what conditions and defaults of places let one say, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.countries import is_in_eea
from register_api.core.forms import WIDE_COUNTRIES
from register_api.core.language.language import message
from register_api.core.language.prose import sentence
from register_api.core.questionnaire.answers import NOT_STATED, RegionAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from register_api.core.language.values import Values
    from register_api.core.model import Condition, Engagement, Location
    from register_api.core.questionnaire.answers import Pinning


def region(engagement: Engagement, say: Values) -> RegionAnswer:
    """Answer whether a region that a customer has chosen is respected."""
    condition = engagement.condition
    of_region = condition if condition is not None and condition.type == "region" else None
    conditional = tuple(item for item in engagement.locations if item.condition is not None)
    unconditional = tuple(item for item in engagement.locations if item.condition is None)
    pinning = _pinning(of_region, conditional, unconditional)
    inside = within_eea(engagement.locations)
    parts = [*_words(pinning, of_region, conditional, unconditional, say)]
    if engagement.locations:
        parts.append(say.text(_EEA[inside]))
    return RegionAnswer(
        stated=pinning != "unstated",
        words=" ".join(parts),
        pinning=pinning,
        within_eea=inside,
        condition=of_region,
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


def within_eea(locations: Sequence[Location]) -> bool | None:
    """Tell whether all places lie in the EEA; ``None`` where none is stated, or one is left open."""
    countries = {location.country for location in locations}
    if any(not is_in_eea(country) for country in countries - {"varies"}):
        return False
    return None if not countries or "varies" in countries else True


def _pinning(
    condition: Condition | None, conditional: Sequence[Location], unconditional: Sequence[Location]
) -> Pinning:
    if condition is not None or conditional:
        return "conditional"
    countries = {location.country for location in unconditional}
    if len(countries) == 1 and countries.isdisjoint(WIDE_COUNTRIES):
        return "fixed"
    return "default" if any(location.default for location in unconditional) else "unstated"


def _words(
    pinning: Pinning,
    condition: Condition | None,
    conditional: Sequence[Location],
    unconditional: Sequence[Location],
    say: Values,
) -> Iterator[str]:
    if pinning == "fixed":
        country = say.language.country(unconditional[0].country)
        yield say.text("One country is named, {country}, and no choice that changes it.", country=country)
    elif pinning == "default":
        usual = say.of(tuple(location for location in unconditional if location.default))
        yield sentence(say.text("Unless something else is agreed: {places}", places=usual))
        yield say.text("On what condition is not stated.")
    elif pinning == "unstated":
        yield say.text(NOT_STATED)
        if unconditional:
            yield say.text(_NO_RULE)
    else:
        if condition is not None:
            used = say.text("Used only on a condition of region: {condition}", condition=say.of(condition))
            yield sentence(used)
        for location in conditional:
            yield sentence(say.text("On a condition: {place}", place=say.of(location)))
        for location in unconditional:
            yield sentence(say.text("Without condition: {place}", place=say.of(location)))
