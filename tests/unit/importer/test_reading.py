"""Files as they come: an exact table, or a refusal that names the place."""

from __future__ import annotations

import pytest
from imports import refusal

from register_api.errors import Refused, UsageError
from register_api.importer.reading import read_tables
from register_api.importer.table import MAX_BYTES, format_of

HEAD = "| Name | Purpose |\n|---|---|\n"


def texts(form: str, content: str | bytes) -> list[list[str]]:
    """Return the rows of all tables as texts."""
    data = content.encode() if isinstance(content, str) else content
    return [[cell.text for cell in row.cells] for table in read_tables("f", data, form) for row in table.rows]


@pytest.mark.parametrize(
    ("form", "content", "rows"),
    [
        ("markdown", HEAD + "| Acme &amp; Co | a\\|b |\n", [["Acme & Co", "a|b"]]),
        ("markdown", HEAD + "| [Acme](https://acme.example) | **bold** `code` |\n", [["Acme", "bold code"]]),
        ("markdown", HEAD + "| Acme | one<br>two |\n", [["Acme", "one\ntwo"]]),
        ("markdown", HEAD.replace("|---|---|", "|:-:|--:|") + "Acme | x\n", [["Acme", "x"]]),
        ("markdown", "---\ntitle: x | y\n---\n" + HEAD + "| Acme | x |\n", [["Acme", "x"]]),
        ("markdown", HEAD.replace("\n", "\r\n") + "| Acme | x |\r\n", [["Acme", "x"]]),
        ("markdown", HEAD + "| Acme | |\n", [["Acme", ""]]),
        ("markdown", HEAD + "| Acme\u00a0 | x |\n", [["Acme\u00a0", "x"]]),
        ("markdown", "<table><tr><th>Name<tr><td>Acme</table>", [["Acme"]]),
        ("html", "<table><tr><th>Name<th>P<tr><td> Acme\n  Cloud <td>x</table>", [["Acme Cloud", "x"]]),
        (
            "html",
            "<table><tr><td>Name<td>P<tr><td>A&nbsp;B&#x200b;<td>&lt;x</table>",
            [["A\u00a0B\u200b", "<x"]],
        ),
        ("html", "<table><tr><th>Name<tr><td><p>A</p><p>B</p></table>", [["A\nB"]]),
        ("html", "<table><tr><th>Name<tr><td><ul><li>A<li>B</ul></table>", [["A\nB"]]),
        ("html", "<table><tr><th>Name<tr><td>A<!-- no --><script>x</script>B</table>", [["AB"]]),
        (
            "html",
            "<table><thead><tr><th>Name<th>P<tbody><tr><td rowspan=2>A<td>x<tr><td>y</table>",
            [["A", "x"], ["A", "y"]],
        ),
        ("csv", 'Name,P\r\n"Acme, Inc.","a ""b"""\r\n', [["Acme, Inc.", 'a "b"']]),
        ("csv", 'Name;P\n"one\ntwo";x\n\n', [["one\ntwo", "x"]]),
        ("csv", "\ufeffName,P\n Acme ,x\n", [[" Acme ", "x"]]),
        ("csv", "Name\nAcme\n", [["Acme"]]),
        ("csv", "Who;P\nAcme;x\n", [["Acme", "x"]]),
        ("tsv", "Name\tP\nAcme\tx, y\n", [["Acme", "x, y"]]),
        ("json", '[{"name": "Acme", "n": 1.50, "x": null, "y": true}]', [["Acme", "1.50", "", "true"]]),
        ("json", '{"vendors": [{"name": "A"}, {"name": "B", "p": "x"}]}', [["A", ""], ["B", "x"]]),
        ("json", '{"versions": [{"entries": [{"name": "A"}]}, {"entries": [{"name": "B"}]}]}', [["B"]]),
        ("json", '[{"name": "A", "p": {"b": 1, "a": "x"}}]', [["A", "b: 1\na: x"]]),
        ("json", '[{"name": "A", "p": {"de": "Betrieb", "en": "Hosting"}}]', [["A", "Hosting"]]),
        ("json", '[{"name": "A", "p": {"Contact": ["Mail", "Phone"]}}]', [["A", "Contact: Mail, Phone"]]),
        ("json", '[{"name": "A", "p": [{"name": "B", "id": 1}, {"x": 2}]}]', [["A", "B\nx: 2"]]),
        ("json", '[{"name": "A", "p": "one<br />two <b>b</b> a < b"}]', [["A", "one\ntwo b a < b"]]),
        ("json", '{"results": {"data": [{"name": "A"}]}, "ok": true}', [["A"]]),
        (
            "json",
            '{"data": {"list": {"edges": [{"node": {"name": "A"}}, {"node": {"name": "B"}}]}}}',
            [["A"], ["B"]],
        ),
        ("json", '{"subprocessors": [{"name": "A"}], "changelog": [{"date": "2025"}]}', [["A"]]),
        ("json", '{"vendors": {"a": {"name": "A"}, "b": {"name": "B"}}}', [["A"], ["B"]]),
        (
            "json",
            '[{"title": "Mail", "vendors": [{"name": "A"}]}, {"title": "x", "vendors": [{"name": "B"}]}]',
            [["A"], ["B"]],
        ),
        (
            "yaml",
            "updated: 2026-08\nsubprocessors:\n  - name: A\n    since: 2024-01-01\n    n: 1.50\n    x:\n",
            [["A", "2024-01-01", "1.50", ""]],
        ),
        ("yaml", "- name: A\n- {name: B, p: [x, y]}\n", [["A", ""], ["B", "x\ny"]]),
        ("csv", "sep=;\nName;P\nA, B;x\n", [["A, B", "x"]]),
        ("html", "<table><tr><th>Name<tr hidden><td>X<tr><td>A <i style='display: none'>x</i>", [["A"]]),
        ("html", "<table><tr><th>Name<th>P<tr><td hidden>X<td>A<b class='sr-only'>x</b>", [["", "A"]]),
        ("html", "<table aria-hidden=true><tr><th>Name<tr><td>A<i aria-hidden=true>x", [["A"]]),
        (
            "html",
            "<table><tr><th>Name<tr><td><details><summary>More</summary>long</details>",
            [["More\nlong"]],
        ),
        ("html", "<table><tr><th>Name<tr><td><b class='tag'>DE</b><b class='ui tag'>US</b>", [["DE\nUS"]]),
        (
            "markdown",
            "* [A, Inc.](https://a.example) for the cloud.\n* **B** - mail - and more\n",
            [["A, Inc.", "the cloud."], ["B", "mail - and more"]],
        ),
        (
            "markdown",
            "1. **[A](https://a.example)**: x\n\n2. [B](https://b.example) \u2014 y\n",
            [["A", "x"], ["B", "y"]],
        ),
        (
            "markdown",
            "## A\n\n**Purpose:** x\n\n**Location**: Oslo\n\n## B\n\nPurpose: y<br>**Odd:** z\n",
            [["A", "x", "Oslo", ""], ["B", "y", "", "z"]],
        ),
        (
            "markdown",
            "- **A**\n  - Purpose: x\n  - Country: FI\n- **B**\n  - Purpose: y\n",
            [["A", "x", "FI"], ["B", "y", ""]],
        ),
        (
            "html",
            "<h3>A</h3><dl><dt>Purpose</dt><dd>x</dd><dt>Country:<dd>FI</dl><h3>B</h3><p>Purpose: y",
            [["A", "x", "FI"], ["B", "y", ""]],
        ),
    ],
)
def test_a_table_is_read_letter_by_letter(form, content, rows):
    assert texts(form, content) == rows


