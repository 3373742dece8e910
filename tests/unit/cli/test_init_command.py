"""init: a source to edit, which is good from the first minute on."""

from __future__ import annotations

import datetime as dt
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from programs import REGISTER_API, on_a_terminal, run
from register_api.cli.main import cli
from register_api.store.reader import open_snapshot
from tools import need

if TYPE_CHECKING:
    from conftest import Clock

UNITS = {
    f"deploy/register-api{name}" for name in (".service", ".socket", "-refresh.service", "-refresh.timer")
}
FILES = {
    ".gitignore",
    "register/register.toml",
    "register/EXAMPLE.toml",
    "register/schema/register.json",
    "register/schema/subprocessor.json",
    "register/subprocessors/example-host.toml",
    "keys/README.md",
    "deploy/nginx.conf",
    *UNITS,
}


def init(folder: Path, *options: str):
    return CliRunner().invoke(cli, ["init", str(folder), *options])


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def register(folder: Path) -> dict:
    return tomllib.loads((folder / "register/register.toml").read_text("utf-8"))


def test_without_a_terminal_nothing_is_asked_and_names_are_to_be_replaced(folder: Path, clock: Clock) -> None:
    result = init(folder / "trust")
    assert result.exit_code == 0
    assert files(folder / "trust") == FILES
    written = register(folder / "trust")
    assert written["register"] == "example.com/sub-processors"
    assert written["url"] == "https://trust.example.com/"
    assert "updated_on" not in written  # the day of publication
    assert written["notice"]["days"] == 30
    assert written["license"] == "CC0-1.0"
    for step in ("register-api check", "register-api publish", "register-api serve"):
        assert step in result.stdout


def test_what_was_generated_passes_check_and_can_be_published(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--name", 'Acme "Bolts" Inc.\\', "--domain", "acme.example", "--contact", "dpo@acme.example"]
    assert init(folder / "trust", *options, "--notice-days", "14").exit_code == 0
    monkeypatch.chdir(folder / "trust")
    host = folder / "trust/register/subprocessors/example-host.toml"
    checked = CliRunner().invoke(cli, ["check"])
    assert (checked.exit_code, checked.stdout.splitlines()[-1].split(",")[0]) == (1, "1 error")
    assert "R30" in checked.output
    host.rename(host.with_name("bolt-host.toml")).write_text(
        host.with_name("bolt-host.toml").read_text("utf-8").replace("Example Host", "Bolt Host"), "utf-8"
    )
    checked = CliRunner().invoke(cli, ["check"])
    assert (checked.exit_code, checked.stdout.splitlines()[-1].split(",")[0]) == (0, "0 errors")
    assert CliRunner().invoke(cli, ["publish"]).exit_code == 0
    snapshot = open_snapshot(folder / "trust/var/store")
    assert snapshot is not None
    assert snapshot.state.register == "acme.example/sub-processors"
    written = register(folder / "trust")
    assert written["publisher"]["name"] == 'Acme "Bolts" Inc.\\'
    assert written["publisher"]["contacts"][0]["email"] == "dpo@acme.example"
    assert written["notice"]["days"] == 14


@pytest.mark.parametrize(
    ("given", "written"), [("CC-BY-4.0", "CC-BY-4.0"), ("https://acme.example/licence", None), ("none", None)]
)
def test_the_licence_is_the_companys_choice(
    folder: Path, clock: Clock, given: str, written: str | None
) -> None:
    """CC0-1.0 is a proposal; another one is taken, and none leaves the field out."""
    assert init(folder / "trust", "--license", given).exit_code == 0
    expected = given if given.startswith("https") else written
    assert register(folder / "trust").get("license") == expected


def test_private_keys_stay_out_of_git(folder: Path, clock: Clock) -> None:
    init(folder)
    assert "var/" in (folder / ".gitignore").read_text("utf-8").splitlines()


@pytest.mark.parametrize("existing", sorted(FILES))
def test_files_that_exist_are_kept_and_nothing_is_written(folder: Path, clock: Clock, existing: str) -> None:
    (folder / existing).parent.mkdir(parents=True, exist_ok=True)
    (folder / existing).write_text("mine", "utf-8")
    result = init(folder)
    assert result.exit_code == 2
    assert f"already has {existing}; nothing was written" in result.stderr
    assert files(folder) == {existing}
    assert (folder / existing).read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    "options",
    [
        ["--domain", "Example.com"],
        ["--domain", "example"],
        ["--domain", "-a.example"],
        ["--domain", "https://a.example"],
        ["--domain", "a.example/b"],
        ["--domain", "a..example"],
        ["--contact", "nobody"],
        ["--contact", "a b@c.example"],
        ["--contact", 'a"@c.example'],
        ["--license", "some licence"],
        ["--notice-days", "-1"],
        ["--notice-days", "3651"],
        ["--notice-days", "soon"],
        ["--url", "trust.acme.example"],
        ["--url", "http://trust.acme.example/"],
        ["--time-zone", "Berlin"],
        ["--day-count", "working"],
        ["--holidays", "XX"],
        ["--holidays", "DE-XX"],
        ["--objection", "privacy@acme.example"],
        ["--contact", "none"],
        ["--language", "in German"],
    ],
    ids=" ".join,
)
def test_an_invalid_domain_address_or_number_is_a_usage_error(
    folder: Path, clock: Clock, options: list[str]
) -> None:
    assert init(folder / "trust", *options).exit_code == 2
    assert not (folder / "trust").exists()


