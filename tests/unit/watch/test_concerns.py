"""What we use of a vendor, as it is asked of its register."""

from __future__ import annotations

import pytest

import sample_register
from register_api.core import model
from register_api.core.diff.affected import Concern
from register_api.watch.vendors import Vendor, interests_of


def test_regions_and_settings_are_values_by_name() -> None:
    vendor = Vendor(id="x", name="X", regions=("EU", "uk"), settings=("Plan=Team", "plan=free", "odd"))
    found = interests_of(vendor).settings
    assert found == {"region": {"eu", "uk"}, "plan": {"team", "free"}, "odd": {""}}


@pytest.mark.parametrize(
    ("said", "concerned"),
    [
        ({}, True),
        ({"products": ("desk",)}, False),
        ({"products": ("mail",)}, True),
        ({"data": ("website_visitor",)}, False),
        ({"regions": ("eu",)}, False),
        ({"settings": ("llm_region=us",)}, True),
    ],
)
def test_a_change_concerns_by_all_that_is_known_of_the_contract(
    said: dict[str, tuple[str, ...]], *, concerned: bool
) -> None:
    def use(id_: str, value: str) -> model.Engagement:
        condition = model.Condition(type="region", key="LLM_REGION", value=value)
        scope = model.ProductScope(all=False, ids=("mail",))
        return sample_register.engagement(id_, "operations", products=scope, conditions=(condition,))

    vendor = model.Subprocessor(id="v", name="V", engagements=(use("in-us", "us"), use("in-eu", "eu")))
    products = tuple(model.Product(id=id_, title=id_) for id_ in ("desk", "mail"))
    register = sample_register.register(subprocessors=(vendor,), products=products)
    change = sample_register.change(1, "purpose_changed", "", subprocessor="v", engagement="in-us")
    ours = Concern(interests_of(Vendor(id="x", name="X", **said)), register)  # type: ignore[arg-type]
    assert ours.covers_change(change) is concerned
