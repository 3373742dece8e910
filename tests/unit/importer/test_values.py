"""Columns, countries, ids: matched exactly, or kept as text."""

from __future__ import annotations

import pytest
from imports import refusal

from register_api.core.text import is_slug
from register_api.importer.cell_values import MECHANISMS, Fit, country_of, places_of, read_value
from register_api.importer.register_file import merged_order
from register_api.importer.rows import READ_ELSEWHERE
from register_api.importer.table import NAMES, Cell, Row, Table, find_field, folded, match_columns
from register_api.importer.vendor_list import Use, free_slug, match_uses, slug


def table(header: list[str], *rows: list[str]) -> Table:
    return Table(
        file="f",
        number=1,
        header=tuple(Cell(text=text) for text in header),
        rows=tuple(
            Row(cells=tuple(Cell(text=text) for text in row), number=number)
            for number, row in enumerate(rows, 1)
        ),
    )


def test_no_name_of_a_column_means_two_fields():
    names = [folded(name) for row in NAMES.values() for name in row]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("SUB-PROCESSOR", "name"),
        ("Sub processor  name:", "name"),
        ("Purpose of Processing", "purpose"),
        ("Location(s)", "locations"),
        ("Privacy policy", "privacy_url"),
        ("Third Party Processor", "name"),
        ("Hosting region(s)", "locations"),
        ("Role / Purpose", "purpose"),
        ("Corporate HQ", "seat"),
        ("Privacy Statement", "privacy_url"),
        ("Colour", None),
        ("Comments", None),
        ("Notes", None),
        ("#", None),
    ],
)
def test_columns_are_known_by_name_whatever_case_and_punctuation(name, field):
    assert find_field(name) == field


@pytest.mark.parametrize("field", sorted(set(NAMES) - READ_ELSEWHERE))
def test_every_field_that_has_columns_can_be_read(field):
    """A field that joins the table of fields with columns is read by its form, or red here."""
    assert isinstance(read_value(field, Cell(text="something")), Fit | str)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("kind", "Third party", "third_party"),
        ("data_scope", "Customer content; website visitor", ["customer_content", "website_visitor"]),
        ("data_scope", "Customer content; account", None),
        ("website", "javascript:alert(1)", None),
        ("seat", "Nowhere", None),
        ("seat", "EU", None),
        ("seat", "Finland", "FI"),
    ],
)
def test_a_cell_is_read_by_the_form_of_its_field(field, text, value):
    found = read_value(field, Cell(text=text))
    assert (found.value if isinstance(found, Fit) else None) == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SCCs", "scc"),
        ("EU-US DPF", "dpf"),
        ("UK Addendum", "uk_addendum"),
        ("IDTA", "idta"),
        ("magic", None),
    ],
)
def test_a_transfer_mechanism_has_many_names(text, code):
    assert MECHANISMS.get(folded(text)) == code


def test_the_more_telling_of_two_columns_takes_the_field_and_the_other_is_left_out():
    fields = match_columns(table(["Name", "Service", "Purpose", "Colour", ""]), {})
    assert fields == ["name", "drop", "purpose", "drop", "drop"]


def test_the_caller_may_say_which_column_is_what():
    fields = match_columns(table(["Who", "Name", "Purpose"]), {"who": "name", "Purpose": "extra"})
    assert fields == ["name", "drop", "extra"]