@pytest.mark.parametrize("name", ["a$b", 'a"b', "a%b", "a\nb", "a;b", "a{b"])
def test_a_folder_that_configuration_files_cannot_name_is_refused(
    folder: Path, clock: Clock, name: str
) -> None:
    result = init(folder / name)
    assert result.exit_code == 2
    assert "cannot stand in configuration files" in result.stderr
    assert not (folder / name).exists()


@pytest.mark.parametrize("name", ["trust", "our trust"])
def test_the_units_are_what_systemd_takes(folder: Path, clock: Clock, name: str) -> None:
    """Verified by systemd itself, and by how little a service is let do."""
    program = need("systemd-analyze")
    init(folder / name)
    units = [str(folder / name / unit) for unit in sorted(UNITS)]
    verified = run(program, "verify", "--man=no", *units)
    assert (verified.returncode, verified.stderr) == (0, "")
    services = [unit for unit in units if unit.endswith(".service")]
    judged = run(program, "security", "--offline=yes", "--threshold=20", *services)
    assert judged.returncode == 0, judged.stdout


def test_the_units_call_the_program_on_the_folder(folder: Path, clock: Clock) -> None:
    """What they start can be parsed, and names what `init` made, absolutely."""
    init(folder / "trust")
    store, keys = folder / "trust/var/store", folder / "trust/var/keys"
    told = {
        "register-api.service": ["serve", "--store", store, "--host", "127.0.0.1", "--port", "8000"],
        "register-api-refresh.service": ["refresh", "--store", store, "--keys", keys],
    }
    for name, arguments in told.items():
        text = (folder / "trust/deploy" / name).read_text("utf-8")
        (line,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
        program, *words = shlex.split(line.removeprefix("ExecStart="))
        assert words == list(map(str, arguments))
        assert Path(program).is_file()
    assert f"InaccessiblePaths=-{keys}" in (folder / "trust/deploy/register-api.service").read_text("utf-8")


ASKED = (
    b"Asked GmbH\nasked example\nasked.example\n\n\nEurope/Berln\nEurope/Berlin\nsoon\n14\n"
    b"business\nXX\nDE-BE\n\ngerman\nde\n\n"
)
"""Answers at a terminal, five of them wrong at first."""


def test_on_a_terminal_it_asks_again_after_an_invalid_answer(folder: Path) -> None:
    """The real command on a pseudo-terminal; Enter takes what is proposed."""
    code, written = on_a_terminal(*REGISTER_API, "init", folder / "trust", typed=ASKED)
    assert code == 0, written
    for complaint in (
        b"is not a valid domain",
        b"did you mean Europe/Berlin",
        b"is not a number of days: a whole",
    ):
        assert complaint in written
    assert b'"german" is not a valid language tag: write e.g. en' in written
    said = register(folder / "trust")
    assert said["publisher"]["name"] == "Asked GmbH"
    assert said["publisher"]["time_zone"] == "Europe/Berlin"
    assert said["publisher"]["language"] == "de"
    assert said["register"] == "asked.example/sub-processors"
    assert said["url"] == "https://trust.asked.example/"
    assert said["license"] == "CC0-1.0"
    assert said["notice"]["objection"] == {"days": 14, "contact": "mailto:privacy@asked.example"}
    assert said["notice"]["day_count"] == "business"


def test_a_prompt_that_is_left_says_so_and_nothing_is_written(folder: Path) -> None:
    code, written = on_a_terminal(*REGISTER_API, "init", folder / "trust", typed=b"Asked GmbH\n\x04")
    assert code == 1
    assert b"error: stopped at the prompt; nothing is half done" in written
    assert not (folder / "trust").exists()


def test_holidays_of_a_part_of_a_country_are_listed_for_three_years(folder: Path, clock: Clock) -> None:
    """The eighth of March is one in Berlin (a Monday in 2027); a Saturday or Sunday is not counted anyway."""
    assert init(folder, "--day-count", "business", "--holidays", "DE-BE").exit_code == 0
    days = register(folder)["notice"]["holidays"]
    assert dt.date(2027, 3, 8) in days
    assert {day.year for day in days} == {2026, 2027, 2028}
    assert all(day.weekday() < 5 for day in days)
    assert days == sorted(days)


def test_no_holidays_and_no_way_to_object_are_left_out(folder: Path, clock: Clock) -> None:
    options = ("--day-count", "business", "--holidays", "none", "--objection", "none")
    assert init(folder, *options).exit_code == 0
    assert "holidays" not in register(folder)["notice"]
    assert "objection" not in register(folder)["notice"]


def test_the_site_is_that_of_the_address(folder: Path, clock: Clock) -> None:
    assert init(folder, "--url", "https://privacy.acme.example/list").exit_code == 0
    assert register(folder)["url"] == "https://privacy.acme.example/list/"
    assert "server_name privacy.acme.example;" in (folder / "deploy/nginx.conf").read_text("utf-8")
