"""Fetchers without a network, and the bounds on files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memory_publisher import MemoryPublisher
from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.errors import Malformed
from register_api.verify.fetcher import Fetcher, FolderFetcher, MemoryFetcher, NotServed

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"v1/register.json": b"{}", ".well-known/sub-processors.json": b"[]"}


@pytest.fixture(params=["memory", "folder"])
def fetcher(request: pytest.FixtureRequest, tmp_path: Path) -> Fetcher:
    """The same files in memory and on disk."""
    if request.param == "memory":
        return MemoryFetcher(FILES)
    for path, data in FILES.items():
        file = tmp_path / "tree" / path
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
    (tmp_path / "secret").write_bytes(b"secret")
    return FolderFetcher(tmp_path / "tree")


@pytest.mark.parametrize(("path", "data"), FILES.items())
def test_a_file_is_given_whole(fetcher: Fetcher, path: str, data: bytes) -> None:
    """Exactly as many bytes as allowed are allowed."""
    assert fetcher.get(path, len(data)) == data


@pytest.mark.parametrize("path", ["v1/none.json", "v1", "v1/register.json/more"])
def test_a_missing_file_is_not_served(fetcher: Fetcher, path: str) -> None:
    """A folder is no file either."""
    with pytest.raises(NotServed):
        fetcher.get(path, 10)


def test_one_byte_more_is_too_much(fetcher: Fetcher) -> None:
    """The bound is exact."""
    with pytest.raises(Malformed, match="more than 1 bytes"):
        fetcher.get("v1/register.json", 1)


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "/etc/passwd",
        "v1/../../secret",
        "v1//x",
        "",
        ".",
        "..",
        "v1/..",
        "a b",
        "a?b",
        "ä",
        "a\n",
        "a%2e",
    ],
)
def test_no_path_leads_out_of_the_tree(fetcher: Fetcher, path: str) -> None:
    """An entry or index that names such a path is malformed."""
    with pytest.raises(Malformed):
        fetcher.get(path, 10)


def test_every_file_of_a_tree_is_within_its_bound() -> None:
    """The bounds leave room for real files."""
    files = MemoryPublisher().publish_many(60).files
    for path, data in files.items():
        assert len(data) * 4 <= max_bytes(path) or path.startswith("log/tile/0") or ".json" in path
        assert len(data) <= max_bytes(path)


@pytest.mark.parametrize(
    ("path", "bound"),
    [
        (tree.REGISTER.path(), 16 * 2**20),
        ("v1/register.json.sig", 1024),
        ("v1/versions/7/entry.json", 4096),
        ("log/tile/0/000", 8192),
        ("log/tile/entries/000.p/3", 256 * 4098),
        ("trust/timestamp.json", 16384),
        ("v1/keys.json", 2**20),
    ],
)
def test_bounds_are_by_kind(path: str, bound: int) -> None:
    """A signature is never read like a register."""
    assert max_bytes(path) == bound
