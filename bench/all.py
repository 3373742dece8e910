"""All measurements, one after the other, and a table of the goals with what was measured.

Stores are built once and shared. The numbers in the table are ratios: within one run, or of what a goal
allows, so that they say something on another machine as well.

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
"""Where ``--write`` puts the table, in the place of the one that stands there."""

_TABLE = re.compile(r"^\| what \| goal \| measured \|\n(?:\|.*\n)+", re.MULTILINE)

_LINE = re.compile(r"(?P<what>.+): (?P<measured>[0-9.]+)(?: \w+)? \((?P<said>.+)\)")
_GOAL = re.compile(r"goal: at (?P<word>most|least) (?P<bound>[0-9.]+)(?P<unit> \w+)?")


def run(script: str) -> tuple[list[str], bool]:
    """Run one measurement and print what it says; return its lines, and whether every goal is reached."""
    command = [sys.executable, str(Path(__file__).parent / script)]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    return lines, process.returncode == 0


def row(line: str) -> str | None:
    """Return the line of the table for a line that a measurement printed."""
    found = _LINE.fullmatch(line.strip())
    if found is None:
        return None
    goal = _GOAL.fullmatch(found["said"])
    if goal is None:
        return f"| {found['what']} | | {found['measured']} |"
    sign = "≤" if goal["word"] == "most" else "≥"
    bound = float(goal["bound"])
    told = f"{float(found['measured']) / bound:.2f} of that" if bound else found["measured"]
    return f"| {found['what']} | {sign} {goal['bound']}{goal['unit'] or ''} | {told} |"


def main() -> None:
    """Measure everything; the exit code says whether every goal is reached."""
    with goals.folder() as folder:
        os.environ["BENCH_FOLDER"] = str(folder)
        measured = [run(script) for script in SCRIPTS]
    rows = [row(line) for lines, _ in measured for line in lines]
    table = "\n".join(("| what | goal | measured |", "|---|---|---|", *filter(None, rows))) + "\n"
    print(f"\n{table}", end="")
    if "--write" in sys.argv[1:]:
        PAGE.write_text(_TABLE.sub(lambda _: table, PAGE.read_text("utf-8"), count=1), "utf-8")
    sys.exit(0 if all(content for _, content in measured) else 1)


if __name__ == "__main__":
    main()
