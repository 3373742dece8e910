"""What the page of the register offers to filter by: what occurs, and how often."""

from __future__ import annotations

import msgspec

import sample_register as sample
from register_api.core import model
from register_api.publish.page.view import filters


def offered(**fields: object) -> dict[str, dict[str, int]]:
    """Return the number of uses by value, of each filter."""
    view = sample.view(**fields)
    return {
        name: {value: uses for value, _, uses, _ in choices} for name, _, choices in filters(view, view.rows)
    }


def test_values_that_occur_are_offered_with_their_number() -> None:
    assert offered() == {
        "category": {"infrastructure": 1, "ai-llm": 2, "operations": 5},
        "status": {"active": 2, "conditional": 1, "available": 1, "announced": 2, "ended": 1, "withdrawn": 1},
        "country": {"EEA": 1, "FI": 1, "DE": 1, "US": 1},
    }


def test_a_use_by_all_products_counts_for_each() -> None:
    """A use that names no product is found by none."""
    products = (model.Product(id="crm", title="CRM"), model.Product(id="mail", title="Mail"))
    first, second, *_ = (vendor for vendor in sample.register().subprocessors if vendor.engagements)
    scopes = [(first, model.ProductScope(all=True)), (second, model.ProductScope(all=False, ids=("mail",)))]
    vendors = tuple(
        msgspec.structs.replace(
            vendor,
            engagements=tuple(msgspec.structs.replace(use, products=scope) for use in vendor.engagements),
        )
        for vendor, scope in scopes
    )
    assert offered(products=products, subprocessors=vendors)["product"] == {"crm": 1, "mail": 2}


def test_one_value_is_no_choice_and_no_use_has_no_filters() -> None:
    (first, *_) = sample.register().subprocessors
    assert set(offered(subprocessors=(first,))) == {"country"}
    view = sample.view(subprocessors=())
    assert not list(filters(view, view.rows))
