"""Compares an earlier revision with the current one: each runs its own scripts, alternately.

Both use the same installed packages. Only lines that both print are compared, by the median of the rounds.

    .venv/bin/python bench/beside.py REVISION [ROUNDS] [SCRIPT ...]
"""

from __future__ import annotations

import argparse
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


def commit(revision: str) -> str:
    """Return the short name of a commit; ``argparse`` reports one that does not exist."""
    command = ("git", "rev-parse", "--verify", "--quiet", "--short", f"{revision}^{{commit}}")
    found = subprocess.run(
        command, cwd=PRESENT, stdout=subprocess.PIPE, text=True, check=False
    ).stdout.strip()
    if not found:
        raise argparse.ArgumentTypeError(f"no such revision: {revision}")
    return found


def script(name: str) -> str:
    """Return the name of a script; ``argparse`` reports one that does not exist."""
    if not (PRESENT / "bench" / f"{name}.py").is_file():
        raise argparse.ArgumentTypeError(f"no such script: {name}")
    return name


def extracted(revision: str, folder: Path) -> Path:
    """Write the files of a revision into the folder and return it."""
    archive = subprocess.run(
        ("git", "archive", revision), cwd=PRESENT, stdout=subprocess.PIPE, check=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def measure(tree: Path, name: str, folder: Path) -> dict[str, float]:
    """Run a script of a tree; return the number in each printed line."""
    environ = {**os.environ, "BENCH_FOLDER": str(folder), "PYTHONPATH": str(tree / "src")}
    command = (sys.executable, str(tree / "bench" / f"{name}.py"))
    printed = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=False).stdout
    lines = (_LINE.fullmatch(line) for line in printed.splitlines())
    return {line["what"] + (line["unit"] or ""): float(line["measured"]) for line in lines if line}


def main() -> None:
    """Measure both alternately and print a table with the ratio of each line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("revision", type=commit)
    parser.add_argument("rounds", type=int, nargs="?", default=1)
    parser.add_argument("scripts", type=script, nargs="*", metavar="script")
    asked = parser.parse_args()
    revision, rounds = asked.revision, asked.rounds
    found: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    with tempfile.TemporaryDirectory() as name, goals.folder() as stores:
        trees = (extracted(revision, Path(name)), PRESENT)
        for each in asked.scripts or SCRIPTS:
            for turn in range(rounds):
                for which, tree in enumerate(trees):
                    folder = stores / f"{which}"
                    folder.mkdir(exist_ok=True)
                    print(f"{each}, round {turn + 1}, {(revision, 'now')[which]}", file=sys.stderr)
                    for what, number in measure(tree, each, folder).items():
                        found[what][which].append(number)
    print(f"| what | {revision} | now | now / then |\n|---|---|---|---|")
    for what, (then, now) in found.items():
        if then and now:
            first, last = statistics.median(then), statistics.median(now)
            print(f"| {what} | {first:g} | {last:g} | {last / first if first else 1:.2f} |")


if __name__ == "__main__":
    main()
