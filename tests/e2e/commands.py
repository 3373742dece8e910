"""The installed commands, run as processes of their own."""

from __future__ import annotations

import sys
from pathlib import Path

from programs import Done, environment, run

BIN = Path(sys.executable).parent
"""Where the commands of this environment lie."""

ROOT = Path(__file__).parents[2]
"""The project's folder."""


def register_api(*arguments: str | Path) -> Done:
    """Run ``register-api`` to its end, without colours; what it ends with is the caller's to judge."""
    done = run(BIN / "register-api", *arguments, env=environment(NO_COLOR="1"))
    assert "Traceback" not in done.stderr, done.stderr
    return done


def publish(source: Path, store: Path, keys: Path, *more: str) -> Done:
    """Run ``register-api publish``; public copies of keys go beside the private ones."""
    folders = ("--source", source, "--store", store, "--keys", keys, "--public-keys", keys.parent / "public")
    return register_api("publish", *folders, *more)


def bash(script: str, folder: Path) -> Done:
    """Run lines of bash in a folder, up to the first that fails."""
    return run("bash", "-euo", "pipefail", "-c", script, cwd=folder)
