"""Published trees in memory: files by path, and a server for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.format.paths import is_path
from register_api.hosting.raw_client import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_tree(public: Path) -> dict[str, bytes]:
    """Return the files of a published folder by path, without compressed copies."""
    found = {item.relative_to(public).as_posix(): item for item in public.rglob("*") if item.is_file()}
    return {path: item.read_bytes() for path, item in found.items() if is_path(path)}


def answer(files: Mapping[str, bytes], path: str) -> Answer:
    """Answer a plain GET like a static host."""
    return Answer(200, {}, files[path]) if path in files else Answer(404, {}, b"")
