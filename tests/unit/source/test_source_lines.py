"""Key paths are found in TOML texts of every style."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from register_api.source.lines import index_lines, longest_dotted_key, nearest_line
from thoroughness import examples

TEXT = '''\
# name = "in a comment"
id = "acme"
name = "Acme # no comment" # a comment with [brackets] and "
notes = """
[engagements]
purpose = "inside a text"
"quoted" \\
""" # line 8
paths = \'\'\'
id = 1\'\'\'\'
plain = 'back\\'
"odd key" = 1
a."b.c".d = 1.5

[[engagements]] # line 15
id = "one"
data_scope = [
  "none", # a comment, with a comma

  "customer_content",
]
conditions = [{ type = "region", key = "R" }]
  [[engagements.locations]]
  country = "FI"
  [[engagements.locations]]
  country = "DE"
    [[engagements.locations.conditions]]
    type = "request"

[[engagements]]
id = "two"
starts_on = 2026-06-10 07:00:00
locations = [
  { country = "SE", conditions = [{ type = "plan" }] },
  { country = "FR" }
]
[engagements.extra]
owner = "x"
[extra]
owner = "y"
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("id", 2),
        ("name", 3),
        ("notes", 4),
        ("paths", 9),
        ("plain", 11),
        ('"odd key"', 12),
        ('a."b.c".d', 13),
        ("a", 13),
        ("engagements", 15),
        ("engagements[0]", 15),
        ("engagements[0].id", 16),
        ("engagements[0].data_scope", 17),
        ("engagements[0].data_scope[0]", 18),
        ("engagements[0].data_scope[1]", 20),
        ("engagements[0].conditions", 22),
        ("engagements[0].conditions[0].key", 22),
        ("engagements[0].locations[0].country", 24),
        ("engagements[0].locations[1]", 25),
        ("engagements[0].locations[1].country", 26),
        ("engagements[0].locations[1].conditions[0].type", 28),
        ("engagements[1].id", 31),
        ("engagements[1].starts_on", 32),
        ("engagements[1].locations[0].conditions[0].type", 34),
        ("engagements[1].locations[1].country", 35),
        ("engagements[1].extra.owner", 38),
        ("extra.owner", 40),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_of_a_key(key: str, line: int, end: str) -> None:
    """Headers, lists, inline tables, dotted keys and texts over several lines are counted right."""
    tomllib.loads(TEXT)
    assert nearest_line(index_lines(TEXT.replace("\n", end)), key) == line


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("engagements[1].purpose", 30),
        ("engagements[0].locations[0].conditions[0].type", 23),
        ("engagements[7].id", 15),
        ("seat", None),
        ("", None),
    ],
)
def test_missing_key_is_shown_at_the_table_around_it(key: str, line: int | None) -> None:
    """A required key that is not there is looked for where it should stand."""
    assert nearest_line(index_lines(TEXT), key) == line


def test_text_that_is_no_toml_keeps_what_came_before() -> None:
    """Lines found before an oddity stay, and nothing is raised."""
    assert index_lines('id = 1\nname = "x\nseat = 2\n') == {("id",): 1, ("name",): 2}


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a = 1", 1), ("a.b = 1", 2), ('[a . "b.c" . d]', 3), ('x = "a.b.c.d"', 1), ("x = 1.5", 2), ("", 0)],
)
def test_parts_of_the_longest_dotted_key(text: str, parts: int) -> None:
    """Dots within texts are no dots of a key."""
    assert longest_dotted_key(text) == parts


@settings(max_examples=examples(200), deadline=None)
@given(st.text(st.sampled_from("a1.[]{}=,\"'\\#\n\r \t"), max_size=60) | st.text(max_size=60))
@example("1=[")
def test_any_text_is_read_without_failing(text: str) -> None:
    """Lines lie within the text whatever it is."""
    last = text.count("\n") + 1
    assert all(1 <= line <= last for line in index_lines(text).values())


NAMES = st.text(min_size=1, max_size=4) | st.sampled_from(["id", "a.b", "x y", '"'])
LEAVES = st.integers() | st.text(max_size=6) | st.booleans()
VALUES = st.recursive(
    LEAVES, lambda item: st.lists(item, max_size=3) | st.dictionaries(NAMES, item, max_size=3), max_leaves=10
)


def literal(value: Any) -> str:
    """Write a value as TOML on one line."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{text_literal(name)} = {literal(item)}" for name, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return text_literal(value) if isinstance(value, str) else json.dumps(value)


def text_literal(text: str) -> str:
    """Write text as a TOML basic string in which all but ASCII letters and digits are escaped."""
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\U{ord(c):08X}" for c in text) + '"'


def document(top: dict[str, Any], tables: dict[str, list[dict[str, Any]]]) -> tuple[str, dict[Any, int]]:
    """Write a document and return it with the line on which each key stands."""
    lines: list[str] = []
    at: dict[Any, int] = {}

    def pairs(path: tuple[str | int, ...], table: dict[str, Any]) -> None:
        for name, value in table.items():
            lines.append(f"{text_literal(name)} = {literal(value)}")
            at.update(dict.fromkeys(((*path, name, *rest) for rest in below(value)), len(lines)))

    pairs((), top)
    for name, items in tables.items():
        for index, table in enumerate(items):
            lines.append(f"[[{text_literal(name)}]] # comment")
            at.setdefault((name,), len(lines))
            at[name, index] = len(lines)
            pairs((name, index), table)
    return "\n".join(lines), at


def below(value: Any) -> list[tuple[str | int, ...]]:
    """Return the paths of a value and of all within it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((name, *rest) for name, item in items for rest in below(item))]


@settings(max_examples=examples(100), deadline=None)
@given(
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.dictionaries(
        NAMES, st.lists(st.dictionaries(NAMES, VALUES, max_size=3), min_size=1, max_size=3), max_size=2
    ),
)
def test_every_key_of_a_document_is_found(
    top: dict[str, Any], tables: dict[str, list[dict[str, Any]]]
) -> None:
    """The second reading finds exactly the keys that were written, each on its line."""
    tables = {name: items for name, items in tables.items() if name not in top}
    text, expected = document(top, tables)
    assert tomllib.loads(text) == {**top, **tables}
    assert index_lines(text) == expected
