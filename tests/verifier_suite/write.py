"""Writes the verifier suite: one attack of each check and kind, as trees that any verifier can be shown.

    PYTHONPATH=src:tests .venv/bin/python tests/verifier_suite/write.py FOLDER

The attacks are those of ``tests/attacks``; none is written here. Trees are made anew each time, with
statements of freshness that count from now: a suite is run on the day when it is written.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

TESTS = Path(__file__).parents[1]

if __name__ == "__main__":
    sys.path[:0] = [str(TESTS / "attacks"), str(TESTS)]

from attack import Attack, honest
from rooms import ATTACKS

from memory_publisher import NOW
from register_api.core.instant import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNNER = Path(__file__).with_name("run.py")


def chosen() -> list[Attack]:
    """Return the attacks of the suite: the first of each check and exit code, the simplest first.

    Left out is what a tree cannot show: what a server does on the way, and what becomes of a memory
    whose form is the verifier's own.
    """
    found: dict[tuple[str, int], Attack] = {}
    for attack in sorted(ATTACKS, key=lambda each: (bool(each.later), _has_arguments(each))):
        if attack.answers is None and attack.memory is None and (attack.check or not attack.code):
            found.setdefault((attack.check, attack.code), attack)
    return [found[kind] for kind in sorted(found)]


def _has_arguments(attack: Attack) -> bool:
    return bool(attack.arguments(attack.begin())) or attack.brings is not Attack.brings


def write_suite(folder: Path) -> None:
    """Write a suite with its runner into a folder that is empty or not there yet."""
    attacks = chosen()
    trees = {each for attack in attacks for each in (attack.begin, attack.seen_before)}
    begins = {each.__name__: each for each in sorted(trees, key=lambda each: each.__name__)}
    for name, begin in begins.items():
        _write_tree(folder / "honest" / name, begin().files)
    ids = [_write_honest(folder, name) for name in begins]
    ids += [_write_case(folder, attack) for attack in attacks]
    _write_json(folder / "suite.json", {"made_at": format_instant(NOW), "cases": ids})
    shutil.copyfile(RUNNER, folder / "run.py")


def _write_honest(folder: Path, name: str) -> str:
    case = f"honest-{name.replace('_', '-')}"
    facts = {"id": case, "does": "Nothing: the tree is as its publisher made it.", "honest": name}
    _write_json(folder / "cases" / case / "case.json", _full(facts))
    return case


def _write_case(folder: Path, attack: Attack) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", attack.id.lower()).strip("-")
    case = f"{attack.check or 'found-well'}-{attack.code}-{name}"
    place = folder / "cases" / case
    given = place / "given"
    given.mkdir(parents=True)
    publisher = attack.begin().copy()
    arguments = [*attack.arguments(publisher), *attack.brings(given)]
    served = attack.lie(publisher)
    if attack.lie is not honest:
        _write_tree(place / "tree", publisher.files if served is None else served)
    facts = {
        "id": case,
        "does": attack.sentence,
        "why": attack.why,
        "honest": attack.begin.__name__,
        "sees_first": attack.seen_before.__name__ if attack.remembers else "",
        "arguments": [str(word).replace(str(given), "{given}") for word in arguments],
        "clock": int(attack.later.total_seconds()),
        "check": attack.check,
        "code": attack.code,
    }
    _write_json(place / "case.json", _full(facts))
    return case


def _full(facts: Mapping[str, Any]) -> dict[str, Any]:
    usual = {"why": "", "sees_first": "", "arguments": [], "clock": 0, "check": "", "code": 0}
    return usual | dict(facts)


def _write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _write_json(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Write the suite into the folder that is named."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = Path(sys.argv[1])
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty")
    write_suite(folder)
    print(f"{len(list((folder / 'cases').iterdir()))} cases written; python {folder}/run.py VERIFIER.json")


if __name__ == "__main__":
    main()
