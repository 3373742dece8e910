"""The schemas that editors read: they take what is read, and underline what is refused."""

from __future__ import annotations

import json
import posixpath
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from register_api.source.collect import collect
from register_api.source.toml_values import HEADS, SOURCE_SCHEMAS, editor_schema, schema_files

REGISTER = Path(__file__).parents[3] / "register"
FILES = [
    ("register", REGISTER / "register.toml"),
    *(("subprocessor", path) for path in sorted((REGISTER / "subprocessors").glob("*.toml"))),
]


def said(path: Path) -> dict[str, Any]:
    """Return a file as an editor sees it: days are texts."""
    return json.loads(json.dumps(tomllib.loads(path.read_text("utf-8")), default=str))


def faults(name: str, document: dict[str, Any]) -> list[str]:
    return [error.message for error in Draft202012Validator(editor_schema(name)).iter_errors(document)]


def test_the_head_of_a_file_leads_to_its_schema() -> None:
    """As an editor follows it, from where the file lies."""
    for name, path in (("register", "register.toml"), ("subprocessor", "subprocessors/acme.toml")):
        relative = HEADS[name].removeprefix("#:schema ").rstrip("\n")
        text = schema_files()[posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))]
        assert json.loads(text) == editor_schema(name)


@pytest.mark.parametrize("name", SOURCE_SCHEMAS)
def test_it_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(editor_schema(name))


@pytest.mark.parametrize(("name", "path"), FILES, ids=lambda value: getattr(value, "stem", value))
def test_what_is_read_is_not_underlined(name: str, path: Path) -> None:
    assert faults(name, said(path)) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"web_site": "https://example.com"}, "web_site"),
        ({"seat": "Germany"}, "Germany"),
        ({"website": "http://example.com"}, "http://example.com"),
        ({"role": "subprocesor"}, "subprocesor"),
        ({"name": 7}, "7"),
        ({"engagements": [{"id": "a", "category": "b"}]}, "status"),
        ({"engagements": [{"id": "a", "category": "b", "status": "active", "data_scope": ["all"]}]}, "all"),
    ],
    ids=str,
)
def test_what_is_refused_is_underlined(change: dict[str, Any], word: str) -> None:
    """Each of these is refused by the loader or a rule, too."""
    good = {"name": "Acme", "engagements": []}
    assert faults("subprocessor", good) == []
    assert any(word in fault for fault in faults("subprocessor", {**good, **change}))


@pytest.mark.parametrize("products", ["all", ["desk"]])
def test_products_are_written_as_the_source_has_them(products: object) -> None:
    use = {"id": "a", "category": "b", "status": "active", "products": products}
    document = {"id": "acme", "name": "Acme", "engagements": [use]}
    assert faults("subprocessor", document) == []
    assert collect(document, SOURCE_SCHEMAS["subprocessor"])[1] == ()
