"""The suite for verifiers, written by its command and run against good and bad ones."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from commands import ROOT

from memory_folder import memory_folder
from node_judges import MODULES, need_package
from programs import Done, environment, run
from register_api.verify.checks.check_table import CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOM = ROOT / "tests/verifier_suite"

AT_ANOTHER_TIME = """\
import datetime, sys
from register_api import clock
from register_api.cli.main import main
true_time, ahead = clock.now, datetime.timedelta(seconds=int(sys.argv.pop(1)))
clock.now = lambda: true_time() + ahead
main()
"""


@pytest.fixture(scope="module")
def suite() -> Iterator[Path]:
    """A suite, as its command writes it: ten thousand small files, so not on a disk that others use."""
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
    with memory_folder() as folder:
        done = run(sys.executable, ROOM / "write.py", folder / "written", env=environment(PYTHONPATH=path))
        assert done.returncode == 0, done.stderr
        yield folder / "written"


def run_suite(suite: Path, folder: Path, verifier: dict[str, Any], *arguments: str) -> Done:
    """Run the suite's own runner against a verifier."""
    document = folder / "verifier.json"
    document.write_text(json.dumps(verifier), "utf-8")
    return run(sys.executable, suite / "run.py", document, *arguments)


def described(name: str) -> dict[str, Any]:
    """Return what a verifier says of itself."""
    found: dict[str, Any] = json.loads((ROOM / name).read_text("utf-8"))
    return found


def test_every_check_has_a_case(suite: Path) -> None:
    """A check that is new has an attack, so that it comes into the suite by itself."""
    cases = json.loads((suite / "suite.json").read_text("utf-8"))["cases"]
    assert len(cases) == len(set(cases)) == len(list((suite / "cases").iterdir()))
    assert {name[:3] for name in cases if name[0] == "V"} == {check.id for check in CHECKS}
    for name in cases:
        case = json.loads((suite / "cases" / name / "case.json").read_text("utf-8"))
        assert (case["id"], bool(case["check"])) == (name, case["code"] != 0)
        assert (suite / "honest" / case["honest"] / "trust/1.root.json").is_file()


@pytest.mark.parametrize("only", ["honest-t", "V02-1", "V06-", "V07-", "V09-17", "V31-"])
def test_our_own_verifier_finds_what_it_says(suite: Path, tmp_path: Path, only: str) -> None:
    """With the codes of the format, with memory, arguments and another clock; the rest by hand."""
    ours = {
        **described("register-api.json"),
        "command": [sys.executable, "-m", "register_api", "verify", "{url}"],
        "at": [sys.executable, "-c", AT_ANOTHER_TIME, "{clock}", "verify", "{url}"],
    }
    done = run_suite(suite, tmp_path, ours, "--only", only)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("are ok, 0 not asked\n")


def test_the_example_for_node_finds_what_it_says(suite: Path, tmp_path: Path) -> None:
    """And is not asked for what it does not."""
    for package in ("jose", "tuf-js"):
        need_package(package)
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "check.mjs").write_bytes((ROOT / "docs/examples/check.mjs").read_bytes())
    node = described("node-example.json")
    done = run_suite(suite, tmp_path, node)
    assert done.returncode == 0, done.stdout
    for name in node["checks"]:
        assert f"\nok         {name}-" in done.stdout


@pytest.mark.parametrize(
    ("code", "failed", "passed"),
    [("0", "V02-13-", "honest-three"), ("1", "honest-three", "V02-13-"), ("13", "V02-14-", "V02-13-")],
)
def test_a_verifier_that_does_not_look_is_told_so(
    suite: Path, tmp_path: Path, code: str, failed: str, passed: str
) -> None:
    """One that believes everything, one that refuses everything, and one that has one code for all."""
    blind = {
        "name": "blind",
        "command": [sys.executable, "-c", f"raise SystemExit({code})"],
        "memory": [],
        "codes": code == "13",
        "checks": ["V02"],
    }
    done = run_suite(suite, tmp_path, blind)
    assert done.returncode == 1
    assert f"\nFAILED     {failed}" in f"\n{done.stdout}"
    assert f"\nok         {passed}" in f"\n{done.stdout}"
    assert "\nnot asked  V31-18" in done.stdout


def test_a_document_with_other_members_is_refused(suite: Path, tmp_path: Path) -> None:
    """A slip is no verifier that finds nothing."""
    done = run_suite(suite, tmp_path, {"name": "x", "command": ["true"], "check": ["V02"]})
    assert done.returncode != 0
    assert "unknown members ['check'], missing ones ['checks']" in done.stderr
