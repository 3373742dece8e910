"""What a command writes into the source reads as a person would have written it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from register_api.core.model import (
    Condition,
    Engagement,
    EngagementSource,
    Identifier,
    Location,
    ProductScope,
    SubprocessorSource,
)
from register_api.core.timeline import plain, vendor_on
from register_api.source.edit import SourceEdit, as_written
from register_api.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

REGISTER = """\
register = "example.com/sub-processors"
statuses = []
categories = [{ id = "ops", title = "Operations" }]
products = [{ id = "desk", title = "Desk" }, { id = "mail", title = "Mail" }]
[publisher]
name = "Example"
time_zone = "UTC"
language = "en"
[notice]
days = 0
applies_to = []
"""
VENDOR = """\
name = "Acme"

# what for
[[engagements]]
id = "hosting"
category = "ops"
status = "active"
purpose = "Hosting"
products = ["desk"] # more to come
data_scope = ["customer_content"]
locations = [{ country = "FI" }]

[[engagements.planned]]
id = "next"
effective_on = 2027-03-01
set = SET
"""
DAY = dt.date(2027, 3, 1)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        ((), []),
        (("a", "b"), ["a", "b"]),
        (DAY, "2027-03-01"),
        (ProductScope(all=True), "all"),
        (ProductScope(all=False), []),
        (ProductScope(all=False, ids=("desk", "mail")), ["desk", "mail"]),
        (Condition(type="region", key="R", negated=True), {"type": "region", "key": "R", "negated": True}),
        (
            (Location(country="FI", is_default=True, conditions=(Condition(type="consent"),)),),
            [{"country": "FI", "is_default": True, "conditions": [{"type": "consent"}]}],
        ),
        ((Identifier(scheme="duns", value="123456789"),), [{"scheme": "duns", "value": "123456789"}]),
    ],
)
def test_a_value_is_written_short(value: Any, written: Any) -> None:
    """What is as usual is left out; an empty list that says something stays."""
    assert as_written(value) == written


def source(folder: Path, setting: str) -> SourceEdit:
    """Return the edit of a source in which one change is planned."""
    (folder / "subprocessors").mkdir()
    (folder / "register.toml").write_text(REGISTER, "utf-8")
    (folder / "subprocessors" / "acme.toml").write_text(VENDOR.replace("SET", setting), "utf-8")
    loaded = load(folder)
    assert loaded.draft is not None
    return SourceEdit(folder, loaded.draft, loaded.texts)


@pytest.mark.parametrize(
    ("setting", "field", "line"),
    [
        ('{ products = "all" }', "products", 'products = "all"'),
        ('{ products = ["mail"] }', "products", 'products = ["mail"]'),
        ("{ products = [] }", "products", "products = []"),
        ("{ data_scope = [] }", "data_scope", "data_scope = []"),
        ("{ transfers = [] }", "transfers", "transfers = []"),
        (
            '{ conditions = [{ type = "region", key = "R", value = "eu", negated = true }] }',
            "conditions",
            'conditions = [{type = "region", key = "R", value = "eu", negated = true}]',
        ),
    ],
)
def test_folding_writes_what_was_planned_and_means_the_same(
    tmp_path: Path, setting: str, field: str, line: str
) -> None:
    """None stays none, products stay short, and on the day nothing is different."""
    edit = source(tmp_path, setting)
    before = vendor_on(edit.vendor("acme"), DAY).engagements[0]
    assert list(edit.fold(["acme"], DAY)) == ["acme/hosting: next"]
    edit.write()
    text = (tmp_path / "subprocessors" / "acme.toml").read_text("utf-8")
    assert line in text
    assert "# what for" in text
    loaded = load(tmp_path)
    assert loaded.draft is not None
    (vendor,) = loaded.draft.subprocessors
    (after,) = vendor.engagements
    assert getattr(after, field) == getattr(before, field)
    assert after.planned == ()


@pytest.mark.parametrize(
    ("said", "published"),
    [
        ("all", {"all": True, "ids": []}),
        (["desk"], {"all": False, "ids": ["desk"]}),
        ({"all": False, "ids": ["desk"]}, {"all": False, "ids": ["desk"]}),
        (None, None),
    ],
)
@pytest.mark.parametrize("kind", [EngagementSource, Engagement])
def test_a_planned_change_of_products_is_published_as_the_struct(
    kind: type, said: object, published: object
) -> None:
    """As a source writes it, and as an earlier version published it."""
    assert plain(kind, {"products": said}) == {"products": published}


def test_a_vendor_says_that_it_has_no_certification() -> None:
    """Left out is another thing than none."""
    known = SubprocessorSource(id="acme", name="Acme", certifications=())
    assert as_written(known) == {"id": "acme", "name": "Acme", "certifications": []}
