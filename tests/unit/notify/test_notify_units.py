"""The units and metrics of docs/notify-units.md are what systemd takes, and what the commands print."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import programs
from notify_soak import settings_file
from register_api.cli.main import cli
from tools import need

PAGE = (Path(__file__).parents[3] / "docs/notify-units.md").read_text("utf-8")
UNITS = dict(re.findall(r"^```ini\n# /etc/systemd/system/(\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
PROGRAM = "/opt/register-api/bin/register-api"


def test_systemd_takes_them_and_keeps_them_in_bounds(tmp_path: Path) -> None:
    need("systemd-analyze")
    ours = str(Path(sys.executable).parent / "register-api")
    for name, text in UNITS.items():
        (tmp_path / name).write_text(text.replace(PROGRAM, ours), "utf-8")
    files = [tmp_path / name for name in UNITS]
    verified = programs.run("systemd-analyze", "verify", "--man=no", *files)
    assert (verified.returncode, verified.stderr) == (0, "")
    services = [file for file in files if file.suffix == ".service"]
    assert len(services) == 2
    judged = programs.run("systemd-analyze", "security", "--offline=yes", "--threshold=30", *services)
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("line", re.findall(r"^ExecStart=(.+)$", PAGE, re.MULTILINE))
def test_what_they_start_is_a_command(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == PROGRAM
    assert CliRunner().invoke(cli, [*words, "--help"]).exit_code == 0


def test_every_metric_is_described(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "https://example.com/", 25, str(tmp_path / "notify.sqlite3"))
    done = CliRunner().invoke(cli, ["notify", "status", "--metrics", "--settings", str(file)])
    printed = re.findall(r"^# TYPE (\S+) gauge$", done.stdout, re.MULTILINE)
    assert printed == re.findall(r"^\| `(register_notify_\w+)` \|", PAGE, re.MULTILINE)
