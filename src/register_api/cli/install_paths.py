"""What files for other programs have to say of this machine: where things lie, and who runs them."""

from __future__ import annotations

import getpass
import re
import sys
from pathlib import Path

from register_api.errors import UsageError

_PLAIN_PATH = re.compile(r"[^\x00-\x1f\x7f\"\\$%{};'`]+")
"""What units of systemd and nginx can both name; the rest means something to one of them."""


def install_paths(folder: Path) -> dict[str, str]:
    """Return what the templates in ``deploy`` need."""
    path = str(folder.absolute())
    if not _PLAIN_PATH.fullmatch(path):
        raise UsageError(
            f"{path!a} cannot stand in configuration files",
            hint="choose a folder of letters, digits, - and _",
        )
    return {"folder": path, "program": _program(), "user": getpass.getuser()}


def in_unit(word: str) -> str:
    """Return one argument as a unit of systemd writes it (systemd.syntax, Quoting)."""
    return f'"{word}"' if " " in word else word


def _program() -> str:
    """Return the path of the command that is running, by which a unit can start it."""
    beside = Path(sys.executable).parent / "register-api"
    return str(beside) if _PLAIN_PATH.fullmatch(str(beside)) else "/usr/local/bin/register-api"
