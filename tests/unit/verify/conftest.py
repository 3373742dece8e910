"""Trees to check, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from memory_publisher import NOW, MemoryPublisher
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from register_api.verify.report import Report

    Run = Callable[..., Report]

BASE = "https://register.example/"


@pytest.fixture(scope="session")
def three() -> Mapping[str, bytes]:
    """A tree of three versions; not to be changed."""
    return MemoryPublisher().publish().publish().publish().files


@pytest.fixture
def publisher() -> MemoryPublisher:
    """A publisher of three versions, to be changed."""
    return MemoryPublisher().publish().publish().publish()


@pytest.fixture
def run() -> Run:
    """Check a tree in memory, without waiting."""

    def check(
        files: Mapping[str, bytes], *, now: dt.datetime = NOW, progress: Any = None, **options: object
    ) -> Report:
        chosen = Options(**{"wait": 0, **options})
        return verify(BASE, chosen, now, progress, fetcher=MemoryFetcher(files)).report

    return check