@pytest.mark.parametrize(
    ("form", "content", "fault"),
    [
        ("markdown", "We use Acme for hosting.\n", "None  R01: it contains no table"),
        ("markdown", HEAD + "| Acme |\n", "3 table 1 R01: the row has 1 cells, the header 2"),
        ("markdown", HEAD + "| Acme | x | y |\n", "3 table 1 R01: the row has 3 cells, the header 2"),
        ("markdown", HEAD + "| Acme | x |\nThat was all.\n", "4 table 1 R01: the row has 1 cells"),
        ("markdown", HEAD + "| Acme | x |\n\n| Beta | x |\n", "5  R01: a row is outside any table"),
        ("markdown", "> " + HEAD.replace("\n", "\n> "), "1 table 1 R01: the table is inside a list"),
        ("markdown", "<title>\n\n" + HEAD + "| Acme | x |\n", "HTML in the page hides a table"),
        ("markdown", "<table><tr><th>Name<tr><td>\n\n" + HEAD + "| Acme | x |\n", "a table is nested"),
        ("html", "<h3>A</h3><p>Purpose: x<p>Purpose: y", "'Purpose' appears twice below one name"),
        ("html", "<p>Acme</p>", "None  R01: it contains no table"),
        ("html", "", "None  R01: it contains no table"),
        ("html", "<table><tr><td>Acme<td>x</table>", "1 table 1 R01: the table has no header"),
        ("html", "<table></table>", "table 1 R01: the table has no rows"),
        ("html", "<table><tr><th>Name<tr><td>A<td>x</table>", "table 1, row 1 R01: the row has 2 cells"),
        ("html", "<table><tr><th>Name<th>P<tr><td>A</table>", "table 1, row 1 R01: the row has 1 cells"),
        (
            "html",
            "<table><tr><th>Name<th>P<th>C\n<tr><td>A<td colspan=2>x</table>",
            "2 table 1, row 1 R01: a cell covers several columns, from column 2 on",
        ),
        ("html", "<table><tr><th>Name<tr><td rowspan=3>A</table>", "a cell reaches below the last row"),
        ("html", "<table><tr><th>Name<tr><td rowspan=x>A</table>", "rowspan is not a number from 1 on"),
        (
            "html",
            "<table><tr><th>Name<th>P<tr><td>A<td rowspan=2>x<tr></table>",
            "fewer cells than merged cells",
        ),
        ("html", "<table><tr><th>Name<tr><td>A<table><tr><td>B</table></table>", "a table is nested"),
        ("html", "<table><tr><th>Name</tr>Acme<tr><td>A</table>", "the table has content outside"),
        ("html", "<table><thead><tr><th>A<tr><th>B</thead><tr><td>x</table>", "2 rows of headings"),
        ("html", "<meta charset=latin1><table><tr><th>Name<tr><td>\u00e9</table>", "written in latin1"),
        ("html", "<div>" * 400 + "<table><tr><th>Name</table>", "not readable as HTML"),
        ("csv", b"PK\x03\x04\x14\x00\x06\x00", "  R01: this file is not text"),
        ("html", b"<table><tr><th>Name<tr><td>\xff</table>", "1  R01: this file is not UTF-8 text"),
        ("csv", "Name,P\nA\n", "2 table 1, row 1 R01: the row has 1 cells, the header 2"),
        ("csv", 'Name,P\n"A"b,x\n', "2  R01: not well-formed"),
        ("csv", "Acme does our hosting.\nBeta mail.\n", "1  R01: the first row has no column of names"),
        ("csv", "Name,P\nA\x00,x\n", "2  R05: the control character U+0000"),
        ("csv", "", "the first row has no column of names"),
        ("tsv", "", "it contains no table"),
        ("json", '[{"name": "A", "name": "B"}]', 'the name "name" appears twice'),
        ("json", '{"a": [{"name": "A"}], "b": [{"name": "B"}]}', 'there are "a", "b"'),
        ("json", '["Acme"]', "the rows are not a list of objects"),
        ("json", "[NaN]", "NaN is not JSON"),
        ("json", "[" * 100_000, "nested too deeply"),
        ("json", '{"a": {"x": [{"n": 1}]}, "b": {"y": [{"n": 1}]}}', 'there are "x", "y"'),
        ("json", '{"a": ' * 2000 + "1" + "}" * 2000, "nested too deeply"),
        ("yaml", "- name: A\n  name: B\n", 'the name "name" appears twice'),
        ("yaml", "- &a {name: A}\n- *a\n", "1  R01: a part refers to another"),
        ("yaml", "- name: [A\n", "2  R01: not well-formed YAML"),
        ("yaml", "just words\n", "the rows are not a list of objects"),
        ("yaml", "", "it contains no table"),
        ("yaml", "[" * 5000, "nested too deeply"),
        ("yaml", "- !!python/object/apply:os.system [x]\n", "the rows are not a list of objects"),
        (
            "markdown",
            "* [A](https://a.example) - x\n* Whatever\n",
            "2  R01: an item of the list does not begin with",
        ),
        ("markdown", "* [Home](/)\n* [Terms](/terms)\n", "it contains no table, nor a list"),
        ("markdown", "## A\n\nPurpose: x\n\nPurpose: y\n", "5  R01: 'Purpose' appears twice below one name"),
        ("json", "[\n{", "2  R01: not well-formed JSON"),
        ("csv", b"x" * (MAX_BYTES + 1), "R17"),
        ("markdown", b"x" * (MAX_BYTES // 2), "R17"),
        ("yaml", b"x" * (MAX_BYTES // 8), "R17"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_with_its_place(form, content, fault):
    assert fault in refusal(lambda: texts(form, content))


def test_headings_above_a_table_and_across_its_rows_are_kept_with_the_rows():
    text = (
        "<h1>All</h1><h2>Old</h2><h2>New</h2><table><caption>T</caption><tr><th>Name<th>P"
        "<tr><td colspan=2>Mail<tr><td>A<td>x<tr><td colspan=2>Chat<tr><td>B<td>y</table>"
    )
    (table,) = read_tables("f", text.encode(), "html")
    assert [row.section for row in table.rows] == [("All", "New", "T", "Mail"), ("All", "New", "T", "Chat")]
    assert len(table.remarks) == 2


def test_lines_are_those_of_the_file():
    (table,) = read_tables("f", ("text\n\n" + HEAD + "| A | x |\n| B | x |\n").encode(), "markdown")
    assert (table.line, [row.line for row in table.rows]) == (3, [5, 6])
    (table,) = read_tables("f", b'Name,P\n"A\nB",x\nC,y\n', "csv")
    assert [row.line for row in table.rows] == [2, 4]


def test_only_the_tables_that_are_asked_for_are_read():
    broken = "\n\n| Old | Period |\n|---|---|\n| Zeta |\n"
    tables = read_tables("f", (HEAD + "| A | x |\n" + broken).encode(), "markdown", (1,))
    assert [len(table.rows) for table in tables] == [1, 0]
    page = "<table><tr><td>no header</table><table><tr><th>Name<tr><td>A</table>"
    assert [len(table.rows) for table in read_tables("f", page.encode(), "html", (2,))] == [0, 1]


def test_what_stands_beside_the_rows_of_a_document_is_told():
    text = b'{"lastUpdated": "2025-01-01", "notificationPeriod": 30, "vendors": [{"name": "A"}], "log": [1]}'
    (table,) = read_tables("f", text, "json")
    assert '"lastUpdated" ("2025-01-01"), "notificationPeriod" ("30"), "log"' in table.remarks[0]
    assert [(stated.field, stated.value) for stated in table.stated] == [
        ("updated_on", "2025-01-01"), ("notice_days", "30"),
    ]  # fmt: skip


def test_lists_have_links_lines_and_headings():
    text = "# All\n\n## Mail\n\n* [A](https://a.example) - x\n\n## Chat\n\n* [B](https://b.example) - y\n"
    (table,) = read_tables("f", text.encode(), "markdown")
    assert [(row.line, row.section, row.cells[0].links) for row in table.rows] == [
        (5, ("All", "Mail"), ("https://a.example",)), (9, ("All", "Chat"), ("https://b.example",)),
    ]  # fmt: skip


def test_a_footnote_and_links_are_seen():
    (table,) = read_tables("f", b'<table><tr><th>Name<tr><td><a href="/x ">A</a><sup>1</sup></table>', "html")
    cell = table.rows[0].cells[0]
    assert (cell.text, cell.links, cell.marks) == ("A1", ("/x",), ("sup",))


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.md", "markdown"), ("a.mdx", "markdown"), ("l.yml", "yaml"), ("A.HTM", "html"), ("x.tab", "tsv")],
)
def test_the_name_tells_the_form(name, form):
    assert format_of(name) == form


def test_a_name_that_tells_no_form_is_wrong_use():
    with pytest.raises(UsageError, match="does not say which format") as refused:
        format_of("list.xlsx")
    assert "save a spreadsheet as CSV" in refused.value.hint


def test_many_merged_cells_are_refused_and_not_spread_without_end():
    cells = "<td rowspan=9999>" * 150
    with pytest.raises(Refused):
        texts("html", f"<table><tr><th>Name{'<th>x' * 149}<tr>{cells}</table>")
