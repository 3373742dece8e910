"""Countries by exact name or code; whatever else is said of a place is kept in words."""

from __future__ import annotations

import functools
import re

import pycountry

from register_api.core.countries import ASSIGNED

_COMMON = {
    "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states": "US", "the united states": "US",
    "united states of america": "US", "the united states of america": "US",
    "uk": "GB", "u.k.": "GB", "great britain": "GB", "the united kingdom": "GB",
    "eu": "EU", "e.u.": "EU", "european union": "EU", "the european union": "EU",
    "eea": "EEA", "european economic area": "EEA", "the european economic area": "EEA",
    "worldwide": "worldwide", "global": "worldwide",
    "the netherlands": "NL", "south korea": "KR", "republic of korea": "KR", "russia": "RU",
    "czech republic": "CZ", "ivory coast": "CI", "hong kong": "HK", "macau": "MO", "turkey": "TR",
    "uae": "AE", "republic of ireland": "IE", "the philippines": "PH",
}  # fmt: skip
"""Names in common use that ISO 3166-1 does not have, and the wide values."""

_LISTS = re.compile(r"\s*(?:\n|;|/|,| and | & )\s*")
_CODE = re.compile(r"[A-Z]{2}")
_STATES = frozenset({"georgia"})
"""Countries that are also names of states of the USA."""


@functools.cache
def _names() -> dict[str, str]:
    """Return names and codes of countries, in lower case but for codes, to alpha-2 codes."""
    names: dict[str, str] = {}
    for country in pycountry.countries:
        if country.alpha_2 in ASSIGNED:
            names |= {country.alpha_2: country.alpha_2, country.alpha_3: country.alpha_2}
            for kind in ("name", "common_name", "official_name"):
                names[getattr(country, kind, country.name).casefold()] = country.alpha_2
    return names | _COMMON


def country_of(text: str) -> str | None:
    """Return the code of a country that is named exactly, or ``None``.

    Codes count in capitals only: "it" and "no" are words. ``UK`` is GB, ``EU`` and ``EEA`` stand for
    themselves, ``worldwide`` too.
    """
    return _names().get(text) or _names().get(text.casefold() if not _CODE.fullmatch(text) else text.lower())


def countries_of(text: str) -> tuple[str, ...] | None:
    """Return the codes of a list of countries, each named exactly, or ``None``.

    Parts of a list are parted by line breaks, ``;``, ``/``, ``,``, ``and``, ``&``. A list with the
    United States in which another part may be a state of theirs (Georgia, or a code such as CA) is
    not recognised.
    """
    whole = country_of(text)
    if whole is not None:
        return (whole,)
    parts = [part for part in _LISTS.split(text.strip()) if part]
    codes = [country_of(part) for part in parts]
    if not parts or any(code is None for code in codes):
        return None
    if "US" in codes and "," in text and any(_may_be_a_state(part) for part in parts):
        return None
    return tuple(dict.fromkeys(code for code in codes if code is not None))


def _may_be_a_state(part: str) -> bool:
    return part.casefold() in _STATES or (
        _CODE.fullmatch(part) is not None and country_of(part) not in {"US", "GB", "EU"}
    )
