"""Schemas are 2020-12, demand every field of today and allow those of tomorrow."""

from __future__ import annotations

import json

import jsonschema
import msgspec
import pytest

from examples import make_register
from register_api.core.canonical import decode, encode
from register_api.core.format.tree import SCHEMAS
from register_api.publish.schemas import schema, schemas

FORMS = {form.name: form for form in SCHEMAS}
REGISTER = json.loads(encode(make_register()))


def fits(document: object, name: str = "register") -> bool:
    return jsonschema.Draft202012Validator(schema(FORMS[name])).is_valid(document)


def test_there_is_one_of_each_kind_of_document() -> None:
    files = schemas()
    assert files.keys() == FORMS.keys()
    assert FORMS.keys() == {"register", "diff", "entry", "versions", "keys", "discovery"}
    assert all(encode(decode(data, dict)) == data for data in files.values())


@pytest.mark.parametrize("name", FORMS)
def test_each_is_a_schema_of_its_dialect(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(FORMS[name]))
    assert schema(FORMS[name])["title"] == FORMS[name].title


def test_a_register_fits_and_one_with_a_field_of_tomorrow_too() -> None:
    assert fits(REGISTER)
    assert fits({**REGISTER, "tomorrow": {"new": True}})


@pytest.mark.parametrize("field", REGISTER)
def test_a_register_without_a_field_does_not_fit(field: str) -> None:
    assert not fits({name: value for name, value in REGISTER.items() if name != field})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "sub-processor-register/2"),
        ("version", "1"),
        ("recorded", "invented"),
        ("subprocessors", None),
        ("published_at", 5),
    ],
)
def test_a_register_with_a_wrong_value_does_not_fit(field: str, value: object) -> None:
    assert not fits({**REGISTER, field: value})


def test_no_default_is_told_since_every_field_is_always_there() -> None:
    for name in FORMS:
        for definition in schema(FORMS[name])["$defs"].values():
            for field in definition.get("properties", {}).values():
                assert "default" not in field


def test_fields_are_described_where_the_structs_describe_them() -> None:
    """In words of their own; nothing is left of how docstrings are written."""
    defined = schema(FORMS["register"])["$defs"]
    assert defined["Location"]["description"] == "Where processing happens."
    country = defined["Location"]["properties"]["country"]
    assert country["description"] == "ISO 3166-1 alpha-2, or `EU`, `EEA`, `worldwide` or `varies`."
    text = str([schema(FORMS[name]) for name in FORMS])
    assert "Attributes:" not in text
    assert "``" not in text
    assert "`None`" not in text


def test_schemas_say_what_the_structs_take() -> None:
    """What fits the schema and is canonical is read by the program, and the other way round."""
    for form in FORMS.values():
        assert msgspec.json.schema(form.struct)
