"""The commands ``export`` and ``conformance`` as they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import stores
from register_api.cli.main import cli

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def call(*arguments: str | Path) -> Result:
    """Call the program."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.mark.parametrize("form", ["--nginx", "--caddy", "--headers", "--redirects"])
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
    assert call("export", "--nginx", "--digests", "--store", tmp_path).exit_code == 2
    stores.publish(tmp_path, 1)
    written = call("export", "--nginx", "--digests", "--store", tmp_path).stdout
    assert '" /v1/versions/1/register.json" "sha-256=:' in written
    assert '" /v1/register.json" "sha-256=:' not in written


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
        ["conformance"],
        ["conformance", "https://trust.example.com", "--only", "C99"],
        ["conformance", "trust.example.com"],
        ["conformance", "https://trust.example.com", "--profile", "bucket"],
        ["conformance", "https://trust.example.com", "--max-requests", "0"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2(arguments: list[str]) -> None:
    """Before anything is written or asked."""
    assert call(*arguments).exit_code == 2


def test_the_script_can_be_read_without_asking_anybody() -> None:
    """Number, title, standard, request and status."""
    shown = call("conformance", "--list", "--only", "C01").stdout
    assert shown.startswith("C01  Every kind of file is served, whole and plain\n")
    assert "- GET /$path → 200" in shown
    assert '"id": "C01"' in call("conformance", "--list", "--json").stdout
