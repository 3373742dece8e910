"""Whom changes concern: products, settings, kinds of data; what is not known concerns."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

import sample_register
from register_api.core import model
from register_api.core.diff.affected import Concern, Interests
from register_api.core.diff.document import changes_without_summaries
from register_api.core.notice_period import Promises

DESK, MAIL = model.ProductScope(all=False, ids=("desk",)), model.ProductScope(all=False, ids=("mail",))
ALL, NONE = model.ProductScope(all=True), model.ProductScope(all=False)
PRODUCTS = tuple(model.Product(id=id_, title=id_) for id_ in ("desk", "mail"))
PROMISES = Promises(zone=dt.UTC, first_live=1, policies=())


def region(value: str | None, *, negated: bool = False, key: str | None = None) -> model.Condition:
    return model.Condition(type="region", key=key, value=value, negated=negated)


ELSEWHERE = model.Subprocessor(
    id="elsewhere",
    name="Elsewhere",
    engagements=tuple(
        sample_register.engagement(
            f"in-{number}", "operations", conditions=(condition,), data_scope=("website_visitor",)
        )
        for number, condition in enumerate([region("eu", key="LLM_REGION"), region("US", key="LLM_REGION")])
    ),
)


def listing(**fields: object) -> model.Register:
    """Return a register whose vendor ``x`` has one use, beside a vendor that names two regions."""
    use = sample_register.engagement("use", "operations", **fields)
    vendor = model.Subprocessor(id="x", name="X", engagements=(use,))
    return sample_register.register(products=PRODUCTS, subprocessors=(vendor, ELSEWHERE))


EU = Interests(settings={"region": frozenset({"eu"})})
BY_KEY = Interests(settings={"llm_region": frozenset({"eu"})})
BOTH = Interests(settings={"region": frozenset({"eu", "us"})})
ASIA = Interests(settings={"region": frozenset({"asia"})})
OF_DESK = Interests(products=frozenset({"desk"}))
OF_CONTENT = Interests(data=frozenset({"customer_content"}))


@pytest.mark.parametrize(
    ("interests", "fields", "concerns"),
    [
        (OF_DESK, {"products": DESK}, True),
        (OF_DESK, {"products": MAIL}, False),
        (OF_DESK, {"products": ALL}, True),
        (OF_DESK, {"products": NONE}, False),
        (OF_DESK, {"products": None}, True),
        (Interests(products=frozenset({"desk", "typo"})), {"products": MAIL}, True),
        (OF_CONTENT, {"data_scope": ("customer_content", "website_visitor")}, True),
        (OF_CONTENT, {"data_scope": ("website_visitor",)}, False),
        (OF_CONTENT, {"data_scope": ()}, False),
        (OF_CONTENT, {"data_scope": None}, True),
        (EU, {"conditions": (region("US"),)}, False),
        (EU, {"conditions": (region("EU"),)}, True),
        (EU, {"conditions": (region(None),)}, True),
        (EU, {"conditions": (region("eu", negated=True),)}, False),
        (EU, {"conditions": (region("us", negated=True),)}, True),
        (EU, {"conditions": (region("eu"), region("us"))}, False),
        (EU, {"conditions": (model.Condition(type="plan", value="us"),)}, True),
        (BOTH, {"conditions": (region("us"),)}, True),
        (BOTH, {"conditions": (region("eu", negated=True),)}, True),
        (BY_KEY, {"conditions": (region("us", key="LLM_REGION"),)}, False),
        (BY_KEY, {"conditions": (region("us", key="other"),)}, True),
        (ASIA, {"conditions": (region("us"),)}, True),
        (Interests(), {"products": NONE, "data_scope": (), "conditions": (region("us"),)}, True),
    ],
)
def test_a_use_and_the_news_of_it_concern_alike(
    interests: Interests, fields: dict[str, object], concerns: bool
) -> None:
    newer = listing(**fields)
    older = msgspec.structs.replace(newer, version=6, subprocessors=(ELSEWHERE,))
    concern = Concern(interests, newer)
    assert concern.covers_use(newer.subprocessors[0].engagements[0]) is concerns
    came = changes_without_summaries(older, newer, PROMISES)
    assert came
    assert [concern.covers_change(change) for change in came] == [concerns] * len(came)


PLACE = model.Location(country="FI")
ABROAD = model.Location(country="SG", conditions=(region("us"),))


@pytest.mark.parametrize(
    ("interests", "before", "after", "concerns"),
    [
        (OF_DESK, {"products": DESK}, {"products": MAIL}, True),  # they lost it
        (OF_DESK, {"products": MAIL}, {"products": MAIL, "purpose": "Another"}, False),
        (OF_CONTENT, {}, {"data_scope": ("website_visitor",)}, True),
        (OF_DESK, {"products": MAIL}, {"products": MAIL, "data_scope": ("website_visitor",)}, False),
        (EU, {"locations": (PLACE,)}, {"locations": (PLACE, ABROAD)}, False),
        (EU, {"locations": (PLACE, ABROAD)}, {"locations": (ABROAD,)}, True),
        (BOTH, {"locations": (PLACE,)}, {"locations": (PLACE, ABROAD)}, True),
        (EU, {"locations": None}, {"locations": (ABROAD,)}, True),
    ],
)
def test_a_change_into_or_out_of_scope_concerns_the_customer(
    interests: Interests, before: dict[str, object], after: dict[str, object], concerns: bool
) -> None:
    older, newer = listing(**before), listing(**after)
    concern = Concern(interests, newer)
    found = changes_without_summaries(msgspec.structs.replace(older, version=6), newer, PROMISES)
    assert found
    assert any(map(concern.covers_change, found)) is concerns


def test_a_change_of_no_use_concerns_every_customer() -> None:
    newer = listing(products=MAIL)
    concern = Concern(OF_DESK, newer)
    assert concern.covers_change(sample_register.change(1, "policy_changed", ""))
    assert concern.covers_change(sample_register.change(1, "renamed", "", subprocessor="unlisted"))
    assert not concern.covers_change(sample_register.change(1, "renamed", "", subprocessor="x"))
    assert concern.covers_change(sample_register.change(1, "renamed", "", affects=("x", "elsewhere")))
