"""Pages that a script draws, in the shapes in which products and frameworks bring their data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from imports import HEADING, Workspace, notes_of, refusal

from register_api.errors import Refused
from register_api.importer.html_page import day_in
from register_api.importer.reading import read_tables

if TYPE_CHECKING:
    from register_api.importer.table import Table

PLAIN = [
    {"name": "Acme", "purpose": "Hosting", "location": "Germany"},
    {"name": "Beta & Co", "purpose": "Mail", "location": "United States"},
]
ROWS = [list(row.values()) for row in PLAIN]
LISTED = [
    {"company": {"name": row["name"], "domain": "x.example", "logo": {"url": "u"}}, "purpose": row["purpose"],
     "location": row["location"]}
    for row in PLAIN
]  # fmt: skip
HIDDEN = {"show": False, "raw": {"listEntries": [{**LISTED[0], "company": {"name": "Secret"}}]}}
PRODUCTS = {
    "main": {"show": True, "raw": {"items": {"u1": {"listEntries": LISTED, "lastUpdated": "2026-03-01"}}}},
    "old": HIDDEN,
}
REPORT = {
    "slug": "x",
    "_embedded": {
        "subprocessors": [
            {
                "canonical_asset_id": str(at),
                "description": row["purpose"],
                "data_locations": [row["location"]],
            }
            for at, row in enumerate(PLAIN)
        ],
        "canonical_assets": [
            {"id": str(at), "name": row["name"], "website": "https://x.example"}
            for at, row in enumerate(PLAIN)
        ],
    },
}
CACHE = {
    "ROOT_QUERY": {"__typename": "Query", "list": [{"__ref": "Vendor:1"}, {"__ref": "Vendor:2"}]},
    **{
        f"Vendor:{at}": {"__typename": "Vendor", **row, "location": {"__ref": f"Country:{at}"}}
        for at, row in enumerate(PLAIN, 1)
    },
    **{
        f"Country:{at}": {"__typename": "Country", "name": row["location"]} for at, row in enumerate(PLAIN, 1)
    },
}
PUSHED = "0:I[1,[],x]\n5:" + json.dumps(["$", "div", None, {"subprocessors": PLAIN}]) + "\n"
QUOTED = json.dumps({"vendors": PLAIN}).replace("Acme", "A\\'s")


def script(text: str, **said: str) -> str:
    return f"<script {' '.join(f'{key}={value!r}' for key, value in said.items())}>{text}</script>"


def data(document: Any, **said: str) -> str:
    return script(json.dumps(document), type="application/json", **said)


CARD = "<div class=c><div><img alt=x><span>{name}</span></div><div><p>Purpose</p><p>{purpose}</p></div><p>Location: {location}</p></div>"  # noqa: E501  (one page's line)
CELLS = "<div role=row><div role=cell><a href=/>{name}</a></div><div role=cell>{purpose}</div><div role=gridcell>{location}</div></div>"  # noqa: E501
HEAD = "<div role=rowgroup><div role=row>" + "".join(
    f"<div role=columnheader>{name}</div>" for name in ("Vendor", "Purpose", "Location")
)

PAGES = {
    "Next.js, products with lists of entries (SafeBase)": data(
        {"props": {"pageProps": {"products": PRODUCTS}}}, id="__NEXT_DATA__"
    ),
    "rows that refer to assets (Conveyor)": script(f"window.VENDOR_REPORT = {json.dumps(REPORT)};"),
    "a cache of Apollo": script(f"window.__APOLLO_STATE__={json.dumps(CACHE)};"),
    "what a server component pushes": "".join(
        script(f"self.__next_f.push([1,{json.dumps(part)}])") for part in (PUSHED[:50], PUSHED[50:])
    ),
    "JSON in a script's text": script(f"window.x = JSON.parse('{QUOTED}')").replace("A\\'s", "Acme"),
    "state in an assignment": script(f"var a={{b:1}};window.__INITIAL_STATE__={json.dumps({'list': PLAIN})}"),
    "an attribute (Inertia)": "<div data-page='" + json.dumps({"vendors": PLAIN}) + "'></div>",
    "objects by ids": data({"vendors": {str(at): row for at, row in enumerate(PLAIN)}}),
    "what GraphQL answered": data({"data": {"subprocessors": {"edges": [{"node": row} for row in PLAIN]}}}),
    "a table by roles": f"<div role=table>{HEAD}</div></div><div class=scroll>"
    + "".join(CELLS.format(**row) for row in PLAIN),
    "cards with labels": "<h1>Who helps us</h1>" + "".join(CARD.format(**row) for row in PLAIN),
    "a table of something else beside the data": "<table><tr><th>Cookie<th>Days<tr><td>a<td>1</table>"
    + data({"subprocessors": PLAIN}),
    "objects of other kinds beside": data(
        {"faq": [{"name": "Why?", "description": "So."}], "vendors": PLAIN}
    ),
}


def read(text: str | bytes, only: tuple[int, ...] = ()) -> tuple[Table, ...]:
    return read_tables("p.html", text.encode() if isinstance(text, str) else text, "html", only)


@pytest.mark.parametrize("shape", PAGES)
def test_the_list_in_a_page_that_a_script_draws_is_read(workspace: Workspace, shape: str) -> None:
    """What counts is what objects say, not whose product draws them; what the page hides stays out."""
    workspace.draft(("p.html", f"<!doctype html><meta charset=utf-8><body>{PAGES[shape]}</body>"))
    found = [workspace.vendor(vendor) for vendor in workspace.register()["order"]]
    countries = [vendor["engagements"][0]["locations"][0]["country"] for vendor in found]
    assert [(vendor["name"], vendor["engagements"][0]["purpose"]) for vendor in found] == [
        (row["name"], row["purpose"]) for row in PLAIN
    ]
    assert countries == ["DE", "US"]


def test_what_was_read_where_is_told() -> None:
    (table,) = read(data(PRODUCTS | {"other": {"listEntries": [*LISTED, {**LISTED[0], "hidden": True}]}}))
    assert table.number == 1
    assert "2 entries of main.raw.items.u1.listEntries in the data of the page were read" in table.remarks[0]


def test_of_a_list_entries_that_the_page_hides_are_left_out_and_counted() -> None:
    (table,) = read(data({"vendors": [*PLAIN, {**PLAIN[0], "isHidden": True}]}))
    assert len(table.rows) == 2
    assert "1 that it does not show were left out" in table.remarks[0]


def test_several_lists_are_tables_of_which_some_can_be_chosen(workspace: Workspace) -> None:
    lists = {"a": {"subprocessors": PLAIN}, "b": {"subprocessors": [{**PLAIN[0], "kind": "x"}]}}
    assert [len(table.rows) for table in read(data(lists))] == [2, 1]
    assert "this table has the columns" in refusal(lambda: workspace.draft(("p.html", data(lists))))
    assert len(workspace.draft(("p.html", data(lists)), tables=(2,)).vendors) == 1


def test_a_page_that_was_saved_before_its_script_ran_says_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(Refused) as refused:
        read("<div id=root></div><script src=app.js></script>")
    assert "save it from the browser once all rows are shown" in refused.value.findings[0].hint
    text = "<div role=grid aria-rowcount=40><div role=row><div role=columnheader>Vendor</div></div></div>"
    assert "the page holds 1 of 40 rows" in refusal(lambda: workspace.draft(("p.html", text)))


def test_a_page_that_a_browser_saved_as_one_file_is_read() -> None:
    page = b"<meta charset=3D'utf-8'><table><tr><th>Name<tr><td>M=C3=BCller</table>"
    head = b'From: <Saved>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n'
    part = b"\r\n--b\r\nContent-Type: %s\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    (table,) = read(head + part % b"text/html" + page + b"\r\n--b--\r\n")
    assert [row.cells[0].text for row in table.rows] == ["M\u00fcller"]
    assert "no page in what was saved" in refusal(lambda: read(head + part % b"text/css" + b"\r\n--b--\r\n"))


@pytest.mark.parametrize(
    "text",
    [
        "x=" + "[" * 100_000,
        "x=" + '{"a":' * 5_000 + "1" + "}" * 5_000,
        "x=" + '{"a":' * 300 + '{"x":1,"x":2}' + "}" * 300,
        'x=["' * 50_000,
        "='" * 100_000,
        'x={"a":' * 50_000,
        "x=" + json.dumps([[PLAIN[0]]] * 1_000),
    ],
    ids=["deep list", "deep object", "a name twice", "unclosed", "quotes", "objects", "many lists"],
)
def test_hostile_data_ends_in_a_refusal(text: str) -> None:
    assert "R01" in (said := refusal(lambda: read(script(text)))) or "R17" in said


def test_data_does_not_stand_in_the_way_of_a_table() -> None:
    table = "<table><tr><th>Name<th>Purpose<tr><td>Acme<td>x</table>"
    (read_one,) = read(table + script("x=" + json.dumps([[PLAIN[0]]] * 1_000)))
    assert [row.cells[0].text for row in read_one.rows] == ["Acme"]
    (read_one,) = read(table.replace("Name", "Who") + data({"faq": [{"name": "Why?", "description": "So."}]}))
    assert [row.cells[0].text for row in read_one.rows] == ["Acme"]


def test_references_in_a_circle_end() -> None:
    circle = {at: {"__typename": "T", "name": at, "purpose": {"__ref": "b"}} for at in ("a", "b")}
    (table,) = read(script(f"x={json.dumps(circle)}"))
    assert [row.cells[2].text for row in table.rows] == ["b", "b"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-12T09:00:00Z", "2026-03-12"),
        ("12 March 2026", "2026-03-12"),
        ("12th of March, 2026", "2026-03-12"),
        ("March 12th, 2026 and more", "2026-03-12"),
        ("Sept. 1, 2026", "2026-09-01"),
        ("12. März 2026", "2026-03-12"),
        ("12.3.2026", "2026-03-12"),
        ("1 de marzo de 2026", "2026-03-01"),
        ("03/04/2026", None),
        ("31 February 2026", None),
        ("soon", None),
    ],
)
def test_a_day_is_read_where_it_can_only_be_one(text: str, day: str | None) -> None:
    assert (found := day_in(text)) is None or found.isoformat() == day
    assert (found is None) == (day is None)


STATING = {
    "p.md": "---\ntitle: x\nupdated_at: 2026-03-12\n---\nWe give 30 days' notice.\n\n"
    "| Name | Purpose | Country |\n|---|---|---|\n| Acme | x | FI |\n",
    "p.html": "<p><b>Last updated:</b> <time>March 12, 2026</time></p><p>Told 30 days before."
    "<table><tr><th>Name<th>Purpose<th>Country<tr><td>Acme<td>x<td>FI</table>",
    "p.json": json.dumps(
        {"data": {"effectiveDate": "2026-03-12", "noticePeriodDays": 30, "subprocessors": PLAIN}}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STATING)
def test_what_a_page_states_of_itself_is_proposed_and_taken_only_if_a_person_agrees(
    workspace: Workspace, name: str
) -> None:
    report = workspace.draft((name, STATING[name]))
    assert {(said.field, said.value) for said in report.stated} == {
        ("updated_on", "2026-03-12"), ("notice_days", "30"),
    }  # fmt: skip
    assert "--updated-on 2026-03-12, or --as-stated, uses it" in notes_of(report, "proposed")
    assert (str(workspace.register()["updated_on"]), workspace.register()["notice"]["days"]) == (
        "2026-05-10",
        0,
    )


def test_what_a_person_agrees_to_is_taken_and_that_is_said(workspace: Workspace) -> None:
    report = workspace.draft(("p.md", STATING["p.md"]), accept=lambda _: True)
    assert (str(workspace.register()["updated_on"]), workspace.register()["notice"]["days"]) == (
        "2026-03-12",
        30,
    )
    assert 'notice_days is 30: the page says "30 days\' notice"' in notes_of(report, "read")
    assert (report.stated, notes_of(report, "proposed")) == ((), "")
    again = workspace.draft(("p.md", STATING["p.md"].replace("30", "45")))
    assert again.stated == (), "the promise of a register that is there is not the page's to change"


def test_what_the_caller_says_is_not_asked_again(workspace: Workspace) -> None:
    assert HEADING.updated_on is None
    asked: list[str] = []
    workspace.draft(("p.md", STATING["p.md"]), accept=lambda said: bool(asked.append(said.field)))
    assert asked == ["updated_on", "notice_days"]
