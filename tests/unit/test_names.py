"""A name means one thing: whoever reads a class's name knows which one it is."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import register_api

SOURCE = Path(register_api.__file__).parent


def test_no_two_public_classes_share_a_name() -> None:
    """Not even in rooms that do not know each other: their readers do."""
    places = defaultdict(list)
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(SOURCE).as_posix())
    assert len(places) > 100
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
