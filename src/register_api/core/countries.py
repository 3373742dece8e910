"""The European Economic Area, and transfers out of it (GDPR Chapter V)."""

from __future__ import annotations

from collections.abc import Sequence

from register_api.core.model import EngagementSource, Location

EEA = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
        "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
"""Members of the European Economic Area, where the GDPR holds; its Chapter V is about all others."""

EEA_PARTS = frozenset({"AX", "GF", "GP", "MF", "MQ", "RE", "YT"})
"""Parts of the Union that have a code of their own (TFEU Art. 355(1) and (4))."""


def regions_of(country: str) -> frozenset[str]:
    """Return the wide values (``EU``, ``EEA``) that a country, or one of them, lies wholly within."""
    if not is_in_eea(country):
        return frozenset()
    # Iceland, Liechtenstein and Norway are not member states of the Union.
    return frozenset({"EEA"} if country in {"IS", "LI", "NO", "EEA"} else {"EU", "EEA"})


_WITHIN = EEA | EEA_PARTS | {"EU", "EEA"}


def is_in_eea(country: str) -> bool:
    """Tell whether a country, or one of the wide values, lies wholly within the EEA."""
    return country in _WITHIN


def is_outside_eea(country: str) -> bool:
    """Tell whether a place is known to lie outside the EEA, wholly or in part; where it varies, it is not."""
    return country != "varies" and not is_in_eea(country)


OPENLY_UNSTATED = "unstated"
"""The mechanism of a transfer for which the publisher openly states none."""


def within_eea(locations: Sequence[Location] | None) -> bool | None:
    """Tell whether all places lie in the EEA; ``None`` where none is stated, or one is left open."""
    countries = {location.country for location in locations or ()}
    if any(map(is_outside_eea, countries)):
        return False
    return None if not countries or "varies" in countries else True


def without_mechanism(engagement: EngagementSource) -> tuple[str, ...]:
    """Return the countries outside the EEA with no transfer mechanism stated; none without personal data."""
    places = engagement.locations or ()
    outside = dict.fromkeys(item.country for item in places if not is_in_eea(item.country))
    if not outside or engagement.data_scope == ():
        return ()
    transfers = engagement.transfers or ()
    stated = {item.destination for item in transfers if item.mechanism != OPENLY_UNSTATED}
    return () if "worldwide" in stated else tuple(item for item in outside if item not in stated)
