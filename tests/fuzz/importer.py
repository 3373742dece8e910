"""Targets: lists that are taken over, in every syntax, and what an import remembers."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.target import Target, documented
from memory_folder import memory_folder
from register_api.errors import Refused
from register_api.importer.list_states import read_history
from register_api.importer.reading import read_tables
from register_api.importer.table import FILE_FORMATS, FileFormat
from register_api.importer.vendor_list import Names
from register_api.importer.vendor_update import read_memory

sys.path.append(str(Path(__file__).parents[1] / "unit" / "importer"))
from imports import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.importer.table import Table

MARKDOWN = """\
# Sub-processors

| Vendor | Purpose | Country | Notes |
|---|:--|--:|---|
| [Acme Cloud](https://acme.example/) | Hosting | Finland | `a` **b** |
| Borealis & Co | Newsletters<br>and mail | Germany, US | x \\| y |
"""
HTML = """\
<!doctype html><html><head><meta charset="utf-8"><title>x</title></head><body><h2>Sub-processors</h2>
<table><thead><tr><th>Vendor</th><th>Purpose</th><th>Country</th></tr></thead>
<tbody><tr><td rowspan="1"><a href="https://acme.example/">Acme</a></td><td>Hosting</td><td>Finland</td></tr>
<tr><td>Cloud<td>Backup&nbsp;<sup>1</sup></td><td rowspan=2>Finland</td></tr>
<tr><td>Borealis<td>Mail</table></body></html>
"""
DRAWN = """\
<div data-page='{"vendors": [{"name": "Acme", "purpose": "x", "location": "FI"}]}'></div>
<script>self.__next_f.push([1,"5:[{\\"name\\":\\"A\\",\\"purpose\\":\\"x\\"}]\\n"])</script>
<script>window.S = {"V:1": {"__typename": "V", "name": "A", "purpose": {"__ref": "V:1"}}};</script>
<div role="grid"><div role="row"><div role="columnheader">Vendor</div></div>
<div role="row"><div role="cell">Acme</div></div></div><p>Last updated: 12 March 2026, 30 days' notice</p>
<div><b>Acme</b><p><i>Purpose</i><i>x</i></p></div><div><b>Beta</b><p>Purpose: y</p></div>
"""
CSV = 'Vendor,Purpose,Country\r\n"Acme, Inc.",Hosting,Finland\r\nBorealis,"two\nlines",Germany\r\n'
YAML = """\
updated: 2026-08-15
subprocessors:
  - name: Acme
    purpose: {en: Hosting, de: Betrieb}
    location: [Germany, "EU (Frankfurt), US"]
  - {name: Borealis, purpose: Mail, location: ~}
"""
LISTS = """\
# Sub-processors

* [Acme, Inc.](https://acme.example/) for hosting in <b>Finland</b>
* **Borealis** - mail
"""
CARDS = """\
## Acme

**Purpose:** Hosting<br>Location: Finland

## Borealis

- Purpose: Mail
"""
TSV = "Vendor\tPurpose\tCountry\nAcme\tHosting\tFinland\nBorealis\tMail\tGermany\n"
ROWS = [
    {"name": "Acme", "purpose": "Hosting", "country": "Finland", "tags": ["a", "b"]},
    {"name": "Borealis", "purpose": "Mail", "country": None, "more": {"a": 1}},
]
HISTORY = [
    {"date": "2024-02-01", "entries": ROWS[:1], "title": "First", "commit": "8e09abc"},
    {"date": "2024-03-01T09:00:00Z", "committed": "2024-03-02", "entries": ROWS},
]
SEEDS: dict[FileFormat, tuple[bytes, ...]] = {
    "markdown": (MARKDOWN.encode(), LISTS.encode(), CARDS.encode()),
    "html": (HTML.encode(), DRAWN.encode()),
    "csv": (CSV.encode(), CSV.replace(",", ";").encode(), "Name\n\ud7ff\n".encode()),
    "tsv": (TSV.encode(),),
    "json": (
        json.dumps(ROWS).encode(),
        json.dumps({"vendors": ROWS}).encode(),
        json.dumps(HISTORY).encode(),
        b'[{"name": "\\ud800"}]',
        b'[{"name": "a", "\\ud800": "x"}]',
        json.dumps({"data": {"edges": [{"node": ROWS[0]}], "n": 1}}).encode(),
    ),
    "yaml": (YAML.encode(), json.dumps(ROWS).encode()),
}
TOKENS = tuple(
    piece.encode()
    for piece in (
        "|",
        "-",
        "\n",
        "<table>",
        "<tr>",
        "<td>",
        "<th rowspan=2>",
        "</table>",
        "<td colspan=1000>",
        "rowspan=65534",
        "rowspan=0",
        "Name",
        "&nbsp;",
        "&#0;",
        "&#xD800;",
        "&amp",
        "\u200b",
        ",",
        ";",
        '"',
        "[",
        "{",
        '"name":',
        "}",
        "]",
        ":",
        "#",
        "`",
        "\\",
        "<!--",
        "-->",
        "<script>",
        "\t",
        "\ufeff",
        "\xe9",
        "[^1]",
        "![](x)",
        "<a href='javascript:x'>",
        "<meta charset='latin1'>",
        "<template>",
        "<svg>",
        "<b>" * 300,
        ">" * 300,
        "* " * 300,
    )
)


def _reader(form: FileFormat) -> Callable[[bytes], tuple[Table, ...]]:
    return lambda data: read_tables("file", data, form)


def _has_even_rows(_data: bytes, tables: tuple[Table, ...]) -> None:
    assert tables, "no table, and no refusal"
    for table in tables:
        assert all(len(row.cells) == len(table.header) for row in table.rows), "a row of another length"


def _import(form: FileFormat) -> Callable[[bytes], bool]:
    """Return an import of a file into a new source folder; a refusal leaves no report."""

    def run(data: bytes) -> bool:
        with memory_folder() as folder:
            report = Workspace(folder).draft(
                ("file", data), form=form, clean=True, defaults={"locations": "EU"}
            )
            return bool(report.vendors)

    return run


def _has_vendors(_data: bytes, vendors: bool) -> None:
    assert vendors, "a report without vendors"


def _read_states(data: bytes) -> None:
    """Read a history and the tables of each of its states."""
    for state in read_history("file", data, "author", dt.UTC):
        state.read()


def _use_names(data: bytes) -> None:
    """Read a names file, and let it learn a name."""
    names = Names(data.decode("utf-8", "replace"))
    names.find("Acme", {})
    vendor = names.add("A new name", ())
    names.category("A new category")
    again = Names(names.text)
    found = again.find("A new name", {})
    assert found is not None, "what was written down is not found"
    assert vendor, "no id"


def _names_files() -> tuple[bytes, ...]:
    names = Names()
    with contextlib.suppress(Refused):
        names.add("Acme Cloud", ())
        names.add("Borealis & Co", ())
        names.category("Hosting")
    return (
        names.text.encode(),
        b'[[vendors]]\nname = "A"\nid = "a"\nformerly = ["B"]\n\n[vendors.when]\nPurpose = "x"\n',
    )


TARGETS = (
    *(
        Target(
            name=f"list in {form}",
            parse=_reader(form),
            refusals=documented(read_tables),
            seeds=lambda form=form: SEEDS[form],  # type: ignore[misc]
            tokens=TOKENS,
            json=form == "json",
            check=_has_even_rows,
            cost=2,
        )
        for form in FILE_FORMATS
    ),
    *(
        Target(
            name=f"import of {form}",
            parse=_import(form),
            refusals=(Refused,),
            seeds=lambda form=form: SEEDS[form],  # type: ignore[misc]
            tokens=TOKENS,
            json=form == "json",
            check=_has_vendors,
            cost=20,
        )
        for form in FILE_FORMATS
    ),
    Target(
        name="history of a list",
        parse=_read_states,
        refusals=documented(read_history),
        seeds=lambda: (json.dumps(HISTORY).encode(), json.dumps({"versions": HISTORY}).encode()),
        tokens=TOKENS,
        json=True,
    ),
    Target(
        name="names file",
        parse=_use_names,
        refusals=documented(Names.__init__),
        seeds=_names_files,
        tokens=(
            b"[[vendors]]\n",
            b"[categories]\n",
            b"[statuses]\n",
            b"when = {",
            b"formerly = [",
            b'"""',
            b"a.b.c = 1\n",
        ),
        cost=10,
    ),
    Target(
        name="memory of an import",
        parse=read_memory,
        refusals=documented(read_memory),
        seeds=lambda: (
            b'{"format":"register-api-import/1","order":["acme"],"vendors":{}}',
            b'{"format":"register-api-import/1"}',
        ),
        json=True,
    ),
)
