"""Files are written in one room: what a crash may leave is decided there and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import register_api

SOURCE = Path(register_api.__file__).parent

WRITING_CALLS = {"fsync", "mkstemp", "NamedTemporaryFile", "write_bytes", "write_text"}
WRITING_MODES = set("wax+")

ELSEWHERE = {}
"""Modules that may write by themselves, and what."""


def _writes(call: ast.Call) -> bool:
    """Tell whether a call writes a file: a writing function, or ``open`` with a writing mode."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    modes = [text for text in texts if isinstance(text, str) and set(text) <= set("rwaxbt+")]
    return name in WRITING_CALLS or (name in {"open", "fdopen"} and any(WRITING_MODES & {*m} for m in modes))


def _modules_that_write() -> set[str]:
    return {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if any(isinstance(node, ast.Call) and _writes(node) for node in ast.walk(ast.parse(path.read_text())))
    }


def test_files_are_written_in_one_room() -> None:
    """Every other module calls ``register_api.files``."""
    assert _modules_that_write() == {"files/durable.py", *ELSEWHERE}


@pytest.mark.parametrize(
    ("code", "writes"),
    [
        ("path.write_text('x')", True),
        ("os.fsync(1)", True),
        ("open('f', 'w')", True),
        ("path.open('xb')", True),
        ("path.open('rb')", False),
        ("path.open()", False),
    ],
)
def test_the_judge_knows_what_writes(code: str, writes: bool) -> None:
    """Otherwise the test above could not fail."""
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert _writes(call) == writes
