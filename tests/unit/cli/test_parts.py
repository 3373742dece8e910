"""The distribution's parts: what a customer installs is small, and a command says which part it lacks."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import re
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import installed
from publishers import NOW, Publisher
from register_api.cli.main import _COMMANDS, _PARTS
from register_api.core.format import tree
from static_host import static_host

if TYPE_CHECKING:
    from pathlib import Path

    from programs import Done

MAX_PACKAGES = 30
"""So many distributions a customer installs at most, this one among them."""

NOT_A_CUSTOMERS = {
    "litestar",
    "uvicorn",
    "jinja2",
    "feedgen",
    "tomlkit",
    "prometheus-client",
    "python-pkcs11",
}

_OWNERS = importlib.metadata.packages_distributions()

HELP = """
from click.testing import CliRunner
from register_api.cli.main import cli

def help_of(name):
    result = CliRunner().invoke(cli, [name, "--help"])
    return result.exit_code, result.stderr or ("Usage: " in result.stdout) or repr(result.exception)

print(json.dumps({name: help_of(name) for name in sys.argv[2:]}))
"""

COMMAND = """
from register_api.cli.main import main
sys.argv = ["register-api", *sys.argv[2:]]
main()
"""

LOADED = """
from register_api.cli.main import main
try:
    main()
finally:
    sys.stderr.write(json.dumps(sorted(sys.modules)))
