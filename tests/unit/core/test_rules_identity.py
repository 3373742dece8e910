"""Rules on ids and the entities that they identify: R02, R03, R04, R16, R19."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import pytest

from examples import TODAY, make_context, make_draft, make_engagement, make_register, make_vendor
from register_api.core import model
from register_api.core.rules import check

if TYPE_CHECKING:
    from register_api.core.rules import Context
    from register_api.errors import Finding


def findings_of(number: str, draft: model.Draft, context: Context | None = None) -> list[Finding]:
    """Return what one rule says of a source."""
    return [finding for finding in check(draft, context or make_context()) if finding.rule == number]


def places(findings: list[Finding]) -> list[tuple[str, str]]:
    """Return file and key of findings."""
    return [(finding.file, finding.key) for finding in findings]


def test_ids_are_unique_in_their_list() -> None:
    """R02: one id for two engagements, categories or vendors is refused."""
    twice = (make_engagement(), make_engagement())
    assert places(findings_of("R02", make_draft(make_vendor(engagements=twice)))) == [
        ("subprocessors/acme.toml", "engagements[1].id")
    ]
    assert findings_of("R02", make_draft(make_vendor(), make_vendor("beta"))) == []
    assert places(findings_of("R02", make_draft(make_vendor(), make_vendor()))) == [
        ("subprocessors/acme.toml", "id")
    ]
    category = model.Category(id="infrastructure", title="Again")
    draft = make_draft(categories=(category, category))
    assert places(findings_of("R02", draft)) == [("register.toml", "categories[1].id")]


@pytest.mark.parametrize("id_", ["", "A", "a_b", "a--b", "-a", "a" * 65, "ä", "../etc"])
def test_ids_are_slugs(id_: str) -> None:
    """R02: another form, or more than 64 characters, is refused for vendors and engagements alike."""
    vendor = make_vendor(engagements=(make_engagement(id_),))
    assert places(findings_of("R02", make_draft(vendor))) == [
        ("subprocessors/acme.toml", "engagements[0].id")
    ]


@pytest.mark.parametrize("name", ["https://example.com/x", "example.com/a b", "example.com/", ""])
def test_the_registers_name_is_a_host_and_a_path(name: str) -> None:
    """R02: the name is the origin of the log, so its form is fixed."""
    assert places(findings_of("R02", make_draft(register=name))) == [("register.toml", "register")]


def test_a_published_engagement_stays() -> None:
    """R03: an engagement may not go even if its vendor stays."""
    before = make_register(make_vendor(engagements=(make_engagement(), make_engagement("mail"))))
    (finding,) = findings_of("R03", make_draft(), make_context(before))
    assert (finding.file, finding.key) == ("subprocessors/acme.toml", "engagements")
    assert "mail" in finding.message
    assert "ends_on" in finding.hint


def test_a_deleted_vendor_is_named_by_its_file() -> None:
    """R03: the finding says which file has to come back."""
    context = make_context(make_register(make_vendor(), make_vendor("gone")))
    assert places(findings_of("R03", make_draft(), context)) == [("subprocessors/gone.toml", "")]


@pytest.mark.parametrize(
    ("before", "after", "kind", "refused"),
    [
        ({"legal_name": "A"}, {"legal_name": "B", "kind": "affiliate"}, "change", True),
        ({"legal_name": "A"}, {"legal_name": "B", "kind": "affiliate"}, "correction", False),
        ({"legal_name": "A"}, {"legal_name": None, "kind": "affiliate"}, "change", True),
        ({"legal_name": None}, {"legal_name": "B", "kind": "affiliate"}, "change", False),
        ({"legal_name": "A"}, {"legal_name": "B"}, "change", False),
        ({"legal_name": "A"}, {"legal_name": "A", "kind": "affiliate"}, "change", False),
    ],
)
def test_an_id_is_not_used_for_another_entity(
    before: dict[str, Any],
    after: dict[str, Any],
    kind: model.ReasonKind,
    refused: bool,
) -> None:
    """R03: kind and legal name both other is another company, unless a correction says so."""
    reason = model.Reason(kind=kind, text="…")
    context = make_context(
        make_register(make_vendor(**before)), reason=reason, corrects=1 if kind == "correction" else None
    )
    assert bool(findings_of("R03", make_draft(make_vendor(**after)), context)) is refused


def becomes_another(day: dt.date) -> model.PlannedChangeSource:
    """Return a planned change after which an id would identify another company."""
    sets = {"legal_name": "B", "kind": "affiliate"}
    return model.PlannedChangeSource(id="other", effective_on=day, set=sets)


def test_a_planned_change_does_not_give_an_id_to_another_entity() -> None:
    """R03: on the day on which it takes effect, whatever the version that plans it is called."""
    planned = make_vendor(legal_name="A", planned=(becomes_another(TODAY + dt.timedelta(days=60)),))
    for previous in (None, make_register(make_vendor(legal_name="A"))):
        (finding,) = findings_of("R03", make_draft(planned), make_context(previous))
        assert finding.key == "planned[0].set"


def test_an_entity_that_took_effect_can_be_folded() -> None:
    """R03: an identity corrected by a planned change may be folded into the base fields."""
    previous = make_register(
        make_vendor(legal_name="A", planned=(becomes_another(TODAY - dt.timedelta(days=1)),))
    )
    folded = make_vendor(legal_name="B", kind="affiliate")
    assert findings_of("R03", make_draft(folded), make_context(previous)) == []


def test_withdrawing_and_listing_again_are_no_deletion() -> None:
    """R03: a withdrawn vendor stays, and may be listed again."""
    withdrawn = make_vendor(withdrawn=model.WithdrawnSource(reason="Listed by mistake"))
    assert findings_of("R03", make_draft(withdrawn), make_context(make_register())) == []
    assert findings_of("R03", make_draft(), make_context(make_register(withdrawn))) == []


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"replaces": ("nobody",)}, "replaces[0]"),
        ({"merged_from": ("nobody",)}, "merged_from[0]"),
        ({"split_from": "nobody"}, "split_from"),
        ({"parent": "nobody"}, "parent"),
        ({"parent": "acme"}, "parent"),
        ({"replaces": ("acme",)}, "replaces[0]"),
        ({"engagements": (make_engagement(category="none"),)}, "engagements[0].category"),
        (
            {"engagements": (make_engagement(products=model.ProductScope(all=False, ids=("desk", "gone"))),)},
            "engagements[0].products[1]",
        ),
    ],
)
def test_references_lead_somewhere(fields: dict[str, Any], key: str) -> None:
    """R04: what is named exists, and is not the vendor itself."""
    draft = make_draft(make_vendor(**fields), products=(model.Product(id="desk", title="Desk"),))
    assert places(findings_of("R04", draft)) == [("subprocessors/acme.toml", key)]


def test_an_unknown_product_is_reported_with_the_known_ones() -> None:
    """R04: the hint lists them, or says where the first one is to be written."""
    vendor = make_vendor(engagements=(make_engagement(products=model.ProductScope(all=False, ids=("x",))),))
    (finding,) = findings_of("R04", make_draft(vendor, products=(model.Product(id="desk", title="Desk"),)))
    assert (finding.message, finding.hint) == ("unknown product 'x'", "one of: desk")
    (finding,) = findings_of("R04", make_draft(vendor))
    assert finding.hint == "the register lists no product: add it to register.toml, or leave it out"


def test_product_ids_are_unique() -> None:
    """R02: as a category does."""
    twice = (model.Product(id="desk", title="Desk"), model.Product(id="desk", title="Help desk"))
    assert places(findings_of("R02", make_draft(products=twice))) == [("register.toml", "products[1].id")]


def test_a_status_is_explained() -> None:
    """R04: a status in use has a title in the register."""
    draft = make_draft(statuses=(model.StatusText(id="available", title="Available"),))
    assert places(findings_of("R04", draft)) == [("subprocessors/acme.toml", "engagements[0].status")]


@pytest.mark.parametrize("field", ["parent", "engaged_by"])
def test_no_chain_forms_a_cycle(field: str) -> None:
    """R04: a cycle is reported once, with its path; a chain that leads into it is not reported."""

    def chain(**above: str) -> model.Draft:
        return make_draft(*(make_vendor(id_, **({field: up} if up else {})) for id_, up in above.items()))

    (finding,) = findings_of("R04", chain(x="a", a="b", b="c", c="a"))
    assert (finding.file, finding.key) == ("subprocessors/a.toml", field)
    assert "a → b → c → a" in finding.message
    assert findings_of("R04", chain(a="b", b="c", c="")) == []


def test_order_names_vendors() -> None:
    """R16: an id that no vendor has is refused; vendors that are not named are fine."""
    draft = make_draft(make_vendor(), make_vendor("beta"), order=("beta", "gamma"))
    (finding,) = findings_of("R16", draft)
    assert (finding.file, finding.key) == ("register.toml", "order")
    assert "gamma" in finding.message


def test_the_store_holds_another_register() -> None:
    """R19: both names are in the message, so that one sees which was meant."""
    (finding,) = findings_of("R19", make_draft(register="example.org/other"), make_context(make_register()))
    assert (finding.file, finding.key) == ("register.toml", "register")
    assert "example.org/other" in finding.message
    assert "example.com/sub-processors" in finding.message


def test_the_largest_register_is_judged_in_time() -> None:
    """Ten thousand vendors in a chain of parents, all published before: no rule is quadratic."""
    vendors = [make_vendor(f"v{number}", parent=f"v{number + 1}") for number in range(3_000)]
    vendors.append(make_vendor("v3000"))
    draft = make_draft(*vendors, order=tuple(vendor.id for vendor in vendors))
    started = time.process_time()
    findings = check(draft, make_context(make_register(*vendors)))
    assert {finding.rule for finding in findings} == {"R26"}
    assert time.process_time() - started < 3
