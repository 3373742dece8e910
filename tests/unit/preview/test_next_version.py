"""What is previewed is what is published, byte for byte, and nothing is written or opened for it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from publishers import NOW
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.format.paths import SIGNATURES, kind_of
from register_api.errors import Refused, VerificationError
from register_api.preview.next_version import NextVersion, build_next_version
from register_api.publish.preparation import PublishOptions
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from publishers import Publisher

HOUR = dt.timedelta(hours=1)
SOON = f"starts_on = {(NOW + dt.timedelta(days=40)).date()}"


def next_version(publisher: Publisher, now: dt.datetime = NOW + HOUR) -> NextVersion:
    return build_next_version(publisher.source, open_snapshot(publisher.store), PublishOptions(now=now))


def bytes_below(folder: Path) -> dict[str, tuple[str, int]]:
    """Return every file below a folder with its digest and when it was written."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (digest(path.read_bytes()), path.stat().st_mtime_ns) for path in files}


def written(publisher: Publisher, since: dict[str, str]) -> dict[str, bytes]:
    """Return what a publication has changed in the tree."""
    files = publisher.snapshot().manifest.files
    return {
        path: publisher.snapshot().read(path)
        for path, entry in files.items()
        if since.get(path) != entry.sha256
    }


def test_each_file_is_the_one_that_is_published_at_the_same_instant(published: Publisher) -> None:
    before = {path: entry.sha256 for path, entry in published.snapshot().manifest.files.items()}
    published.list("beta", SOON)
    previewed = next_version(published)
    published.publish(NOW + HOUR)
    made = written(published, before)
    assert {
        path for path, data in previewed.files.items() if published.snapshot().read(path) != data
    } == set()
    signed = {path for path in made if kind_of(path) in SIGNATURES or path.startswith("trust/")}
    left = made.keys() - previewed.files.keys() - signed
    assert left == {tree.CHECKPOINT.path(), tree.VERSION_PROOF.path(2)}


def test_nothing_is_written_and_no_key_is_opened(published: Publisher) -> None:
    published.keys.rename(published.folder / "elsewhere")
    published.list("beta", SOON)
    before = bytes_below(published.folder)
    assert next_version(published).version_summary is not None
    assert bytes_below(published.folder) == before


def test_a_first_version_is_previewed_without_keys_or_store(publisher: Publisher) -> None:
    """Its keys are not made yet; what they sign or name is withheld."""
    before = bytes_below(publisher.folder)
    previewed = next_version(publisher, NOW)
    assert bytes_below(publisher.folder) == before
    assert not publisher.store.exists()
    publisher.publish()
    register = tree.REGISTER.path()
    assert previewed.read(register) == publisher.snapshot().read(register)
    assert previewed.read(tree.KEYS.path()) is None
    assert previewed.first_root() is None


def test_what_is_not_signed_yet_is_withheld_and_the_rest_is_what_was_published(published: Publisher) -> None:
    published.list("beta", SOON)
    previewed = next_version(published)
    for path in (tree.CHECKPOINT.path(), tree.JWS.of(tree.REGISTER.path()), tree.TIMESTAMP.path()):
        assert published.snapshot().read(path)
        assert previewed.read(path) is None
    old = tree.VERSION_PAGE.path(1)
    assert old not in previewed.files
    assert previewed.read(old) == published.snapshot().read(old)
    assert previewed.read("nothing") is None


def test_a_source_that_has_not_changed_shows_what_is_published(published: Publisher) -> None:
    previewed = next_version(published)
    assert (previewed.version_summary, previewed.files) == (None, {})
    assert previewed.read(tree.INDEX.path()) == published.snapshot().read(tree.INDEX.path())


def test_faults_are_those_that_publishing_refuses(publisher: Publisher) -> None:
    (publisher.source / "subprocessors" / "acme.toml").write_text("name = ", "utf-8")
    with pytest.raises(Refused) as refused:
        next_version(publisher, NOW)
    with pytest.raises(Refused) as published:
        publisher.publish()
    assert refused.value.findings == published.value.findings


def test_a_store_that_was_written_to_is_not_believed(published: Publisher) -> None:
    snapshot = published.snapshot()
    snapshot.read = lambda path: b"{}" if path == tree.KEYS.path() else type(snapshot).read(snapshot, path)  # type: ignore[method-assign,assignment,misc]
    with pytest.raises(VerificationError):
        build_next_version(published.source, snapshot, PublishOptions(now=NOW + HOUR))
