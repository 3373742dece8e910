"""The commands ``export`` and ``conformance`` as they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner

import stores
from register_api.cli.main import cli
from register_api.cli.options import time
from register_api.publish.signing import key_file
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def call(*arguments: str | Path) -> Result:
    """Call the program."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.mark.parametrize("form", ["--nginx", "--caddy", "--headers", "--redirects", "--github", "--gitlab"])
def test_it_prints_or_writes_the_same(tmp_path: Path, form: str) -> None:
    """A file that exists is left alone unless told otherwise."""
    command = ("export", form, "--store", tmp_path)
    printed = call(*command)
    assert printed.exit_code == 0
    file = tmp_path / "written"
    assert call(*command, "-o", file).exit_code == 0
    assert file.read_text("utf-8") == printed.stdout
    file.write_text("mine")
    refused = call(*command, "-o", file)
    assert (refused.exit_code, file.read_text()) == (2, "mine")
    assert "--force" in refused.stderr
    assert call(*command, "-o", file, "--force").exit_code == 0
    assert file.read_text("utf-8") == printed.stdout


def test_the_folder_is_that_of_the_store(tmp_path: Path) -> None:
    """Absolute, wherever the command is called."""
    assert (
        f'root "{tmp_path}/store/public";' in call("export", "--nginx", "--store", tmp_path / "store").stdout
    )


def test_digests_are_of_the_store(tmp_path: Path) -> None:
    """Of a store without a publication there are none."""
    assert call("export", "--nginx", "--digests", "--store", tmp_path).exit_code == 1
    stores.publish(tmp_path, 1)
    written = call("export", "--nginx", "--digests", "--store", tmp_path).stdout
    assert '" /v1/versions/1/register.json" "sha-256=:' in written
    assert '" /v1/register.json" "sha-256=:' not in written


def test_a_folder_for_pages_is_the_tree_and_four_files(tmp_path: Path) -> None:
    """New, without ready forms; where one is there nothing is written."""
    stores.publish(tmp_path, 1)
    assert call("export", "--pages", "--store", tmp_path).exit_code == 2
    command = ("export", "--pages", "--store", tmp_path, "-o", tmp_path / "site")
    assert call(*command).exit_code == 0
    written = {
        path.relative_to(tmp_path / "site").as_posix(): path.read_bytes()
        for path in (tmp_path / "site").rglob("*")
        if path.is_file()
    }
    snapshot = open_snapshot(tmp_path)
    assert snapshot is not None
    beside = {".nojekyll", "404.html", "_headers", "_redirects"}
    assert written.keys() - beside == snapshot.manifest.files.keys()
    assert all(written[path] == snapshot.read(path) for path in snapshot.manifest.files)
    assert written["_headers"].decode() == call("export", "--headers").stdout
    assert written["_redirects"].decode() == call("export", "--redirects").stdout
    refused = call(*command)
    assert (refused.exit_code, "nothing was written" in refused.stderr) == (2, True)


def test_headers_are_few_enough_for_every_host() -> None:
    """Cloudflare Pages reads a hundred rules, and lines of 2,000 characters."""
    lines = call("export", "--headers").stdout.splitlines()
    assert len([line for line in lines if line.startswith("/")]) <= 100
    assert max(map(len, lines)) <= 2000


@pytest.mark.parametrize(
    ("fresh_for", "cron"),
    [
        ("31d", "17 5 * * 1"),
        ("14d", "17 5 * * 1"),
        ("13d", "17 5 * * *"),
        ("48h", "17 5 * * *"),
        ("47h", "17 */12 * * *"),
        ("24h", "17 */12 * * *"),
        ("12h", "17 */6 * * *"),
        ("6h", "17 */3 * * *"),
        ("2h", "17 * * * *"),
    ],
)
def test_a_schedule_leaves_time_for_one_failure(fresh_for: str, cron: str) -> None:
    """Twice the interval at least; the same time is what the jobs sign for."""
    jobs = yaml.safe_load(call("export", "--github", "--fresh-for", fresh_for).stdout)
    assert jobs[True]["schedule"] == [{"cron": cron}]
    said = jobs["env"]["REGISTER_FRESH_FOR"]
    assert time(said) == time(fresh_for)


def test_jobs_may_do_little_and_run_no_text_from_outside() -> None:
    """No right but those named a job, no value of an event within a script, actions by their commit."""
    jobs = yaml.safe_load(call("export", "--github").stdout)
    assert jobs["permissions"] == {}
    assert "pull_request_target" not in jobs[True]
    for name, job in jobs["jobs"].items():
        assert len(job["permissions"]) == 1, name
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            assert re.fullmatch(
                r"actions/checkout@[0-9a-f]{40}", step.get("uses", "actions/checkout@" + "0" * 40)
            )
    signing = {name for name, job in jobs["jobs"].items() if "secrets." in str(job)}
    assert signing == {"publish", "refresh"}
    assert re.findall(r"secrets\.(\w+)", str(jobs["jobs"]["refresh"])) == ["REGISTER_KEY_ONLINE"]
    assert set(re.findall(r"secrets\.(\w+)", str(jobs["jobs"]["publish"]))) == set(
        key_file.VARIABLES.values()
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["export"],
        ["export", "--nginx", "--caddy"],
        ["export", "--caddy", "--digests"],
        ["export", "--headers", "--brotli"],
        ["export", "--headers", "--listen", "8080"],
        ["export", "--redirects", "--listen", "8080"],
        ["export", "--nginx", "--listen", "http"],
        ["export", "--nginx", "-o", "/nowhere/at/all"],
        ["export", "--nginx", "--fresh-for", "15d"],
        ["export", "--github", "--base-path", "/register/"],
        ["export", "--github", "--fresh-for", "1h"],
        ["export", "--gitlab", "--fresh-for", "32d"],
        ["export", "--pages", "--force"],
        ["conformance"],
        ["conformance", "https://trust.example.com", "--only", "C99"],
        ["conformance", "trust.example.com"],
        ["conformance", "https://trust.example.com", "--profile", "bucket"],
        ["conformance", "https://trust.example.com", "--max-requests", "0"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is written or asked, in a folder that has no store."""
    monkeypatch.chdir(tmp_path)
    assert call(*arguments).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_the_script_can_be_read_without_asking_anybody() -> None:
    """Number, title, standard, request and status."""
    shown = call("conformance", "--list", "--only", "C01").stdout
    assert shown.startswith("C01  Every type of file is served, complete and uncompressed\n")
    assert "- GET /$path → 200" in shown
    assert '"id": "C01"' in call("conformance", "--list", "--json").stdout
