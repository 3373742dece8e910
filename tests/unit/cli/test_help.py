"""Every command explains itself, and a usage error exits with 2."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from programs import REGISTER_API, output_of
from register_api import __version__
from register_api.cli.main import _COMMANDS, cli

COMMANDS = [*([name] for name in _COMMANDS if name != "keys"), ["keys", "list"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_of_each_command_has_an_example(command: list[str]) -> None:
    result = CliRunner().invoke(cli, [*command, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert f"register-api {' '.join(command)}" in result.stdout.partition("Example")[2]


def test_the_list_names_every_command_with_a_line_of_help() -> None:
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    listed = result.stdout.partition("Commands:")[2]
    words = " ".join(listed.split())
    assert all(f"{name} {command.line}" in words for name, command in _COMMANDS.items())


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(cli, ["--version"]).stdout == f"register-api, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["publish", "--nonsense"],
        ["publish", "--kind", "nonsense"],
        ["publish", "--at", "yesterday"],
        ["publish", "--at", "2024-02-01"],
        ["publish", "--at", "2024-02-01T09:00:00"],
        ["publish", "--at", "2024-02-01T09:00:00.5Z"],
        ["publish", "--root-keys", "0"],
        ["publish", "--root-keys", "2", "--root-threshold", "21"],
        ["refresh", "--every", "0"],
        ["refresh", "--every", "soon"],
        ["refresh", "--fresh-for", "30m"],
        ["refresh", "--fresh-for", "0h"],
        ["refresh", "--fresh-for", "32d"],
        ["publish", "--fresh-for", "745h"],
        ["publish", "--fresh-for", "-7d"],
        ["publish", "--fresh-for", "7"],
        ["serve", "--port", "65536"],
        ["serve", "--port", "http"],
        ["diff", "1"],
        ["keys", "nonsense"],
        ["verify"],
        ["verify", "https://a.example", "--root", "a", "--root-sha256", "b"],
        ["verify", "gopher://a.example"],
        ["init"],
        ["--nonsense"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("usage error: ")
    assert "Traceback" not in result.stderr


def test_errors_in_arguments_look_like_every_other_usage_error() -> None:
    result = CliRunner().invoke(cli, ["publish", "--nonsense"], prog_name="register-api")
    assert result.stderr == "usage error: no such option '--nonsense'\n→ register-api publish --help\n"
    result = CliRunner().invoke(cli, ["--nonsense"], prog_name="register-api")
    assert result.stderr == "usage error: no such option '--nonsense'\n→ register-api --help\n"


def test_a_group_without_a_command_prints_its_help() -> None:
    result = CliRunner().invoke(cli, ["keys"])
    assert (result.exit_code, result.stderr.partition(" ")[0]) == (2, "Usage:")


def test_the_module_is_the_command() -> None:
    said = output_of(*REGISTER_API, "--version").decode()
    assert said == f"register-api, version {__version__}\n"


LOADED = """
import sys
from click.testing import CliRunner
from register_api.cli.main import cli
result = CliRunner().invoke(cli, sys.argv[1:])
assert result.exit_code == 0, result.output
print(*sorted(name for name in sys.modules if name.startswith("register_api.")))
"""


@pytest.mark.parametrize(
    ("command", "never"),
    [
        ("verify", ("register_api.publish", "register_api.serve", "register_api.store")),
        ("evidence", ("register_api.publish", "register_api.serve", "register_api.store")),
        ("compare", ("register_api.publish", "register_api.serve", "register_api.store")),
        ("serve", ("register_api.publish", "register_api.verify")),
        ("diff", ("register_api.publish", "register_api.verify", "register_api.serve")),
    ],
)
def test_a_command_loads_nothing_of_the_roles_it_does_not_play(command: str, never: tuple[str, ...]) -> None:
    loaded = output_of(sys.executable, "-c", LOADED, command, "--help").decode().split()
    assert f"register_api.cli.{command}" in loaded
    assert not [name for name in loaded if name.startswith(never)]
