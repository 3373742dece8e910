"""The table of fields: complete, without strangers, and in words a sentence can use."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from register_api.core.diff.changes import ChangeClass
from register_api.core.diff.fields import COMPARED_WITHIN, FIELDS, SET_BY_PUBLISHING, Field

if TYPE_CHECKING:
    import msgspec

IDENTITY = {"id"}
ROWS = [(kind, name, field) for kind, fields in FIELDS.items() for name, field in fields.items()]


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_every_field_is_content_or_said_not_to_be(kind: type[msgspec.Struct]) -> None:
    """A field that joins the model is red here until somebody gives it a class."""
    named = [
        *FIELDS[kind],
        *SET_BY_PUBLISHING.get(kind, ()),
        *COMPARED_WITHIN.get(kind, ()),
        *(IDENTITY & set(kind.__struct_fields__)),
    ]
    assert sorted(named) == sorted(kind.__struct_fields__)


def test_all_entries_inside_are_compared() -> None:
    """Whatever holds entries of its own leads to a struct that the table knows."""
    inside = {name for names in COMPARED_WITHIN.values() for name in names}
    assert len(inside) == len(FIELDS) - 1


@pytest.mark.parametrize(
    ("kind", "name", "field"), ROWS, ids=lambda part: getattr(part, "__name__", str(part))
)
def test_a_field_has_a_known_class_and_a_label(kind: type[msgspec.Struct], name: str, field: Field) -> None:
    """A label reads inside a sentence: no underscores, no full stop."""
    assert field.class_ in get_args(ChangeClass)
    assert field.label
    assert not set(field.label) & set("_.:;")
