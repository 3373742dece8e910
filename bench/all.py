"""Runs all benchmarks and prints a table of goals and measured values, in the same units.

Stores are built once and shared.

    .venv/bin/python bench/all.py [--write]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import goals

SCRIPTS = (
    "poll.py",
    "compression.py",
    "idle.py",
    "publish.py",
    "start.py",
    "feed.py",
    "verify.py",
    "canonical.py",
    "fairness.py",
    "imports.py",
    "notify.py",
    "chain.py",
    "watch.py",
)

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
"""The page in which ``--write`` replaces the table."""

_TABLE = re.compile(r"^\| what \| goal \| measured \|\n(?:\|.*\n)+", re.MULTILINE)


def main() -> None:
    """Measure everything; exit with 1 if a goal is missed."""
    with goals.folder() as folder:
        rows = folder / "table"
        os.environ.update(BENCH_FOLDER=str(folder), BENCH_TABLE=str(rows))
        commands = [[sys.executable, str(Path(__file__).parent / script)] for script in SCRIPTS]
        missed = [subprocess.run(command, check=False).returncode for command in commands]
        table = "| what | goal | measured |\n|---|---|---|\n" + rows.read_text("utf-8")
    print(f"\n{table}", end="")
    if "--write" in sys.argv[1:]:
        PAGE.write_text(_TABLE.sub(lambda _: table, PAGE.read_text("utf-8"), count=1), "utf-8")
    sys.exit(1 if any(missed) else 0)


if __name__ == "__main__":
    main()
