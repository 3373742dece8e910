"""`serve` puts its options over the environment, and that over a settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from register_api.cli.main import cli
from register_api.serve import server
from register_api.serve.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Return where settings end up that the service would have been started with."""
    found: list[Settings] = []
    monkeypatch.setattr(server, "serve", lambda settings, **_: found.append(settings))
    for variable in ("HOST", "PORT", "REGISTER_STORE", "REGISTER_SETTINGS"):
        monkeypatch.delenv(variable, raising=False)
    return found


def test_without_anything_the_defaults_hold(served: list[Settings]) -> None:
    """As the help says."""
    assert CliRunner().invoke(cli, ["serve"]).exit_code == 0
    assert served == [Settings()]


def test_each_source_wins_over_the_one_before(served: list[Settings], tmp_path: Path) -> None:
    """File, environment, options."""
    file = tmp_path / "settings.toml"
    file.write_text('store = "of-file"\nhost = "of-file"\nport = 1\nworkers = 2\n', "utf-8")
    result = CliRunner().invoke(
        cli,
        ["serve", "--port", "3", "--root-path", "/trust"],
        env={"REGISTER_SETTINGS": str(file), "HOST": "of-environment", "PORT": "2"},
    )
    assert result.exit_code == 0, result.output
    (settings,) = served
    assert (settings.store, settings.host, settings.port) == ("of-file", "of-environment", 3)
    assert (settings.workers, settings.prefix) == (2, "/trust")


def test_a_wrong_name_in_the_file_is_said_with_the_right_one(served: list[Settings], tmp_path: Path) -> None:
    """And nothing is started."""
    file = tmp_path / "settings.toml"
    file.write_text("prot = 1\n", "utf-8")
    result = CliRunner().invoke(cli, ["serve", "--settings", str(file)])
    assert (result.exit_code, served) == (2, [])
    assert "unknown setting 'prot'" in result.stderr
    assert "did you mean port?" in result.stderr
