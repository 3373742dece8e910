"""Stores that are published once for all tests of the service."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import stores

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def three_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with three versions; it is only read."""
    return stores.make_store(tmp_path_factory.mktemp("three"), 3)


@pytest.fixture(scope="session")
def _one_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stores.make_store(tmp_path_factory.mktemp("one"), 1)


@pytest.fixture
def one_version(_one_version: Path, tmp_path: Path) -> Path:
    """Return a store with one version that the test may change."""
    return shutil.copytree(_one_version, tmp_path / "store", symlinks=True)
