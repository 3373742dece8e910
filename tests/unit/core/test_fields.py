"""The table of fields is complete, and says nothing that the type of a field contradicts."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from msgspec import inspect

from register_api.core import field_forms, model
from register_api.core.changes import ChangeType
from register_api.core.fields import FIELDS, Field, content, entries
from register_api.core.struct_fields import Shape, shapes

STRUCTS = [
    kind
    for name, kind in vars(model).items()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == model.__name__
    if not name.startswith("_") and kind is not model.Draft  # a source folder, which no document holds
]
CASES = [pytest.param(kind, name, id=f"{kind.__name__}.{name}") for kind in STRUCTS for name in shapes(kind)]
LINKS = (field_forms.URL, field_forms.LINK, field_forms.BASE_URL)


def without(shape: Shape) -> bool:
    """Tell whether a field contains a text or a number without a declared form."""
    return isinstance(shape.kind, inspect.StrType | inspect.IntType) and shape.form is None


def named_otherwise(kind: type, name: str, shape: Shape) -> bool:
    """Tell whether a field is called a link and takes other texts, or the other way round."""
    called = name == "url" or name.endswith("_url") or name in {"website", "subscribe", "successor"}
    called = called or (kind, name) == (model.Objection, "contact")
    return called != any(shape.form is form for form in LINKS)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_field_has_a_row(kind: type[msgspec.Struct], name: str) -> None:
    """A field that joins the model is red here until somebody says what it is called and means.

    Either a change of it is reported, or its entries are compared, or it identifies the entry or version,
    or it is reported with the field that contains the struct.
    """
    field = FIELDS[kind][name]
    assert field.label
    assert not set(field.label) & set("_.:;")
    compared = bool(content(kind) or entries(kind))
    is_reported = field.change is not None or field.entries
    identity = (
        name in {"id", "register", "updated_on", "order", "accepted_warnings"} or field.instead is not None
    )
    assert (is_reported or identity) if compared else not is_reported
    assert field.change in {None, *get_args(ChangeType)}


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_every_row_has_a_field(kind: type[msgspec.Struct]) -> None:
    """No row outlives its field; the rows of a source are those of what it becomes."""
    twins = [other for other in STRUCTS if other in FIELDS and FIELDS[other] is FIELDS[kind]]
    assert set(FIELDS[kind]) == {name for twin in twins for name in shapes(twin)}


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_text_and_number_has_a_form(kind: type[msgspec.Struct], name: str) -> None:
    """A bare ``str`` would be judged by nobody: a link that is not declared as one cannot exist."""
    shape = shapes(kind)[name]
    assert not without(shape)
    assert not named_otherwise(kind, name, shape)


class Careless(msgspec.Struct):
    """What somebody in a hurry might add to a vendor."""

    dpa: str
    dpa_url: field_forms.Text
    dpa_urls: tuple[str, ...]
    dpa_text: field_forms.Url
    pages: int


def test_a_field_without_a_row_is_found() -> None:
    """The two tests above would notice."""
    assert [name for name, shape in shapes(Careless).items() if without(shape)] == [
        "dpa",
        "dpa_urls",
        "pages",
    ]
    wrong = [name for name, shape in shapes(Careless).items() if named_otherwise(Careless, name, shape)]
    assert wrong == ["dpa_url", "dpa_text"]


def test_the_entries_lead_to_all_that_is_compared() -> None:
    """Whatever holds entries of its own leads to a struct that the table knows."""
    inside = {shapes(kind)[name].struct for kind in STRUCTS for name in entries(kind) if name in shapes(kind)}
    tops = {model.Register, model.RegisterSource, model.SubprocessorSource}
    assert inside | tops == {kind for kind in STRUCTS if content(kind)}


@pytest.mark.parametrize("field", [field for rows in FIELDS.values() for field in rows.values()])
def test_columns_are_names_with_commas_between(field: Field) -> None:
    """Names are in lower case, each once."""
    names = field.columns.split(", ") if field.columns else []
    assert field.columns == field.columns.lower()
    assert len(set(names)) == len(names)


def test_all_kinds_of_values_that_the_model_may_hold() -> None:
    """Another one would need a form, words for the source, and a way onto the page."""
    kinds = {type(shape.kind) for kind in STRUCTS for shape in shapes(kind).values()}
    assert kinds == {
        inspect.StrType,
        inspect.IntType,
        inspect.BoolType,
        inspect.DateType,
        inspect.DateTimeType,
        inspect.LiteralType,
        inspect.DictType,
        inspect.StructType,
    }
