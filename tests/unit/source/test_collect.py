"""Every mistake of a table at once, each with its place and what was expected."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import TypeAlias

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.core import model
from register_api.source.collect import SET_BY_PUBLISHING, collect
from register_api.source.lines import format_key, parse_key
from thoroughness import examples

REGISTER = """
register = "example.com/sub-processors"
updated_on = 2026-05-10
statuses = []
categories = []
publisher = { name = "Example", time_zone = "UTC", language = "en" }
notice = { days = 30, applies_to = ["addition"] }
"""

VENDOR = 'id = "acme"\nname = "Acme"\n'

ENGAGEMENT = VENDOR + '[[engagements]]\nid = "mail"\ncategory = "ops"\nstatus = "active"\n'

Kind: TypeAlias = type[msgspec.Struct]
SCOPES = "one of customer_content, customer_account, website_visitor"
TOP_KEYS = (
    "register", "url", "license", "lifecycle", "publisher", "statuses", "categories", "products",
    "exclusions", "related_documents", "extra", "updated_on", "notice", "order", "accepted_warnings",
)  # fmt: skip


def problems(text: str, kind: Kind) -> list[tuple[str, str, str]]:
    """Return key, message and hint of every problem of a TOML text."""
    return [(p.key, p.message, p.hint) for p in collect(tomllib.loads(text), kind)[1]]


@pytest.mark.parametrize(
    ("text", "key", "message", "hint"),
    [
        ('stauts = "x"', "engagements[0].stauts", 'unknown key "stauts"', "did you mean status?"),
        ('Purpose = "x"', "engagements[0].Purpose", 'unknown key "Purpose"', "did you mean purpose?"),
        (
            'data-scope = ["none"]',
            "engagements[0].data-scope",
            'unknown key "data-scope"',
            "did you mean data_scope?",
        ),
        (
            'website = "https://example.com"',
            "engagements[0].website",
            'unknown key "website"',
            "website belongs to the top of the file, before the first [header]",
        ),
        (
            'country = "DE"',
            "engagements[0].country",
            'unknown key "country"',
            "country belongs to engagements.locations",
        ),
        ("announced = 1", "engagements[0].announced", "announced is set by publishing", "leave it out"),
        ("version = 1", "engagements[0].version", "version is set by publishing", "leave it out"),
        ("purpose = 1", "engagements[0].purpose", "expected text, found the number 1", ""),
        ("purpose = 1.5", "engagements[0].purpose", "expected text, found a number with a fraction", ""),
        ("purpose = 12:00:00", "engagements[0].purpose", "expected text, found a time of day", ""),
        (
            "starts_on = 2026-06-10T00:00:00Z",
            "engagements[0].starts_on",
            "expected a day such as 2026-06-10, found a day with a time",
            "",
        ),
        (
            'starts_on = "10 June 2026"',
            "engagements[0].starts_on",
            'expected a day such as 2026-06-10, found the text "10 June 2026"',
            "",
        ),
        (
            'ends_on = "2026-02-30"',
            "engagements[0].ends_on",
            'expected a day such as 2026-06-10, found the text "2026-02-30"',
            "",
        ),
        (
            'ends_on = "20260610"',
            "engagements[0].ends_on",
            'expected a day such as 2026-06-10, found the text "20260610"',
            "",
        ),
        (
            'special_categories = "yes"',
            "engagements[0].special_categories",
            'expected true or false, found the text "yes"',
            "",
        ),
        (
            'data_scope = "website_visitor"',
            "engagements[0].data_scope",
            f'expected a list, each item {SCOPES}, found the text "website_visitor"',
            'write it in square brackets: ["website_visitor"]',
        ),
        (
            'data_scope = ["website_visitor", "custmer_content"]',
            "engagements[0].data_scope[1]",
            f'expected {SCOPES}, found the text "custmer_content"',
            "did you mean customer_content?",
        ),
        (
            "locations = { country = 'DE' }",
            "engagements[0].locations",
            "expected a list of tables, found a table",
            "write the header in double brackets: [[engagements.locations]]",
        ),
        (
            "locations = [{ country = 'DE' }, { country = 49 }]",
            "engagements[0].locations[1].country",
            "expected text, found the number 49",
            "",
        ),
        (
            "locations = [{ place = 'Berlin' }]",
            "engagements[0].locations[0].country",
            "country is missing: expected text",
            "",
        ),
        (
            "conditions = 'consent'",
            "engagements[0].conditions",
            'expected a list of tables, found the text "consent"',
            'write it in square brackets: ["consent"]',
        ),
        (
            "conditions = { type = 'consent' }",
            "engagements[0].conditions",
            "expected a list of tables, found a table",
            "write the header in double brackets: [[engagements.conditions]]",
        ),
        (
            "products = 'example-desk'",
            "engagements[0].products",
            'expected the text "all", or a list of ids of products, found the text "example-desk"',
            "",
        ),
        (
            "products = ['example-desk', 7]",
            "engagements[0].products[1]",
            "expected the id of a product, found the number 7",
            "",
        ),
        (
            "products = { all = true, ids = [] }",
            "engagements[0].products",
            'expected the text "all", or a list of ids of products, found a table',
            "",
        ),
        ("extra = { cost = 5 }", "engagements[0].extra.cost", "expected text, found the number 5", ""),
        (
            "extra = ['a']",
            "engagements[0].extra",
            "expected a table of labels, each with a text, found a list",
            "",
        ),
        (
            'extra = { "a.b\\u001b" = true }',
            'engagements[0].extra."a.b\\u001B"',
            "expected text, found true",
            "",
        ),
    ],
)  # fmt: skip
def test_mistake_is_named_with_its_place(text: str, key: str, message: str, hint: str) -> None:
    """One mistake in an engagement gives exactly one problem, in plain words."""
    assert problems(ENGAGEMENT + text, model.SubprocessorSource) == [(key, message, hint)]


@pytest.mark.parametrize(
    ("text", "key", "message", "hint"),
    [
        ("version = 3", "version", "version is set by publishing", "leave it out"),
        ('reason = "x"', "reason", "reason is set by publishing", "use publish --reason and --kind"),
        (
            "[[subprocessors]]",
            "subprocessors",
            "subprocessors is set by publishing",
            "each vendor has its own file: subprocessors/<id>.toml",
        ),
        ('time_zone = "UTC"', "time_zone", 'unknown key "time_zone"', "time_zone belongs to publisher"),
        ("order = [1]", "order[0]", "expected text, found the number 1", ""),
        (
            "zzz = 1",
            "zzz",
            'unknown key "zzz"',
            f"known here: {', '.join(TOP_KEYS)}",
        ),
    ],
)
def test_mistakes_at_the_top_of_the_register(text: str, key: str, message: str, hint: str) -> None:
    """The register's own keys are checked in the same way."""
    assert problems(REGISTER + text, model.RegisterSource) == [(key, message, hint)]


