"""Reads the test vectors in ``vectors/``; its README states their origin and licence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors"


def vector_bytes(name: str) -> bytes:
    """Return the bytes of a vector file."""
    return (FOLDER / name).read_bytes()


def vectors(name: str) -> Any:
    """Return a JSON file of vectors; of duplicate names in an object the last one counts."""
    return json.loads(vector_bytes(name))
