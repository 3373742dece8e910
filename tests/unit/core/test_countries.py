"""The country codes kept as data are those of the standard."""

from __future__ import annotations

import pycountry

from register_api.core.countries import EEA, EEA_PARTS, is_in_eea
from register_api.core.field_forms import ASSIGNED


def test_assigned_codes_are_those_of_iso_3166() -> None:
    """No code is missing and none is made up."""
    assert {country.alpha_2 for country in pycountry.countries} == ASSIGNED


def test_the_eea_has_thirty_members() -> None:
    """27 of the Union with Iceland, Liechtenstein and Norway; all of them assigned."""
    assert len(EEA) == 30
    assert ASSIGNED >= EEA | EEA_PARTS


def test_wide_values() -> None:
    """Union and EEA lie within, the world does not."""
    assert [is_in_eea(name) for name in ("EU", "EEA", "DE", "AX", "worldwide", "varies", "CH", "GB")] == [
        True, True, True, True, False, False, False, False
    ]  # fmt: skip
