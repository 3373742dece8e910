"""Rules on countries, company numbers and transfers: R06, R07, R20, R21."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FINLAND, TODAY, make_context, make_draft, make_engagement, make_vendor
from register_api.core import model
from register_api.core.field_forms import WIDE_COUNTRIES
from register_api.core.rules import check

if TYPE_CHECKING:
    from register_api.errors import Finding

US = model.Location(country="US")
SCC = model.Transfer(destination="US", mechanism="scc")


def findings_of(number: str, **fields: Any) -> list[Finding]:
    """Return what one rule says of a vendor with these fields."""
    return [item for item in check(make_draft(make_vendor(**fields)), make_context()) if item.rule == number]


def using(
    number: str, *, seat: str | None = "FI", withdrawn: model.Withdrawn | None = None, **fields: Any
) -> list[Finding]:
    """Return what one rule says of a vendor with one engagement of these fields."""
    return findings_of(number, seat=seat, withdrawn=withdrawn, engagements=(make_engagement(**fields),))


@pytest.mark.parametrize("code", ["UK", "XX", "fi", "", "EUR", "EL", "AN", "Finland"])
def test_unassigned_codes(code: str) -> None:
    """R06: a seat, a location and a destination have to be assigned codes."""
    assert [item.key for item in findings_of("R06", seat=code)] == ["seat"]
    location = (FINLAND, model.Location(country=code))
    assert [item.key for item in using("R06", locations=location)] == ["engagements[0].locations[1].country"]
    transfer = (model.Transfer(destination=code, mechanism="scc"),)
    assert [item.key for item in using("R06", transfers=transfer)] == [
        "engagements[0].transfers[0].destination"
    ]


@pytest.mark.parametrize("value", sorted(WIDE_COUNTRIES))
def test_wide_values(value: str) -> None:
    """R06: a wide value is allowed for a location, but not for a seat."""
    assert using("R06", locations=(model.Location(country=value),)) == []
    assert [item.key for item in findings_of("R06", seat=value)] == ["seat"]


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("lei", "529900T8BM49AURSDO55"),
        ("vat", "DE136695976"),
        ("vat", "ATU57194903"),
        ("vat", "EL094259216"),
        ("vat", "XI980780684"),
        ("vat", "US has none, and ours is not to judge"),
        ("euid", "DEK1101R.HRB116737"),
        ("euid", "ELGEMI.12345"),
        ("duns", "150483782"),
        ("national", "HRB 6089, Ansbach"),
    ],
)
def test_right_numbers(scheme: model.IdentifierScheme, value: str) -> None:
    """R07: what can be checked is right; what cannot is let through."""
    number = model.Identifier(scheme=scheme, value=value, country="DE", registry="Amtsgericht Ansbach")
    assert findings_of("R07", identifiers=(number,)) == []


@pytest.mark.parametrize("missing", ["country", "registry"])
def test_a_national_number_needs_its_register(missing: str) -> None:
    """R07: "HRB 6089" names nobody without the register that gave it."""
    given = {"country": "DE", "registry": "Amtsgericht Ansbach", missing: None}
    number = model.Identifier(scheme="national", value="HRB 6089", **given)
    assert [item.key for item in findings_of("R07", identifiers=(number,))] == [f"identifiers[0].{missing}"]
    entity = model.Entity(legal_name="Acme SE", identifiers=(number,))
    used = make_engagement(entity=entity)
    assert [item.key for item in findings_of("R07", engagements=(used,))] == [
        f"engagements[0].entity.identifiers[0].{missing}"
    ]


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("lei", "529900T8BM49AURSDO54"),
        ("lei", "529900t8bm49aursdo55"),
        ("lei", "5299 00T8BM49AURSDO55"),
        ("lei", "98"),
        ("vat", "DE136695977"),
        ("vat", "EL094259217"),
        ("vat", "DE"),
        ("euid", "HRB116737"),
        ("euid", "XXK1101R.HRB116737"),
        ("euid", "DEK1101R."),
        ("duns", "15048378"),
        ("duns", "15-048-3782"),
        ("duns", "١٥٠٤٨٣٧٨٢"),
        ("national", ""),
    ],
)
def test_wrong_numbers(scheme: model.IdentifierScheme, value: str) -> None:
    """R07: a wrong check digit, length or form is refused at the number."""
    number = model.Identifier(scheme=scheme, value=value, country="DE", registry="Amtsgericht Ansbach")
    assert [item.key for item in findings_of("R07", identifiers=(number,))] == ["identifiers[0].value"]
    publisher = model.Publisher(name="E", time_zone="UTC", language="en", identifiers=(number,))
    found = [item for item in check(make_draft(publisher=publisher), make_context()) if item.rule == "R07"]
    assert [(item.file, item.key) for item in found] == [("register.toml", "publisher.identifiers[0].value")]


@given(
    st.sampled_from(("lei", "vat", "euid", "duns")),
    st.text() | st.from_regex(r"[A-Z]{2}.{0,14}", fullmatch=True),
)
def test_any_company_number_is_checked_without_an_exception(
    scheme: model.IdentifierScheme, value: str
) -> None:
    """R07: whatever is written as a number, the answer is a finding or none."""
    assert len(findings_of("R07", identifiers=(model.Identifier(scheme=scheme, value=value),))) <= 1


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"locations": (US,)}, "US"),
        ({"locations": (US, FINLAND), "transfers": (SCC,)}, None),
        ({"locations": (US, model.Location(country="IN")), "transfers": (SCC,)}, "IN"),
        ({"locations": (model.Location(country="worldwide"),)}, "worldwide"),
        ({"locations": (model.Location(country="EEA"), model.Location(country="AX"))}, None),
        ({"seat": "GB"}, "GB"),
        ({"seat": "GB", "transfers": (SCC,)}, None),
        ({"locations": (US,), "data_scope": ()}, None),
        ({"locations": (US,), "transfers": ()}, None),
        ({"locations": (US,), "transfers": (msgspec.structs.replace(SCC, mechanism="unstated"),)}, None),
        ({"locations": (US,), "ends_on": TODAY}, None),
        ({"locations": (US,), "ends_on": TODAY + dt.timedelta(days=1)}, "US"),
        ({"locations": (US,), "withdrawn": model.WithdrawnSource(reason="never used")}, None),
    ],
)
def test_transfers(fields: dict[str, Any], named: str | None) -> None:
    """R20: a place outside the EEA wants a mechanism, as long as the vendor is engaged."""
    found = using("R20", **fields)
    assert [item.key for item in found] == ["engagements[0].transfers"] * (named is not None)
    assert all(item.message.startswith(f"{named} ") for item in found)


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"seat": "US"}, True),
        ({"seat": "US", "transfers": (SCC,)}, False),
        ({"seat": "US", "transfers": ()}, False),
        ({"seat": "US", "locations": (FINLAND, US)}, False),
        ({"seat": "US", "locations": ()}, False),
        ({"seat": "IS"}, False),
        ({"seat": None}, False),
        ({"seat": "US", "ends_on": TODAY}, False),
    ],
)
def test_remote_access(fields: dict[str, Any], asked: bool) -> None:
    """R21: a seat in a third country with all places in the EEA leaves a question open."""
    assert bool(using("R21", **fields)) is asked
