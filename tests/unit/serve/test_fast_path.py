"""The fast path without a socket: faults, missing files, and what is passed on."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from register_api.core.api.answers import PROBLEMS
from register_api.core.format import tree
from register_api.serve.answer.resources import finished
from register_api.serve.fast_path import FastPath
from register_api.serve.http.problems import Problem, reply_to
from register_api.serve.logs import Counters
from register_api.serve.reply import body_message, start_message
from register_api.serve.reply_table import CurrentReplies

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = finished(b"{}")


def scope(method: str, path: str, **headers: str) -> dict[str, Any]:
    """Return what is known of a request."""
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": pairs}


def call(front: FastPath, request: dict[str, Any]) -> tuple[int, bytes]:
    """Return status and body of a reply."""
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("nothing here reads a body")

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(front(request, receive, send))
    start, *parts = sent
    return start["status"], b"".join(part["body"] for part in parts)


async def fails(scope_: Any, receive: Any, send: Any) -> None:
    """Fail as a fault in the program would."""
    raise RuntimeError("/secret/path")


async def answers(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer whatever is asked."""
    await send(start_message(200, ((b"content-length", b"2"),)))
    await send(body_message(b"{}"))


def front(store: Path, computed: Any = fails) -> FastPath:
    """Return a fast path with the table of a store, and one computed path."""
    replies = CurrentReplies(store, 2**20)
    replies.swap(replies.load())
    return FastPath(replies, computed, lambda url: url == "/computed", Counters())


def test_a_fault_is_logged_and_not_sent(one_version: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The client learns that it was not its fault, and nothing else."""
    status, body = call(front(one_version), scope("GET", "/computed"))
    assert status == 500
    assert b"secret" not in body
    assert "/secret/path" in caplog.text


def test_a_file_that_is_gone_is_a_fault_here(one_version: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The manifest promised it, so it is not 404."""
    door = front(one_version)
    (one_version / "generations" / "1" / "tree" / tree.VERSION_ENTRY.path(1)).unlink()
    (one_version / "public" / tree.VERSION_ENTRY.path(1)).unlink()
    status, body = call(door, scope("GET", f"/{tree.VERSION_ENTRY.path(1)}"))
    assert (status, json.loads(body)["title"]) == (503, PROBLEMS["unreadable"][1])
    assert str(one_version).encode() not in body
    assert tree.VERSION_ENTRY.path(1) in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("OPTIONS", "/computed", 204),
        ("OPTIONS", "*", 204),
        ("GET", "*", 404),
        ("OPTIONS", "/nope", 404),
        ("PATCH", "/", 405),
        ("BREW", "/computed", 405),
        ("HEAD", "/versions/1", 308),
        *(("GET", f"/{address}", 308) for address in tree.FEED_ALIASES),
        ("POST", "/versions/1", 405),
        ("TRACE", "/.well-known/security.txt", 405),
        ("HEAD", "/.well-known/security.txt", 404),
    ],
)
def test_methods(one_version: Path, method: str, path: str, status: int) -> None:
    """GET, HEAD and OPTIONS where there is something; 405 for the rest, also where there could be a file."""
    assert call(front(one_version), scope(method, path))[0] == status


def test_without_a_publication_nothing_is_called_missing(tmp_path: Path) -> None:
    """Only what does not depend on it is answered."""
    door = front(tmp_path, answers)
    statuses = [call(door, scope("GET", path))[0] for path in ("/", "/nope", "/computed")]
    assert statuses == [503, 503, 200]


def test_a_page_about_a_problem_quotes_nothing_as_markup() -> None:
    """What the client sent is text, not HTML."""
    problem = Problem("bad-parameter", "<script>alert('x')</script>")
    start, body = reply_to(problem, scope("GET", "/", accept="text/html"))
    assert start["status"] == 400
    assert b"<script" not in body["body"]
    assert b"&lt;script" in body["body"]
