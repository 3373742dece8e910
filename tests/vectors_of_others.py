"""Reads the vectors below ``vectors/``, whose README gives their origin and licence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors"


def vector_bytes(name: str) -> bytes:
    """Return a vector's file as it came."""
    return (FOLDER / name).read_bytes()


def vectors(name: str) -> Any:
    """Return a JSON file of vectors; of names that stand twice in one object the last counts."""
    return json.loads(vector_bytes(name))