"""


def run_help(*extras: str) -> dict[str, list[object]]:
    """Ask every command for its help; return exit code, and what it said on standard error or ``True``."""
    ended = installed.python(HELP, *_COMMANDS, extras=extras)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, list[object]] = json.loads(ended.stdout)
    return found


def test_a_customer_installs_few_packages_and_nothing_of_the_publishers() -> None:
    brought = installed.brought_by()
    assert len(brought) <= MAX_PACKAGES
    assert not brought & NOT_A_CUSTOMERS
    assert installed.brought_by("all") >= NOT_A_CUSTOMERS


def test_all_is_every_extra_that_there_is() -> None:
    extras = set(installed.PROJECT["optional-dependencies"])
    assert extras == {*_PARTS, "pkcs11", "all"}
    assert installed.brought_by("all") == installed.brought_by(*extras - {"all"})


@pytest.mark.parametrize(
    ("file", "left_out"),
    [("serve.txt", {"obstore", "python-pkcs11"}), ("test.txt", set[str]())],
    ids=["serve", "test"],
)
def test_what_is_asked_for_is_pinned_with_its_digest(file: str, left_out: set[str]) -> None:
    """The files are installed without looking at dependencies; `make lock` writes them again."""
    groups = [installed.PROJECT["dependencies"], *installed.PROJECT["optional-dependencies"].values()]
    asked = [text for group in (*groups, *[installed.DEV] * (file == "test.txt")) for text in group]
    names = {canonicalize_name(Requirement(text).name) for text in asked} - {installed.DISTRIBUTION}
    pins = re.compile(r"^([\w.-]+)==\S+.*\\\n +--hash=", re.MULTILINE)
    text = (installed.ROOT / "requirements" / file).read_text("utf-8")
    assert names - {canonicalize_name(name) for name in pins.findall(text)} == left_out
    others = [line for line in text.splitlines() if not re.match(r"#|[\w.-]+==|    --hash=sha256:", line)]
    assert others == []  # neither an address nor a folder of the machine that pinned them


@pytest.mark.parametrize(
    "extras", [(), ("publish",), ("serve",), ("import",), ("notify",), ("watch",), ("all",)], ids="+".join
)
def test_a_command_works_with_its_extras_and_says_without_which_it_needs(extras: tuple[str, ...]) -> None:
    """An extra that another one builds on, or all, is there as well."""
    brought = installed.brought_by(*extras)
    owners = {
        extra: {canonicalize_name(_OWNERS[module][0]) for module in modules}
        for extra, (_, modules) in _PARTS.items()
    }
    there = {extra for extra, needed in owners.items() if needed <= brought}
    words = {(extra,): f"{part} part" for extra, (part, _) in _PARTS.items()}
    for name, (code, said) in run_help(*extras).items():
        needed = _COMMANDS[name].extras
        if set(needed) <= there:
            assert (name, code, said) == (name, 0, True)
            continue
        part = words.get(needed, "publishing and serving parts")
        assert (name, code) == (name, 2)
        assert said == (
            f"not installed: register-api {name} needs the {part}:"
            f" pip install 'register-api[{','.join(needed)}]'\n"
        )


def test_a_customer_needs_no_extra() -> None:
    assert [name for name, command in _COMMANDS.items() if not command.extras] == [
        "verify",
        "evidence",
        "compare",
        "diff",
        "show",
    ]


def test_a_customer_verifies_keeps_and_compares_with_no_extra_installed(folder: Path) -> None:
    """Everything over HTTP and from files; what only a publisher has is hidden."""
    publisher = Publisher(folder)
    publisher.publish()
    publisher.publish_note("second", NOW + dt.timedelta(minutes=1))
    one, two = (str(publisher.store / "public" / tree.VERSION_REGISTER.path(number)) for number in (1, 2))
    with static_host(publisher.store / "public") as base:
        for arguments in (
            ["verify", base, "--state", "state"],
            ["verify", base, "--state", "state", "--quick", "--json"],
            ["evidence", base, "--version", "2", "-o", "kept.zip"],
            ["verify", "--offline", "kept.zip"],
            ["compare", str(publisher.store / "public/log/checkpoint"), base],
            ["diff", one, two],
            ["show", "--store", str(publisher.store)],
        ):
            ended = installed.python(COMMAND, *arguments)
            assert ended.returncode == 0, (arguments, ended.stdout, ended.stderr)


def run(*arguments: str, **variables: str) -> Done:
    """Run the program as a customer has it; the loaded modules stand on standard error."""
    set_ = "".join(f"import os; os.environ[{name!r}] = {value!r}\n" for name, value in variables.items())
    return installed.python(set_ + "sys.argv = ['register-api', *sys.argv[2:]]\n" + LOADED, *arguments)


HEAVY = {"rich", "httpx", "tuf", "cryptography", "lxml", "register_api.verify", "register_api.core"}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=" ".join)
def test_help_and_version_load_neither_commands_nor_libraries(arguments: list[str]) -> None:
    ended = run(*arguments)
    assert ended.returncode == 0
    loaded = json.loads(ended.stderr)
    assert not HEAVY & set(loaded)
    assert [name for name in loaded if name.startswith("register_api.cli.")] == ["register_api.cli.main"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("register-api ", set(_COMMANDS)),
        ("register-api p", {"publish", "preview"}),
        ("register-api --v", {"--version"}),
        ("register-api publish --", {"--version", "--help"}),
    ],
)
def test_a_shell_is_offered_the_commands_without_loading_them(typed: str, offered: set[str]) -> None:
    """Of a command whose part is not installed it is offered no options, and no error either."""
    words = typed.split(" ")
    variables = {
        "_REGISTER_API_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    ended = run(**variables)
    assert {line.partition(",")[2] for line in ended.stdout.splitlines()} == offered
    assert not HEAVY & set(json.loads(ended.stderr))


def test_the_library_loads_what_only_some_need_when_they_need_it() -> None:
    """Neither HTTP, where a fetcher is given, nor time stamps, nor anything of the command line."""
    code = "import register_api.verify\nprint(json.dumps(sorted(sys.modules)))"
    ended = installed.python(code)
    assert ended.returncode == 0, ended.stderr
    never = {"httpx", "stamina", "click", "rich", "cryptography.x509", "rfc3161_client"}
    assert not never & set(json.loads(ended.stdout))
