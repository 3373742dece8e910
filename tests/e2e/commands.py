"""The installed commands, run as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Done = subprocess.CompletedProcess[str]

BIN = Path(sys.executable).parent
"""Where the commands of this environment lie."""

ROOT = Path(__file__).parents[2]
"""The project's folder."""


def register_api(*arguments: str | Path) -> Done:
    """Run ``register-api`` to its end, without colours; what it ends with is the caller's to judge."""
    command = [str(BIN / "register-api"), *map(str, arguments)]
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=environment)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def publish(source: Path, store: Path, keys: Path, *more: str) -> Done:
    """Run ``register-api publish``; public copies of keys go beside the private ones."""
    folders = ("--source", source, "--store", store, "--keys", keys, "--public-keys", keys.parent / "public")
    return register_api("publish", *folders, *more)


def bash(script: str, folder: Path) -> Done:
    """Run lines of bash in a folder, up to the first that fails."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
    )
