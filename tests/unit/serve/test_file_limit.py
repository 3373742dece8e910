"""The service makes room for its connections as far as the system lets it."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from register_api.serve.http.limits import SPARE_CONNECTIONS
from register_api.serve.server import raise_file_limit

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    """Stand in for the system's limits: the last pair holds; the real ones stay as they are."""
    pairs = [(256, 2000)]
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: pairs[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, pair: pairs.append(pair))
    yield pairs
    assert all(soft <= hard for soft, hard in pairs if hard != resource.RLIM_INFINITY)


def test_the_limit_is_raised_no_further_than_needed(limits: list[tuple[int, int]]) -> None:
    """What was asked for is possible then."""
    assert raise_file_limit(1000) == 1000
    assert 1000 + SPARE_CONNECTIONS < limits[-1][0] < 2000


def test_a_limit_that_is_enough_is_left_alone(limits: list[tuple[int, int]]) -> None:
    """Nothing is set."""
    limits.append((5000, 5000))
    assert raise_file_limit(1000) == 1000
    assert limits[-1] == (5000, 5000)


def test_a_lower_limit_of_the_system_is_logged(
    limits: list[tuple[int, int]], caplog: pytest.LogCaptureFixture
) -> None:
    """And fewer connections are taken, so that it shows as 503 and not as a fault."""
    room = raise_file_limit(8000)
    assert limits[-1] == (2000, 2000)
    assert 0 < room < 2000 - SPARE_CONNECTIONS
    (record,) = caplog.records
    assert (record.levelname, record.__dict__["possible"]) == ("WARNING", room)


def test_a_limit_that_is_tiny_still_leaves_one(limits: list[tuple[int, int]]) -> None:
    """However few files there may be."""
    limits.append((64, 64))
    assert raise_file_limit(10) == 1


def test_no_limit_is_room_for_all(limits: list[tuple[int, int]]) -> None:
    """Soft or hard."""
    limits.append((256, resource.RLIM_INFINITY))
    assert raise_file_limit(100_000) == 100_000
    limits.append((resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert raise_file_limit(100_000) == 100_000
