"""What went wrong inside: a number for the client, everything else for the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

import stores
import worker_tasks
from patience import PATIENCE
from register_api.core.format import tree
from register_api.serve.answer import service
from running import running

if TYPE_CHECKING:
    from pathlib import Path


def numbered(answer: httpx.Response, caplog: pytest.LogCaptureFixture) -> bool:
    """Tell whether the number in header and detail is one that the log has."""
    number = answer.headers["request-id"]
    logged = [record.__dict__["request_id"] for record in caplog.records if "request_id" in record.__dict__]
    return number in answer.json()["detail"] and number in logged


def test_a_fault_of_a_computed_answer_is_reported_by_its_number(
    three_versions: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sees neither the exception nor the path in it; the log has both."""
    monkeypatch.setattr(service, "answered", worker_tasks.fault)
    with running(three_versions) as base:
        answer = httpx.get(base + "v1/upcoming", timeout=PATIENCE)
        page = httpx.get(base + "v1/upcoming", headers={"Accept": "text/html"}, timeout=PATIENCE)
    assert answer.status_code == page.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert numbered(answer, caplog)
    assert page.headers["request-id"] in page.text
    assert not any(word in answer.text + page.text for word in ("secret", "Runtime", "Traceback"))
    assert "/secret/place" in caplog.text


def test_a_question_whose_process_dies_is_asked_again_later(
    three_versions: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not a fault of the program: 503 with a time to wait, and the next question gets its answer."""
    with running(three_versions) as base:
        with monkeypatch.context() as dying:
            dying.setattr(service, "answered", worker_tasks.death)
            answer = httpx.get(base + "v1/upcoming", timeout=PATIENCE)
        again = httpx.get(base + "v1/upcoming", timeout=PATIENCE)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "has died" in caplog.text
    assert again.status_code == 200


def test_an_unreadable_file_is_reported_by_its_number(
    one_version: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is the store's fault, so 503; the log says which file."""
    with running(one_version, lambda: stores.published_at(1)) as base:
        for folder in ("generations/1/tree", "public"):
            (one_version / folder / tree.VERSION_ENTRY.path(1)).unlink()
        answer = httpx.get(
            base + tree.VERSION_ENTRY.path(1), headers={"Accept-Encoding": "identity"}, timeout=PATIENCE
        )
    assert answer.status_code == 503
    assert numbered(answer, caplog)
    assert tree.VERSION_ENTRY.path(1) in caplog.text


@pytest.mark.parametrize("path", ["healthz", "readyz"])
def test_health_is_never_kept_and_answers_head(three_versions: Path, path: str) -> None:
    """A cache between would say that all is well when it is not."""
    with running(three_versions) as base:
        answer, head = httpx.get(base + path, timeout=PATIENCE), httpx.head(base + path, timeout=PATIENCE)
    assert answer.status_code == head.status_code == 200
    assert answer.headers["cache-control"] == head.headers["cache-control"] == "no-store"
    assert (head.content, head.headers["content-length"]) == (b"", str(len(answer.content)))


@pytest.mark.parametrize("published", [True, False], ids=["expired", "nothing published"])
def test_not_being_ready_is_a_problem_in_words(one_version: Path, tmp_path: Path, published: bool) -> None:
    """503 with when to look again, never kept, to GET and HEAD alike."""
    store = one_version if published else tmp_path / "empty"
    with running(store, lambda: stores.EXPIRES) as base:
        answer, head = (
            httpx.get(base + "readyz", timeout=PATIENCE),
            httpx.head(base + "readyz", timeout=PATIENCE),
        )
        alive = httpx.get(base + "healthz", timeout=PATIENCE)
    assert answer.status_code == head.status_code == 503
    assert alive.status_code == 200
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == head.headers["cache-control"] == "no-store"
    assert answer.headers["retry-after"] == "60"
    assert head.content == b""
    words = "expired at 2026-06-01T12:00:00Z" if published else "Nothing is published"
    assert words in answer.json()["detail"]
