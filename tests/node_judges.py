"""Runs the programs in ``node/``: independent readers written for Node."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tools import need

FOLDER = Path(__file__).parent / "node"
MODULES = FOLDER / "node_modules"


def need_package(name: str) -> None:
    """Skip the test if a Node package was not installed with ``npm install --prefix tests/node``.

    With ``REQUIRE_TOOLS=1`` it fails.
    """
    need("node")
    if not (MODULES / name).is_dir():
        missing = f"the Node package {name} is not installed in tests/node"
        pytest.fail(missing) if os.environ.get("REQUIRE_TOOLS") == "1" else pytest.skip(missing)


def node(program: str, *arguments: str | Path) -> list[str]:
    """Run a program in ``node/``, which has to end well; returns the lines it printed."""
    command = [need("node"), str(FOLDER / program), *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