def test_an_entity_name_names_where_nothing_else_does():
    assert match_columns(table(["Entity Name", "Entity Country"]), {}) == ["name", "seat"]
    assert match_columns(table(["Entity Name", "Vendor"]), {}) == ["legal_name", "name"]


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (table(["Name", "Place", "place:"]), '2 columns are named "Place"'),
        (table(["Purpose", "Place"]), 'no column holds the names; there are "Purpose", "Place"'),
        (table(["Name", ""], ["A", "x"]), "column 2 has content and no name"),
    ],
)
def test_columns_that_could_be_mistaken_are_refused(made, fault):
    assert fault in refusal(lambda: match_columns(made, {}))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("United States", ["US"]),
        ("United States.", ["US"]),
        ("the united states of america", ["US"]),
        ("USA", ["US"]),
        ("UK", ["GB"]),
        ("EU", ["EU"]),
        ("European Economic Area", ["EEA"]),
        ("Global", ["worldwide"]),
        ("Germany", ["DE"]),
        ("DEU", ["DE"]),
        ("Deutschland", ["DE"]),
        ("Nederland", ["NL"]),
        ("미국", ["US"]),
        ("Korea, Republic of", ["KR"]),
        ("Canada / United States", ["CA", "US"]),
        ("Ireland, Germany and France", ["IE", "DE", "FR"]),
        ("Trinidad and Tobago", ["TT"]),
        ("Ireland\nIreland", ["IE"]),
        ("Georgia", ["GE"]),
        ("Georgia, USA", ["US: Georgia, USA"]),
        ("Atlanta, Georgia", ["varies: Atlanta, Georgia"]),
        ("CA, US", ["US: CA, US"]),
        ("US, CA", ["US", "varies: CA"]),
        ("San Jose, CA", ["varies: San Jose, CA"]),
        ("San Jose (CA)", ["varies: San Jose (CA)"]),
        ("Georgia (US)", ["US: Georgia (US)"]),
        ("Portland, OR, United States", ["US: Portland, OR, United States"]),
        ("Frankfurt, Germany", ["DE: Frankfurt, Germany"]),
        ("Germany (Frankfurt)", ["DE: Germany (Frankfurt)"]),
        ("Frankfurt (Germany)", ["DE: Frankfurt (Germany)"]),
        ("France (EU)", ["FR: France (EU)"]),
        ("EU (Frankfurt), US", ["EU: EU (Frankfurt)", "US"]),
        ("Ireland (eu-west-1)", ["IE: Ireland (eu-west-1)"]),
        ("United States (us-east1)", ["US: United States (us-east1)"]),
        ("London (lhr1), UK", ["GB: London (lhr1), UK"]),
        ("United States, Europe", ["US", "varies: Europe"]),
        ("Europe, United States", ["US", "varies: Europe"]),
        ("Dublin, Ireland; Frankfurt, Germany", ["IE: Dublin, Ireland", "DE: Frankfurt, Germany"]),
        ("United States; SCCs in place.", ["US", "varies: SCCs in place."]),
        ("US (Oregon / Ohio)", ["US: US (Oregon / Ohio)"]),
        ("Oslo", ["varies: Oslo"]),
        ("it", ["varies: it"]),
        ("us", ["varies: us"]),
        ("XX", ["varies: XX"]),
        ("Unitd States", ["varies: Unitd States"]),
        ("France ()", ["varies: France ()"]),
        ("FR, " * 400, [f"varies: {'FR, ' * 400}"]),
    ],
)
def test_countries_are_known_by_exact_name_or_code_and_words_beside_them_are_kept(text, places):
    found = [": ".join(filter(None, (item["country"], item.get("text")))) for item in places_of(text)]
    assert found == places


