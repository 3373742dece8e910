"""What is served follows what is published, and outlives what cannot be loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.errors import StoreDamaged
from register_api.serve import reply_table as shelf_module
from register_api.serve.reply_table import CurrentReplies, load_reply_table

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def failing(times: int, load: object = load_reply_table) -> object:
    """Return a loader that fails so often, as if what it reads were cleared away, and then loads."""
    left = times

    def fails(*arguments: object) -> object:
        nonlocal left
        left -= 1
        if left >= 0:
            raise StoreDamaged("cleared away")
        return load(*arguments)  # type: ignore[operator]

    return fails


def test_publications_that_overtake_the_reading_are_no_failure(
    one_version: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each look meets another publication; the one that can be read is served."""
    generations = iter(range(100))
    monkeypatch.setattr(shelf_module, "current", lambda _store: next(generations))
    monkeypatch.setattr(shelf_module, "load_reply_table", failing(5))
    replies = CurrentReplies(one_version, 0)
    for _ in range(6):
        assert replies.table is None
        replies.swap(replies.load())
    assert replies.table is not None
    assert (replies.loads, replies.failures, replies.failed) == (1, 0, False)
    assert "cannot be loaded" not in caplog.text


def test_a_publication_that_cannot_be_loaded_is_logged_once(
    one_version: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At the next look it is tried again; what was there is served meanwhile."""
    replies = CurrentReplies(one_version, 0)
    replies.swap(replies.load())
    before = replies.table
    monkeypatch.setattr(shelf_module, "load_reply_table", failing(2))
    replies.swap(replies.load())
    replies.swap(replies.load())
    assert (replies.table is before, replies.failed, replies.failures) == (True, True, 2)
    assert caplog.text.count("cannot be loaded") == 1
    replies.swap(replies.load())
    assert (replies.failed, replies.loads) == (False, 2)
