"""Every numbered check against the real service, or against ``CONFORMANCE_BASE`` if that is set."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from http_checks import Answer, Exchange, complaints, load_checks, run_check

import stores
from running import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from http_checks import Check

CHECKS = load_checks()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the host under test."""
    given = os.environ.get("CONFORMANCE_BASE")
    if given:
        yield given
    else:
        with running(stores.make_store(tmp_path_factory.mktemp("store"), 3)) as url:
            yield url


@pytest.mark.parametrize("check", CHECKS, ids=[check.id for check in CHECKS])
def test_check(base: str, check: Check) -> None:
    """The title of each check says what it holds."""
    run_check(base, check)


def test_checks_are_numbered_without_gaps() -> None:
    """A number stays with its check for ever."""
    assert [check.id for check in CHECKS] == [f"C{number:02d}" for number in range(1, len(CHECKS) + 1)]


def test_a_check_that_fails_says_why() -> None:
    """The judge itself is judged: status, header and body are each complained about."""
    exchange = Exchange(send="GET /", status=200, headers={"etag": ".+", "server": ""}, body="")
    found = complaints(exchange, Answer(404, {"server": "x"}, b"body"))
    assert len(found) == 4
