"""A new kind of file is one row and one maker: every part of the program then knows it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import programs
from memory_folder import memory_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parents[1] / "new_artefact.py"
SIGNED = ["v1/example.csv", "v1/example.csv.jws", "v1/example.csv.sig"]


@pytest.fixture(scope="module")
def known() -> Iterator[dict[str, Any]]:
    """What a program with one row and one maker more knows of the new file, each part of it."""
    with memory_folder() as folder:
        yield json.loads(programs.output_of(sys.executable, PROGRAM, folder))


def test_publishing_makes_stores_and_signs_it(known: dict[str, Any]) -> None:
    assert known["made"] == "acme,Acme Oy\r\n"
    assert known["stored"] == ["text/csv; charset=utf-8", "mutable", []]
    assert known["paths"] == SIGNED
    assert known["signed"] == SIGNED[1:]


def test_verify_checks_its_signatures(known: dict[str, Any]) -> None:
    """A byte that is changed, or the file withheld, fails the check that the row names."""
    assert known["verified"] == {"code": 0, "failed": {}, "asked": True}
    assert known["changed"]["failed"] == {"V21": 12, "V34": 12}
    assert known["withheld"]["failed"] == {"V21": 10, "V34": 10}


def test_hosts_and_the_catalog_know_it(known: dict[str, Any]) -> None:
    assert known["catalog"] == [{"href": "https://example.com/v1/example.csv", "type": "text/csv"}]
    assert known["hosts"] == {"nginx": True, "caddy": True, "headers": True}
    assert known["asked_of_hosts"] == SIGNED


def test_it_is_described_and_has_to_be_documented(known: dict[str, Any]) -> None:
    """docs/format/tree.md is compared with the table, so it fails until the line is there."""
    assert known["described"] == [f"/{path}" for path in SIGNED]
    (line,) = known["to_be_documented"]
    assert line == (
        "| `/v1/example.csv` | The sub-processors as a table | mutable | `.jws` `.sig` | V21, V34 |"
    )
