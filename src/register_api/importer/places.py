"""Places of processing, as tables name them: countries by exact name or code, the rest in its own words."""

from __future__ import annotations

import functools
import re
from collections import Counter

import pycountry
from babel import Locale

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
LANGUAGES = ("cs", "da", "de", "es", "fi", "fr", "it", "ja", "ko", "nb", "nl", "pl", "pt", "sv")
"""Languages whose names of countries are known beside the English ones."""
_WIDE = frozenset({"africa", "americas", "apac", "asia", "asia pacific", "emea", "europe", "latin america",
                   "middle east", "north america", "oceania", "south america"})  # fmt: skip
"""Parts of the world, which no code stands for: in a list they are a part of it, and no city's name."""
_LONGEST = 1000
"""Characters of the longest text in which countries are looked for; a longer one is prose."""
_BRACKETED = re.compile(r"([^()]+?) ?\(([^()]+)\)")
_GROUPS = re.compile(r"\s*(?:\n|;|/| and | & )\s*(?![^()]*\))")
_COMMAS = re.compile(r"\s*,\s*(?![^()]*\))")
_CODE = re.compile(r"[A-Z]{2}")


@functools.cache
def _names() -> dict[str, str]:
    """Return names and codes of countries, in lower case but for codes, to alpha-2 codes."""
    names: dict[str, str] = {}
    for country in pycountry.countries:
        if country.alpha_2 in ASSIGNED:
            names |= {country.alpha_2: country.alpha_2, country.alpha_3: country.alpha_2}
            for kind in ("name", "common_name", "official_name"):
                names[getattr(country, kind, country.name).casefold()] = country.alpha_2
    return _foreign_names() | names | _COMMON


def _foreign_names() -> dict[str, str]:
    """Return names of countries in further languages; one that means two countries is left out."""
    pairs = {
        (name.casefold(), code)
        for language in LANGUAGES
        for code, name in Locale(language).territories.items()
        if code in ASSIGNED
    }
    times = Counter(name for name, _ in pairs)
    return {name: code for name, code in pairs if times[name] == 1}


def country_of(text: str) -> str | None:
    """Return the code of a country that is named exactly, or ``None``.

    Codes count in capitals only: "it" and "no" are words. ``UK`` is GB, ``EU`` and ``EEA`` stand for
    themselves, ``worldwide`` too.
    """
    key = text if _CODE.fullmatch(text) else text.casefold()
    names = _names()
    return names.get(text) or names.get(key.lower()) or names.get(key.lower().removesuffix("."))


def places_of(text: str) -> list[dict[str, str]]:
    """Return the places that a text names, each a country with, where it says more, its own words.

    Parts of a list are parted by line breaks, ``;``, ``/``, ``,``, ``and``, ``&`` outside brackets.
    "France (EU)", "EU (Frankfurt)" and "London (lhr1), UK" name one country. What names none is one
    last place, ``varies``, in its own words. Nothing is lost, and nothing is guessed: "Georgia, USA"
    and "US, CA" do not name Georgia and Canada.
    """
    whole = country_of(text)
    if whole is not None:
        return [{"country": whole}]
    if len(text) > _LONGEST:
        return [{"country": "varies", "text": text}]
    found = [place for group in _GROUPS.split(text.strip()) if group for place in _group(group)]
    known = [place for place in found if place["country"] != "varies"]
    unknown = [place["text"] for place in found if place["country"] == "varies"]
    places = [place for index, place in enumerate(known) if place not in known[:index]]
    words = text if not known else "; ".join(unknown)
    return [*places, {"country": "varies", "text": words}] if unknown or not known else places


def _group(text: str) -> list[dict[str, str]]:
    """Return the places of a list with commas, in which the last part may say where the others are."""
    whole = country_of(text)
    if whole is not None:
        return [{"country": whole}]
    parts = [part for part in _COMMAS.split(text) if part]
    codes = [_country_in(part) for part in parts]
    if len(parts) > 1 and ("US" in codes or None in codes):
        codes = [None if _may_be_a_state(part) else code for part, code in zip(parts, codes, strict=True)]
    cities = all(code is None for code in codes[:-1]) and not any(
        part.casefold() in _WIDE for part in parts[:-1]
    )
    if len(parts) > 1 and codes[-1] is not None and cities:
        return [{"country": codes[-1], "text": text}]
    return [
        {"country": code} if code and country_of(part) else {"country": code or "varies", "text": part}
        for part, code in zip(parts, codes, strict=True)
    ]


def _country_in(part: str) -> str | None:
    """Return the country of a part: named exactly, or before a bracket, or within it."""
    exact = country_of(part)
    bracketed = _BRACKETED.fullmatch(part)
    if exact is not None or bracketed is None:
        return exact
    before, within = (country_of(item.strip()) for item in bracketed.groups())
    doubtful = _may_be_a_state(bracketed[1].strip()) and within == "US"
    return before if before and not doubtful else None if _may_be_a_state(bracketed[2].strip()) else within


def _may_be_a_state(part: str) -> bool:
    """Tell whether a part may be a state of the USA: by its name or as two letters."""
    return part.casefold() == "georgia" or (
        _CODE.fullmatch(part) is not None and country_of(part) not in {"US", "GB", "EU"}
    )