def test_every_mistake_is_reported_at_once() -> None:
    """Ten mistakes take one run, not ten."""
    text = """
    nme = "Acme"
    kind = "thirdparty"
    [[certifications]]
    name = 1
    claim = "sure"
    [[engagements]]
    status = "on"
    [[engagements]]
    id = 5
    [[engagements.conditions]]
    typ = "consent"
    """
    assert {key for key, _, _ in problems(text, model.SubprocessorSource)} == {
        "nme", "kind", "certifications[0].name", "certifications[0].claim", "engagements[0].status",
        "engagements[0].id", "engagements[0].category", "engagements[1].id", "engagements[1].category",
        "engagements[1].status", "engagements[1].conditions[0].typ", "engagements[1].conditions[0].type",
        "id", "name",
    }  # fmt: skip


def test_missing_table_is_one_problem() -> None:
    """A publisher left out is one mistake, not one for each of its fields."""
    assert [key for key, _, _ in problems("", model.RegisterSource)] == [
        "register", "publisher", "statuses", "categories", "notice",
    ]  # fmt: skip


@pytest.mark.parametrize("day", ["2026-06-10", '"2026-06-10"'])
def test_days_may_be_dates_or_texts(day: str) -> None:
    """Both ways of writing a day give the same day."""
    vendor, found = collect(tomllib.loads(f"{ENGAGEMENT}starts_on = {day}"), model.SubprocessorSource)
    assert not found
    assert vendor
    assert vendor.engagements[0].starts_on == dt.date(2026, 6, 10)


