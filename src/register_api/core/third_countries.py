"""Places of processing outside the EEA and the transfer mechanisms stated for them (GDPR Chapter V)."""

from __future__ import annotations

from collections.abc import Sequence

from register_api.core.countries import is_in_eea, is_outside_eea
from register_api.core.model import EngagementSource, Location

OPENLY_UNSTATED = "unstated"
"""The mechanism that says openly that none is stated."""


def within_eea(locations: Sequence[Location] | None) -> bool | None:
    """Tell whether all places lie in the EEA; ``None`` where none is stated, or one is left open."""
    countries = {location.country for location in locations or ()}
    if any(map(is_outside_eea, countries)):
        return False
    return None if not countries or "varies" in countries else True


def without_mechanism(engagement: EngagementSource) -> tuple[str, ...]:
    """Return the countries outside the EEA for which no transfer mechanism is stated, each once.

    Where no personal data is processed, nothing is transferred.
    """
    if engagement.data_scope == ():
        return ()
    transfers = engagement.transfers or ()
    stated = {item.destination for item in transfers if item.mechanism != OPENLY_UNSTATED}
    if "worldwide" in stated:
        return ()
    countries = dict.fromkeys(item.country for item in engagement.locations or ())
    return tuple(item for item in countries if not is_in_eea(item) and item not in stated)
