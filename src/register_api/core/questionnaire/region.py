"""Whether a chosen region is respected: what conditions and defaults of places let one say, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.countries import is_in_eea
from register_api.core.diff.value_words import say
from register_api.core.diff.wording import join, sentence
from register_api.core.forms import WIDE_COUNTRIES
from register_api.core.questionnaire.answers import NOT_STATED, RegionAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from register_api.core.model import Condition, Engagement, Location
    from register_api.core.questionnaire.answers import Pinning


def region(engagement: Engagement) -> RegionAnswer:
    """Answer whether a region that a customer has chosen is respected."""
    condition = engagement.condition
    of_region = condition if condition is not None and condition.type == "region" else None
    conditional = tuple(item for item in engagement.locations if item.condition is not None)
    unconditional = tuple(item for item in engagement.locations if item.condition is None)
    pinning = _pinning(of_region, conditional, unconditional)
    inside = within_eea(engagement.locations)
    parts = [*_words(pinning, of_region, conditional, unconditional)]
    if engagement.locations:
        parts.append(_EEA[inside])
    return RegionAnswer(
        stated=pinning != "unstated",
        words=" ".join(parts),
        pinning=pinning,
        within_eea=inside,
        condition=of_region,
        unconditional=unconditional,
        conditional=conditional,
    )


_NO_RULE = (
    "Several places are named, or a wide one, with neither a default nor a condition; "
    "what is said of them in words stands under places."
)

_EEA = {
    True: "Every stated place lies within the EEA.",
    False: "Not every stated place lies within the EEA.",
    None: "Whether every place lies within the EEA cannot be said.",
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
) -> list[str]:
    if pinning == "fixed":
        return [f"The register names one country, {unconditional[0].country}, and no choice that changes it."]
    if pinning == "default":
        usual = join([say(location) for location in unconditional if location.default])
        return [sentence(f"Unless something else is agreed, {usual}"), "On what condition is not stated."]
    if pinning == "unstated":
        return [NOT_STATED, _NO_RULE] if unconditional else [NOT_STATED]
    return [
        *([sentence(f"Used at all only on a condition of region: {say(condition)}")] if condition else []),
        *(sentence(f"On a condition: {say(location)}") for location in conditional),
        *(sentence(f"Without condition: {say(location)}") for location in unconditional),
    ]