@pytest.mark.parametrize(
    ("said", "products"),
    [
        ("", None),
        ('products = "all"', model.ProductScope(all=True)),
        ("products = []", model.ProductScope(all=False)),
        ('products = ["desk", "mail"]', model.ProductScope(all=False, ids=("desk", "mail"))),
    ],
)
def test_products_are_all_or_some_or_none_or_not_stated(
    said: str, products: model.ProductScope | None
) -> None:
    """What a source writes short is read as the struct that is published."""
    vendor, found = collect(tomllib.loads(ENGAGEMENT + said), model.SubprocessorSource)
    assert not found
    assert vendor
    assert vendor.engagements[0].products == products


@pytest.mark.parametrize(
    "field",
    ["locations", "transfers", "data_scope", "data_categories", "data_subjects", "safeguards"],
)
def test_what_is_left_out_is_not_stated_and_an_empty_list_says_none(field: str) -> None:
    """Of an engagement, and of a vendor's numbers and certifications alike."""
    left_out, _ = collect(tomllib.loads(ENGAGEMENT), model.SubprocessorSource)
    none, _ = collect(tomllib.loads(f"{ENGAGEMENT}{field} = []"), model.SubprocessorSource)
    assert left_out
    assert none
    assert getattr(left_out.engagements[0], field) is None
    assert getattr(none.engagements[0], field) == ()
    assert (left_out.identifiers, left_out.certifications) == (None, None)


@pytest.mark.parametrize("number", ["0x" + "f" * 20_000, "9007199254740992", "-9007199254740992"])
def test_number_that_json_cannot_hold_is_refused(number: str) -> None:
    """A number beyond 2^53-1 is refused, even one that Python will not print."""
    text = REGISTER.replace("days = 30", f"days = {number}")
    assert problems(text, model.RegisterSource) == [
        ("notice.days", "expected a whole number, found a number too large", "")
    ]


def test_long_text_is_cut_in_the_message() -> None:
    """A message stays short whatever the file holds."""
    ((_, message, _),) = problems(VENDOR + f'kind = "{"x" * 9000}"', model.SubprocessorSource)
    assert len(message) < 150


def test_known_names_of_published_fields_are_complete() -> None:
    """Each field that only the published structs have is refused as set by publishing."""

    def names(published: Kind, source: Kind) -> set[str]:
        return set(published.__struct_fields__) - set(source.__struct_fields__)

    assert set(SET_BY_PUBLISHING) == (
        names(model.Register, model.RegisterSource)
        | names(model.Subprocessor, model.SubprocessorSource)
        | names(model.Engagement, model.EngagementSource)
        | names(model.PlannedChange, model.PlannedChangeSource)
        | names(model.Notice, model.NoticeSource)
    )


@given(st.lists(st.one_of(st.integers(0, 10**6), st.text(min_size=1)), max_size=5))
def test_key_path_is_read_as_it_was_written(parts: list[str | int]) -> None:
    """A printed path is printable and gives the same parts again, whatever the names are."""
    path = tuple(parts)
    assert parse_key(format_key(path)) == path
    assert format_key(path).isprintable()


WORDS = (
    "id", "name", "engagements", "locations", "country", "conditions", "extra", "status", "updated_on",
    "publisher", "notice", "days",
)  # fmt: skip
NAMES = st.sampled_from(WORDS) | st.text(max_size=4)
DAYS = st.dates() | st.datetimes() | st.times()
SCALARS = st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | DAYS


def branches(item: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Return lists and tables of what is given."""
    return st.lists(item, max_size=3) | st.dictionaries(NAMES, item, max_size=4)


DOCUMENTS = st.dictionaries(NAMES, st.recursive(SCALARS, branches, max_leaves=12), max_size=5)


@settings(max_examples=examples(150), deadline=None)
@given(DOCUMENTS, st.sampled_from([model.RegisterSource, model.SubprocessorSource]))
def test_any_table_gives_a_struct_or_problems(document: dict[str, object], kind: Kind) -> None:
    """Nothing that a parser may hand over makes the walk fail; struct and problems exclude each other."""
    record, found = collect(document, kind)
    assert (record is None) == bool(found)
    assert all((p.message + p.hint).isprintable() for p in found)
