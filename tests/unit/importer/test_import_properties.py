"""Any syntax: the same names. Any order of rows: the same ids."""

from __future__ import annotations

import csv
import html
import io
import json
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from imports import Workspace

from memory_folder import memory_folder
from register_api.core.text import is_slug, text_problems
from register_api.importer.vendor_list import slug
from thoroughness import examples

_ALPHABET = st.characters(
    exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"], include_characters=" |<>&\"'\\`*_[],;#"
)


def _is_name(text: str) -> bool:
    one = not any(text_problems(text)) and "  " not in text and "[^" not in text
    # What no letter or digit stands in gets no id, and is asked for (test_draft).
    return one and bool(slug(text)) and text not in {"-", "--", "\u2013", "\u2014", "n/a", "N/A", "Name"}


names = (
    st.text(_ALPHABET, min_size=1, max_size=12)
    .map(lambda text: unicodedata.normalize("NFC", text).strip())
    .filter(lambda text: bool(text) and _is_name(text))
)
lists = st.lists(names, min_size=1, max_size=5, unique=True)


def as_markdown(rows: list[str]) -> str:
    cells = [
        "".join(f"&#{ord(char)};" if not char.isalnum() and char != " " else char for char in row)
        for row in rows
    ]
    return "| Name | Purpose |\n|---|---|\n" + "".join(f"| {cell} | x |\n" for cell in cells)


def as_html(rows: list[str]) -> str:
    body = "".join(f"<tr><td>{html.escape(row)}</td><td>x</td></tr>" for row in rows)
    return f"<table><tr><th>Name</th><th>Purpose</th></tr>{body}</table>"


def as_csv(rows: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([["Name", "Purpose"], *([row, "x"] for row in rows)])
    return text.getvalue()


def as_json(rows: list[str]) -> str:
    return json.dumps([{"name": row, "purpose": "x"} for row in rows])


WRITERS = {"markdown": as_markdown, "html": as_html, "csv": as_csv, "json": as_json}


@settings(max_examples=examples(15), deadline=None)
@given(rows=lists)
def test_a_table_that_was_written_out_is_read_with_the_same_names_in_every_syntax(rows: list[str]) -> None:
    for form, write in WRITERS.items():
        with memory_folder() as folder:
            workspace = Workspace(folder)
            report = workspace.draft(("file", write(rows)), form=form, defaults={"locations": "EU"})
            assert [item.name for item in report.vendors] == rows
            assert [workspace.vendor(item.id)["name"] for item in report.vendors] == rows
            assert report.is_publishable


@settings(max_examples=examples(15), deadline=None)
@given(rows=lists, more=lists, data=st.data())
def test_ids_stay_whatever_the_order_of_the_rows(
    rows: list[str], more: list[str], data: st.DataObject
) -> None:
    with memory_folder() as folder, memory_folder() as other:
        workspace = Workspace(folder)
        workspace.draft(("a.json", as_json(rows)))
        before = workspace.names()
        assert all(is_slug(item) for item in before.values())
        assert len(set(before.values())) == len(rows)
        workspace.draft(("a.json", as_json(data.draw(st.permutations(list(dict.fromkeys([*rows, *more])))))))
        assert before.items() <= workspace.names().items()
        fresh = Workspace(other)
        fresh.draft(("a.json", as_json(data.draw(st.permutations(rows)))))
        assert fresh.names() == before


@settings(max_examples=examples(15), deadline=None)
@given(rows=lists)
def test_the_same_table_again_changes_nothing(rows: list[str]) -> None:
    with memory_folder() as folder:
        workspace = Workspace(folder)
        workspace.draft(("a.csv", as_csv(rows)))
        files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert workspace.draft(("a.csv", as_csv(rows))).written == ()
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == files