def test_every_country_that_is_named_has_an_assigned_code():
    assert country_of("Finland") == "FI"
    assert country_of("Kosovo") is None


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("locations", "not applicable at all", Fit("locations", [
            {"country": "varies", "text": "not applicable at all"}])),
        ("locations", "Oslo", Fit("locations", [{"country": "varies", "text": "Oslo"}])),
        ("data_categories", "names\nmails", Fit("data_categories", ["names", "mails"])),
        (
            "data_scope",
            "customer_content, website_visitor",
            Fit("data_scope", ["customer_content", "website_visitor"]),
        ),
        ("products", "Desk; Mail, Desk", Fit("products", ["Desk", "Mail"])),
        ("products", "All products", Fit("products", "all")),
        ("data_scope", "everything", None),
        ("website", "https://acme.example/", Fit("website", "https://acme.example/")),
        ("website", "acme.example", None),
        ("seat", "Norway", Fit("seat", "NO")),
        ("seat", "EU", None),
        ("seat", "worldwide", None),
        ("starts_on", "2024-02-29", Fit("starts_on", "2024-02-29")),
        ("starts_on", "2023-02-29", None),
        ("starts_on", "1/2/2023", None),
        ("kind", "Affiliate", Fit("kind", "affiliate")),
        ("kind", "cousin", None),
        ("special_categories", "No", Fit("special_categories", False)),
        ("special_categories", "maybe", None),
        ("conditions", "consent: banner", Fit("conditions", [{"type": "consent", "text": "banner"}])),
        ("conditions", "after the banner", None),
        ("contact", "a@b.example", Fit("contact", "a@b.example")),
        ("contact", "a@b", None),
        ("duns", "123456789", Fit("identifiers", [{"scheme": "duns", "value": "123456789"}])),
        ("certifications", "ISO 1; SOC 2", Fit("certifications", [
            {"name": "ISO 1", "claim": "declared"}, {"name": "SOC 2", "claim": "declared"}])),
        ("purpose", "a; b", Fit("purpose", "a; b")),
    ],
)  # fmt: skip
def test_a_text_is_the_value_of_a_field_exactly_or_not_at_all(field, text, value):
    found = read_value(field, Cell(text=text))
    if value is None:
        assert isinstance(found, str)
    else:
        assert (found.field, found.value) == (value.field, value.value)


def test_a_link_counts_before_its_words_where_an_address_is_asked_for():
    cell = Cell(text="Privacy policy", links=("https://acme.example/p",))
    assert read_value("privacy_url", cell) == Fit("privacy_url", "https://acme.example/p")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Acme Cloud, Inc.", "acme-cloud-inc"),
        ("Let's Encrypt", "lets-encrypt"),
        ("Großmann & Søn", "grossmann-and-son"),
        ("Café", "cafe"),
        ("Customer.io", "customer-io"),
        ("x" * 80, "x" * 64),
        ("x" * 60 + " storage", "x" * 60),
        ("x" * 56 + " storage", "x" * 56 + "-storage"),
    ],
)
def test_ids_are_made_from_names(name, made):
    assert slug(name) == made


@pytest.mark.parametrize("name", ["株式会社", "Ωμέγα", "שרת"])
def test_a_name_of_another_script_has_an_id_too(name):
    assert is_slug(slug(name))


@pytest.mark.parametrize("name", ["!!!", "\ud800", "-" * 99])
def test_what_no_letter_or_digit_stands_in_has_none(name):
    """An id is asked for (test_draft)."""
    assert slug(name) == ""


def test_a_taken_id_gets_a_number_within_the_length():
    assert free_slug("acme", {"acme", "acme-2"}) == "acme-3"
    assert is_slug(free_slug("x" * 64, {"x" * 64}))


def use(**fields) -> Use:
    return Use(fields=fields)


def test_rows_keep_the_engagement_that_they_stood_for():
    known = {"a": {"purpose": "Mail"}, "b": {"purpose": "Chat"}}
    rows = [use(purpose="Chat"), use(purpose="Mail and more")]
    assert list(match_uses(rows, known, known)) == ["b", "a"]
    assert list(match_uses(rows[:1], {"a": {"purpose": "Other"}}, {"a"})) == ["a"]
    assert list(match_uses([*rows, use(purpose="Third thing of ours here now")], known, known)) == [
        "b", "mail-and-more", "third-thing-of-ours-here",
    ]  # fmt: skip


def test_who_left_the_table_keeps_the_place_in_the_order():
    assert merged_order(["a", "c", "e"], ["x", "a", "b", "c", "d"]) == ["x", "a", "b", "c", "d", "e"]
