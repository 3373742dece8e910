"""The feed's first archive page: written with version 50, and checked like everything else."""

from __future__ import annotations

import datetime as dt
import subprocess
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from publications import NOW, read_tree, unsynced, write_tree
from publishers import Publisher
from register_api.core import tree
from register_api.verify.fetch import MemoryFetcher
from register_api.verify.run import verify
from register_api.verify.session import Options
from tools import need
from verify_outcome import failed, result

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import feedparser

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = 51
PAGE = tree.feed_archive(1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A tree of one version more than a page of the feed holds."""
    publisher = Publisher(tmp_path_factory.mktemp("archive"))
    first = NOW - dt.timedelta(minutes=VERSIONS)
    with unsynced():
        for number in range(VERSIONS):
            publisher.publish_note(f"note {number}", first + dt.timedelta(minutes=number))
    return read_tree(publisher.store / "public")


def read(feed: bytes) -> Any:
    """Read a feed as a feed reader does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = feedparser.parse(feed)
    assert not found.bozo
    return found


def numbers(feed: Any) -> list[int]:
    """Return the versions that a feed names."""
    return [int(entry.id.rpartition("/")[2]) for entry in feed.entries]


def test_a_long_feed_goes_on_in_its_archive_and_damage_there_is_found(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    """Readers find all versions, xmlsec1 accepts the page, and verify looks at it and what lies beside it."""
    newest = read(files[tree.FEED_ATOM])
    (link,) = [link.href for link in newest.feed.links if link.rel == "prev-archive"]
    assert link == PAGE
    assert numbers(newest) == list(range(VERSIONS, VERSIONS - 50, -1))
    assert numbers(read(files[PAGE])) == list(range(50, 0, -1))
    _check_with_xmlsec(files, tmp_path)
    report = _verify(files)
    assert (report.exit_code, result(report, "V23")) == (0, "ok")
    for path in (PAGE, f"{PAGE}.sig"):
        data = files[path]
        damaged = data[:30] + bytes([data[30] ^ 1]) + data[31:]
        assert failed(_verify({**files, path: damaged})) == {"V23": 12}
    for path in (f"{PAGE}.jws", f"{PAGE}.dsig"):
        assert failed(_verify({**files, path: files[path][:-3]})) == {"V23": 11}


def _check_with_xmlsec(files: dict[str, bytes], folder: Path) -> None:
    write_tree(folder, {path: data for path, data in files.items() if path.startswith("feed/")})
    (folder / "feed.pem").write_bytes(_feed_key(files))
    command = [need("xmlsec1"), "--verify", "--pubkey-pem", folder / "feed.pem", "1.atom.dsig"]
    subprocess.run(command, cwd=folder / "feed", check=True, capture_output=True)


def _feed_key(files: dict[str, bytes]) -> bytes:
    kid = files[f"{PAGE}.dsig"].partition(b"KeyName>")[2].partition(b"<")[0].decode()
    return files[tree.public_key(kid)]


def _verify(files: dict[str, bytes]) -> Any:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return verify("folder", Options(wait=0), now, fetcher=MemoryFetcher(files))
