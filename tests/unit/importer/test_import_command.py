"""The command import: options, words, JSON, exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from imports import TABLE, Workspace, page

from register_api.cli import import_
from register_api.cli.main import cli

if TYPE_CHECKING:
    from click.testing import Result

PAST = [
    {
        "date": "2018-05-22",
        "commit": "a" * 40,
        "entries": [{"name": "Acme", "purpose": "x", "location": "FI"}],
    },
    {
        "date": "2019-05-22",
        "commit": "b" * 40,
        "entries": [{"name": "Beta", "purpose": "x", "location": "FI"}],
    },
]


@pytest.fixture(autouse=True)
def _here(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace.folder)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["import", *arguments, "--into", "."], catch_exceptions=False)


def test_a_draft_says_what_went_where_and_passes_check(workspace: Workspace) -> None:
    workspace.put("list.md", TABLE)
    result = call(
        "in/list.md", "--register", "example.com/r", "--publisher", "Desk", "--updated-on", "2026-05-01"
    )
    assert result.exit_code == 0
    assert "Country  →  locations" in result.stdout
    assert "2 sub-processors, 2 uses" in result.stdout
    assert "Assumed, since nothing says otherwise:" in result.stderr
    assert str(workspace.register()["updated_on"]) == "2026-05-01"
    assert CliRunner().invoke(cli, ["check", "--source", "register"]).exit_code == 0


def test_what_the_page_states_is_taken_if_asked_for(workspace: Workspace) -> None:
    workspace.put("list.md", f"Last updated: 12 March 2026\n\n{TABLE}")
    result = call("in/list.md", "--dry-run")
    assert "Last updated: 12 March 2026" in result.stderr
    assert "--updated-on 2026-03-12, or --as-stated" in result.stderr
    assert call("in/list.md", "--as-stated").exit_code == 0
    assert str(workspace.register()["updated_on"]) == "2026-03-12"


def test_on_a_terminal_ids_are_shown_and_confirmed_before_anything_is_written(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.put("list.md", f"Last updated: 12 March 2026\n\n{TABLE}")
    monkeypatch.setattr(import_, "_is_terminal", lambda: True)
    answers = ["import", "in/list.md", "--into", "."]
    no = CliRunner().invoke(cli, answers, input="y\nn\n")
    assert 'list.md says "Last updated: 12 March 2026". Take 2026-03-12 as updated_on?' in no.stderr
    assert '"Acme Cloud" has the id acme-cloud' in no.stderr
    assert "Write 5 files? [Y/n]" in no.stderr
    assert (no.exit_code, (workspace.folder / "register").exists()) == (1, False)
    yes = CliRunner().invoke(cli, answers, input="n\ny\n")
    assert "Wrote 5 files" in yes.stdout
    assert str(workspace.register()["updated_on"]) != "2026-03-12"


def test_a_dry_run_says_that_nothing_was_written(workspace: Workspace) -> None:
    workspace.put("list.md", page([["Name"], ["Acme"]]))
    result = call("in/list.md", "--dry-run")
    assert result.exit_code == 0
    assert "Nothing was written; 4 files would be." in result.stdout
    assert "Missing by the rules" in result.stdout
    assert "error R08" in result.stderr


def test_options_reach_the_table(workspace: Workspace) -> None:
    workspace.put("list.txt", "Who;What\nAcme;x\n")
    options = ["--format", "csv", "--column", "Who=name", "--column", "What=purpose", "--json"]
    options += [
        "--default",
        "locations=EU",
        "--status",
        "available",
        "--category",
        "Things",
        "--names",
        "n.toml",
        "--publisher",
        "Desk",
    ]
    document = json.loads(call("in/list.txt", *options).stdout)
    assert document["publishable"]
    assert document["report"]["vendors"] == [{"engagements": 1, "id": "acme", "name": "Acme", "new": True}]
    assert {item["field"] for item in document["report"]["columns"]} == {"name", "purpose"}
    assert workspace.vendor("acme")["engagements"][0]["status"] == "available"
    assert workspace.register()["categories"] == [{"id": "things", "title": "Things"}]
    assert (workspace.folder / "n.toml").exists()


def test_a_refusal_names_file_line_and_column(workspace: Workspace) -> None:
    workspace.put("list.md", TABLE.replace("Acme", "Ac\u200bme"))
    result = call("in/list.md")
    assert result.exit_code == 1
    assert 'list.md:3  table 1, row 1, column "Vendor"  error R05' in result.stderr
    assert "; nothing was written" in result.stderr
    assert "--clean" in result.stderr


def test_history_is_published_and_goes_on(workspace: Workspace) -> None:
    workspace.put("past.json", json.dumps(PAST[:1]))
    options = [
        "--history",
        "in/past.json",
        "--register",
        "example.com/r",
        "--publisher",
        "Desk",
        "--keys",
        "private",
    ]
    first = call(*options, "--store", "store")
    assert first.exit_code == 0, first.output
    assert "1 states, 1 versions published." in first.stdout
    assert (workspace.folder / "keys" / "1.root.json").exists()
    workspace.put("past.json", json.dumps(PAST))
    document = json.loads(call(*options, "--store", "store", "--json").stdout)
    assert [(item["version"], item["added"], item["ended"]) for item in document["states"]] == [
        (2, ["Beta"], ["Acme"])
    ]


def test_a_dry_run_of_a_history_ends_with_1_where_something_is_missing(workspace: Workspace) -> None:
    workspace.put("past.json", json.dumps([{"date": "2018-01-01", "entries": [{"name": "Acme"}]}]))
    options = ["--history", "in/past.json", "--register", "example.com/r", "--publisher", "Desk", "--dry-run"]
    result = call(*options)
    assert result.exit_code == 1
    assert "error R08" in result.stderr
    assert not (workspace.folder / "var").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x.md"],
        ["x.docx"],
        ["x.md", "--history", "y.json"],
        ["--git", "repository"],
        ["--git", "nowhere", "x.md", "--register", "a.example/b", "--publisher", "X"],
        ["--history", "nowhere.json", "--register", "a.example/b", "--publisher", "X"],
        ["--history", "nowhere.json"],
        ["x.md", "--column", "Who"],
        ["x.md", "--column", "Who=colour"],
        ["x.md", "--default", "name=Acme"],
        ["x.md", "--table", "0"],
        ["x.md", "--status", "idle"],
        ["x.md", "--links", "colour"],
        ["x.md", "--updated-on", "May"],
        ["x.md", "--notice-days", "-1"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2(arguments: list[str]) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
