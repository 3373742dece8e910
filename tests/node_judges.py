"""Runs the programs in ``node/``: independent implementations for Node."""

from __future__ import annotations

from pathlib import Path

import programs
from tools import missing, need

FOLDER = Path(__file__).parent / "node"
MODULES = FOLDER / "node_modules"


def need_package(name: str) -> None:
    """Skip the test if a Node package is not installed."""
    need("node")
    if not (MODULES / name).is_dir():
        missing(f"the Node package {name}", "npm install --prefix tests/node")


def node(program: str, *arguments: str | Path) -> list[str]:
    """Run a program in ``node/``, which must succeed; return the lines it printed."""
    return programs.output_of(need("node"), FOLDER / program, *arguments).decode().splitlines()
