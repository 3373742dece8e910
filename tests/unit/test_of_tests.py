"""No test waits without a limit, and programs are started and ended in one place."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
OWNERS = {
    "programs.py": {"subprocess", "pty"},
    "patience.py": {"Thread"},
    "verifier_suite/run.py": {"subprocess", "Thread"},  # it is taken away from the rest of the tests
}
"""What only these modules of the tests may use."""

ENDLESS = {"join", "wait", "communicate", "acquire", "result"}
"""Methods that wait for ever if they are given no time."""

LIMITED = {
    ("socket", "create_connection"),
    ("request", "urlopen"),
    *(("httpx", name) for name in ("get", "head", "post", "request", "Client", "AsyncClient")),
    *(("client", name) for name in ("HTTPConnection", "HTTPSConnection")),
}
"""Functions of libraries, by module, whose own limit is none, or shorter than a busy machine needs."""


def endless_waits(source: str, allowed: set[str]) -> Iterator[str]:
    """Yield the lines and words of what may wait for ever, or is not done in its one place."""
    nodes = list(ast.walk(ast.parse(source)))
    limited = {id(node.args[0]) for node in nodes if _is_wait_for(node)}
    for node in nodes:
        for word in sorted(_words(node) - allowed if id(node) not in limited else ()):
            yield f"{getattr(node, 'lineno', 0)}: {word}"


def _is_wait_for(node: ast.AST) -> TypeGuard[ast.Call]:
    """Tell whether something is ``asyncio.wait_for(…, seconds)``."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "asyncio.wait_for" and len(node.args) == 2


def _words(node: ast.AST) -> set[str]:
    match node:
        case ast.Import(names=names):
            return {alias.name for alias in names} & {"subprocess", "pty"}
        case ast.ImportFrom(module="subprocess" | "pty"):
            return {str(node.module)}
        case ast.Call(func=ast.Attribute(value=ast.Name(id="threading"), attr="Thread")):
            return {"Thread"}
        case ast.Call(func=ast.Attribute(attr=name), args=[], keywords=[]) if name in ENDLESS:
            return {f".{name}()"}
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module) | ast.Attribute(attr=module), attr=name)):
            limited = (module, name) not in LIMITED or "timeout" in {each.arg for each in node.keywords}
            return set() if limited else {f"{module}.{name} without a timeout"}
    return set()


def test_no_test_waits_without_a_limit() -> None:
    """Nor starts a program or a thread that nobody ends."""
    found = [
        f"{path.relative_to(TESTS)}:{word}"
        for path in sorted(TESTS.rglob("*.py"))
        if "node_modules" not in path.parts
        for word in endless_waits(path.read_text("utf-8"), OWNERS.get(str(path.relative_to(TESTS)), set()))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("process.communicate()", ".communicate()"),
        ("thread.join()", ".join()"),
        ("process.wait()", ".wait()"),
        ("import subprocess", "subprocess"),
        ("from subprocess import run", "subprocess"),
        ("threading.Thread(target=work)", "Thread"),
        ("urllib.request.urlopen(url)", "request.urlopen without a timeout"),
        ("httpx.Client(base_url=base)", "httpx.Client without a timeout"),
    ],
)
def test_what_may_wait_for_ever_is_found(source: str, word: str) -> None:
    """Each kind that was in the suite once."""
    assert list(endless_waits(source, set())) == [f"1: {word}"]


@pytest.mark.parametrize(
    "source",
    ["', '.join(words)", "thread.join(3)", "httpx.get(url, timeout=3)", "asyncio.wait_for(event.wait(), 3)"],
)
def test_what_ends_is_left_alone(source: str) -> None:
    """Text is joined, and limits are limits."""
    assert list(endless_waits(source, set())) == []
