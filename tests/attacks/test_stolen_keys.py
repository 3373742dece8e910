"""Each key alone and each two, held by a thief with the web host: each cell of docs/what-a-thief-gets.md."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from stolen_keys import SETS, TABLE, expected, render, table_of_the_page
from theft import FORGERIES, ROOT, Theft, customers, honest, look

from register_api.verify.state import STATE_FILE
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from register_api.verify.options import Options
    from register_api.verify.report import Report


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a customer remembers of the honest tree; it satisfies all three."""
    folder = tmp_path_factory.mktemp("memory")
    for options in customers(folder).values():
        assert look(honest().files, options).exit_code == 0
    return folder


@pytest.fixture
def looking(memory: Path, tmp_path: Path) -> Mapping[str, Options]:
    """The three customers, of whom one remembers the honest tree."""
    shutil.copy(memory / STATE_FILE, tmp_path)
    return customers(tmp_path)


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("keys", SETS, ids=lambda keys: " and ".join(sorted(keys)) or "no key")
def test_what_a_thief_gets_and_what_finds_it(
    keys: frozenset[str], forgery: str, looking: Mapping[str, Options]
) -> None:
    """For each customer the code, and the check among those that find it with that code."""
    files = FORGERIES[forgery](Theft(keys))
    cell = expected(keys)[forgery]
    outcomes = cell if len(cell) > 1 else cell * len(looking)
    for (who, options), outcome in zip(looking.items(), outcomes, strict=True):
        report = look(files, options)
        assert _is(report, outcome), f"{who}: {report.exit_code} {failed(report)}, not {outcome}"


def _is(report: Report, outcome: str) -> bool:
    code, _, said = outcome.partition(" ")
    if code.rstrip(",") == "0":
        return report.exit_code == 0 and bool(report.new_keys) == bool(said)
    return report.exit_code == int(code) and failed(report).get(said) == int(code)


def test_a_forgery_that_is_not_found_is_there(looking: Mapping[str, Options]) -> None:
    """What ends with 0 is no honest tree: the stranger is shown the thief's vendor, or an older version."""
    theft = Theft(frozenset({ROOT}))
    for name, lie in FORGERIES.items():
        files = lie(theft)
        assert files != honest().files
        report = look(files, looking["stranger"])
        assert report.exit_code or report.sha256 != look(honest().files, looking["stranger"]).sha256, name


def test_the_page_has_the_table() -> None:
    """``python tests/attacks/stolen_keys.py`` writes it."""
    assert table_of_the_page() == render()
    assert frozenset() in TABLE
