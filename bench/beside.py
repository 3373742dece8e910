"""Compares an earlier revision with the current one: each runs its own scripts, alternately.

Both use the same installed packages. Only lines that both print are compared, by the median of the rounds.

    .venv/bin/python bench/beside.py REVISION [ROUNDS] [SCRIPT ...]
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from io import BytesIO
from pathlib import Path

import goals

PRESENT = Path(__file__).parent.parent
SCRIPTS = ("poll", "compression", "idle", "start", "feed", "verify", "canonical", "publish")
"""Scripts that the first release has as well."""

_LINE = re.compile(r"(?:P\d+: )?(?P<what>.+): (?P<measured>[0-9.]+)(?P<unit> \S+)? \(.+\)")


def extracted(revision: str, folder: Path) -> Path:
    """Write the files of a revision into the folder and return it."""
    archive = subprocess.run(
        ("git", "archive", revision), cwd=PRESENT, stdout=subprocess.PIPE, check=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def measure(tree: Path, script: str, folder: Path) -> dict[str, float]:
    """Run a script of a tree; return the number in each printed line."""
    environ = {**os.environ, "BENCH_FOLDER": str(folder), "PYTHONPATH": str(tree / "src")}
    command = (sys.executable, str(tree / "bench" / f"{script}.py"))
    printed = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=False).stdout
    lines = (_LINE.fullmatch(line) for line in printed.splitlines())
    return {line["what"] + (line["unit"] or ""): float(line["measured"]) for line in lines if line}


def main() -> None:
    """Measure both alternately and print a table with the ratio of each line."""
    revision, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    found: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    with tempfile.TemporaryDirectory() as name, goals.folder() as stores:
        trees = (extracted(revision, Path(name)), PRESENT)
        for script in sys.argv[3:] or SCRIPTS:
            for turn in range(rounds):
                for which, tree in enumerate(trees):
                    folder = stores / f"{which}"
                    folder.mkdir(exist_ok=True)
                    print(f"{script}, round {turn + 1}, {(revision, 'now')[which]}", file=sys.stderr)
                    for what, number in measure(tree, script, folder).items():
                        found[what][which].append(number)
    print(f"| what | {revision} | now | now / then |\n|---|---|---|---|")
    for what, (then, now) in found.items():
        if then and now:
            first, last = statistics.median(then), statistics.median(now)
            print(f"| {what} | {first:g} | {last:g} | {last / first if first else 1:.2f} |")


if __name__ == "__main__":
    main()
