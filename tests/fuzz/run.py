"""Feeds every parser that reads bytes from outside with damaged examples, and counts.

    .venv/bin/python tests/fuzz/run.py --seconds 20
    .venv/bin/python tests/fuzz/run.py --seconds 300 --only "note" --only "TUF"

Each target runs for that time. A finding is an error that the parser's docstring does not name, an
input that is taken and printed in another way, or one that takes more than two seconds of processor
time; its bytes are printed as Python writes them, ready for a regression test. Exit status: 0 without a
finding, 1 with one, 2 for a usage error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # this folder has modules named as others are

from fuzz.registry import TARGETS
from fuzz.runner import Counts, run_for


def main() -> int:
    """Run the targets that were asked for, and print the table."""
    asked = _arguments()
    chosen = [target for name, target in TARGETS.items() if _is_asked(name, asked.only)]
    if not chosen:
        print("no target has such a name; they are:", *TARGETS, sep="\n  ", file=sys.stderr)
        return 2
    print(f"{'target':36} {'examples':>9} {'accepted':>9} {'refused':>9} {'slowest':>9} {'findings':>9}")
    total = Counts()
    for target in chosen:
        counts = run_for(target, asked.seconds)
        _print_row(target.name, counts)
        _add(total, counts, target.name)
    _print_row(f"{len(chosen)} targets", total)
    for place, (sentence, data) in total.findings.items():
        print(f"\n{place}\n  {sentence}\n  {data[:2000]!r}")
    return 1 if total.findings else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20, help="how long each target runs (default: 20)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="WORD", help="only targets with this in their name"
    )
    return parser.parse_args()


def _is_asked(name: str, words: list[str]) -> bool:
    return not words or any(word.lower() in name.lower() for word in words)


def _print_row(name: str, counts: Counts) -> None:
    slowest = f"{counts.slowest * 1000:.0f} ms"
    row = f"{name:36} {counts.examples:9} {counts.accepted:9} {counts.refused:9} {slowest:>9}"
    print(f"{row} {len(counts.findings):9}", flush=True)


def _add(total: Counts, counts: Counts, name: str) -> None:
    total.accepted += counts.accepted
    total.refused += counts.refused
    total.slowest = max(total.slowest, counts.slowest)
    total.findings |= {f"{name}: {place}": found for place, found in counts.findings.items()}


if __name__ == "__main__":
    raise SystemExit(main())
