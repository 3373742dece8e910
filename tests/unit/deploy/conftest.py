"""Publishers whose trees are deployed: published once, and copied for each test."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from deploying import copied
from publishers import NOW, Publisher
from quick_disk import quick_disk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    """Two versions."""
    publisher = Publisher(tmp_path_factory.mktemp("deployed") / "publisher")
    with quick_disk():
        publisher.publish(NOW)
        publisher.publish_note("second", NOW + dt.timedelta(minutes=1))
    return publisher


@pytest.fixture
def publisher(original: Publisher, tmp_path: Path) -> Publisher:
    """The same, for one test to change."""
    return copied(original, tmp_path / "publisher")


@pytest.fixture(autouse=True)
def _quick() -> object:
    with quick_disk():
        yield
