"""Lists in the shapes that companies publish, names invented: equal to what other parsers read in them."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from bs4 import BeautifulSoup
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Callable

    from imports import Workspace

HEADERS = (
    ("Vendor", "Purpose", "Location"),
    ("Sub-processor", "Nature and purpose of processing", "Location of Data Processing"),
    ("Third Party Processor", "Role / Purpose", "Hosting region(s)"),
    ("Data Processor", "Processing task", "Host region"),
    ("Entity Name", "Subprocessing Activities", "Country of processing"),
    ("Company", "Service role", "Country"),
    ("Provider name", "Description of services", "Data center location"),
    ("Name", "Function", "Server location"),
)
VENDORS = ("Acme, Inc.", "R&D Bureau GmbH", "Søndergaard A/S", "Zeta (UK) Ltd", "Let's Mail", "Łódka 24", "Q")
PURPOSES = (
    'Hosting; backups, "cold" and warm', "Mail & chat", "Errors (all < 1 %)", "Überwachung: Betrieb", "x - y",
)  # fmt: skip
PLACES: dict[str, list[tuple[str, str | None]]] = {
    "Germany": [("DE", None)],
    "France (EU)": [("FR", "France (EU)")],
    "EU (Frankfurt), US": [("EU", "EU (Frankfurt)"), ("US", None)],
    "United States (us-east1)": [("US", "United States (us-east1)")],
    "London (lhr1), UK": [("GB", "London (lhr1), UK")],
    "United States, Europe": [("US", None), ("varies", "Europe")],
    "Canada / United States": [("CA", None), ("US", None)],
    "Nederland": [("NL", None)],
    "Where the customer is": [("varies", "Where the customer is")],
    "Ireland (eu-west-1) and Finland": [("IE", "Ireland (eu-west-1)"), ("FI", None)],
}
"""What places mean, by hand."""

Rows = list[list[str]]


def rows_of(number: int) -> Rows:
    """Return the rows of a list: names, purposes and places in another combination for each."""
    places = list(PLACES)
    return [
        [name, PURPOSES[(number + index) % len(PURPOSES)], places[(3 * number + index) % len(places)]]
        for index, name in enumerate(VENDORS[number % 3 :])
    ]


def markdown(header: tuple[str, ...], rows: Rows) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (header, ("---",) * 3, *rows)]
    return "---\ntitle: x\n---\n# Who helps us\n\n" + "\n".join(lines).replace("<", "\\<") + "\n"


def read_markdown(text: str) -> Rows:
    lines = [line for line in text.replace("\\<", "<").split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def page(header: tuple[str, ...], rows: Rows) -> str:
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join(
        f'<tr><td><a href="https://a.example">{html.escape(name)}</a> <span class="ui-badge">New</span></td>'
        f"<td><p>{html.escape(purpose)}</p></td><td>{place} <i hidden>no</i></td></tr>\n"
        for name, purpose, place in rows
    )
    return f"<!doctype html><table><thead><tr>{head}</thead>{body}<tr hidden><td>X<td>y<td>z</table>"


def read_page(text: str) -> Rows:
    soup = BeautifulSoup(text, "html.parser")
    for unseen in soup.select("[hidden], .ui-badge"):
        unseen.decompose()
    return [[cell.get_text().strip() for cell in row.find_all("td")] for row in soup.find_all("tr")[1:]]


def cards(header: tuple[str, ...], rows: Rows) -> str:
    return "".join(
        f"<div class=card><h3>{html.escape(name)}</h3>"
        f"<p><strong>{header[1]}:</strong> {html.escape(purpose)}</p>"
        f"<p><strong>{header[2]}:</strong> {place}</p></div>\n"
        for name, purpose, place in rows
    )


def read_cards(text: str) -> Rows:
    soup = BeautifulSoup(text, "html.parser")
    return [
        [card.h3.get_text(), *(re.sub(r"^[^:]*: ", "", item.get_text()) for item in card.find_all("p"))]
        for card in soup.select(".card")
    ]


def semicolons(header: tuple[str, ...], rows: Rows) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(
        [(*header, "#"), *([*row, str(at)] for at, row in enumerate(rows))]
    )
    return "\ufeff" + text.getvalue()


def read_semicolons(text: str) -> Rows:
    return [row[:3] for row in csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")][1:]


def wrapped(header: tuple[str, ...], rows: Rows) -> str:
    nodes = [{"node": dict(zip(header, row, strict=True)) | {"id": str(at)}} for at, row in enumerate(rows)]
    return json.dumps({"data": {"list": {"edges": nodes, "total": len(nodes)}}})


def read_wrapped(text: str) -> Rows:
    return [list(edge["node"].values())[:3] for edge in json.loads(text)["data"]["list"]["edges"]]


def listed(header: tuple[str, ...], rows: Rows) -> str:
    quoted = [[json.dumps(cell, ensure_ascii=False) for cell in row] for row in rows]
    items = (
        "".join(f"{'  - ' if not at else '    '}{json.dumps(header[at])}: {row[at]}\n" for at in range(3))
        for row in quoted
    )
    return "updated: 2026-08-15\nsubprocessors:\n" + "".join(items)


def read_listed(text: str) -> Rows:
    document: Any = YAML(typ="safe", pure=True).load(text)
    return [list(row.values()) for row in document["subprocessors"]]


SHAPES: dict[str, tuple[Callable[[tuple[str, ...], Rows], str], Callable[[str], Rows]]] = {
    "list.mdx": (markdown, read_markdown),
    "table.html": (page, read_page),
    "cards.htm": (cards, read_cards),
    "list.csv": (semicolons, read_semicolons),
    "api.json": (wrapped, read_wrapped),
    "list.yml": (listed, read_listed),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("number", range(len(HEADERS)))
def test_names_purposes_and_places_are_those_that_another_parser_reads(
    workspace: Workspace, number: int, shape: str
) -> None:
    write, read = SHAPES[shape]
    text = write(HEADERS[number], rows_of(number))
    expected = read(text)
    assert expected == rows_of(number), "the other parser"
    report = workspace.draft((shape, text))
    found = []
    for item in report.vendors:
        vendor = workspace.vendor(item.id)
        (use,) = vendor["engagements"]
        places = [(place["country"], place.get("text")) for place in use["locations"]]
        found.append((vendor["name"], use["purpose"], places))
    assert found == [(name, purpose, PLACES[place]) for name, purpose, place in expected]
