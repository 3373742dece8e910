"""The published schemas, kept in ``tests/schemas``: one file for each document type and minor version.

A schema released under a minor version never changes, which a test checks. Until that release, and for a
new minor version, this writes them:

    .venv/bin/python tests/golden_schemas.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format.tree import SCHEMAS
from register_api.publish.discovery import schema

FOLDER = Path(__file__).parent / "schemas"


def golden(name: str, minor: int) -> Any:
    """Return a kept schema.

    Raises:
        FileNotFoundError: There is none for that minor version.
    """
    return json.loads(_file(name, minor).read_text("utf-8"))


def _file(name: str, minor: int) -> Path:
    return FOLDER / f"{name}-1.{minor}.json"


def _write() -> None:
    for one in SCHEMAS:
        text = json.dumps(schema(one), indent=1, sort_keys=True, ensure_ascii=False)
        _file(one.name, FORMAT_MINOR).write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    _write()
