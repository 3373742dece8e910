"""Places to deploy to: what they are called, what they do, and those that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from deploying import Watched, bucket, sent
from register_api.core.format import tree
from register_api.core.headers import CACHE_CONTROL
from register_api.deploy.bucket import Bucket
from register_api.deploy.target import Folder, open_target, probe
from register_api.errors import TargetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from publishers import Publisher


class Forgetful(Watched):
    """Answers everything that is created as if it had not been there, as some stores do."""

    def create(self, name: str, data: bytes, headers: Mapping[str, str]) -> bool:
        self.put(name, data, headers)
        return True


class Deaf(Watched):
    """Says that something was there, and writes over it all the same."""

    def create(self, name: str, data: bytes, headers: Mapping[str, str]) -> bool:
        there = self.get(name) is not None
        self.put(name, data, headers)
        return not there


@pytest.mark.parametrize("kind", [Forgetful, Deaf])
def test_a_store_that_ignores_the_condition_is_refused(kind: type[Watched], publisher: Publisher) -> None:
    target = kind(bucket())
    with pytest.raises(TargetError, match="two publishers could not be distinguished"):
        sent(publisher, target)
    assert all("deploy-probe" in name for name in target.written)
    assert target.written[-1].startswith("-")


def test_the_probe_leaves_nothing_behind(tmp_path: Path) -> None:
    for target in (Watched(bucket()), Watched(Folder(tmp_path / "www"))):
        probe(target)
        assert target.get(target.written[0]) is None
    assert list((tmp_path / "www").iterdir()) == []


def test_a_bucket_has_types_and_cache_classes_and_plain_bytes_alone(publisher: Publisher) -> None:
    store = MemoryStore()
    sent(publisher, Bucket("memory", store))
    files = publisher.snapshot().manifest.files
    assert {meta["path"] for listed in obstore.list(store) for meta in listed} == set(files)
    for path in (tree.TIMESTAMP.path(), tree.INDEX.path(), tree.ROOT.path(1), "feed.atom.jws"):
        told = dict(obstore.get(store, path).attributes)
        assert told == {
            "Content-Type": files[path].media_type,
            "Cache-Control": CACHE_CONTROL[files[path].cache],
        }


def test_what_is_too_large_for_a_tree_is_not_read(tmp_path: Path) -> None:
    large = b"x" * (tree.TIMESTAMP.max_bytes + 1)
    for target in (bucket(), Folder(tmp_path)):
        target.put(tree.TIMESTAMP.path(), large, {})
        with pytest.raises(TargetError, match="more"):
            target.get(tree.TIMESTAMP.path())


def test_what_a_killed_process_left_in_a_folder_is_cleared(publisher: Publisher, tmp_path: Path) -> None:
    kept = tmp_path / ".profile.new"
    kept.write_text("somebody else's")
    left = tmp_path / "v1" / f".register.json.{'a' * 16}.new"
    left.parent.mkdir()
    left.write_text("half a file")
    sent(publisher, Folder(tmp_path))
    assert (left.exists(), kept.exists()) == (False, True)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("s3://trust-example-com/", "s3://trust-example-com"),
        ("s3://trust/a/b-c", "s3://trust/a/b-c"),
        ("gs://trust_example.com/x", "gs://trust_example.com/x"),
        ("az://$web", "az://$web"),
        ("file:///srv/www/a%20b", "/srv/www/a b"),
        ("/srv/www/a%20b", "/srv/www/a%20b"),
    ],
)
def test_an_address_means_a_place(address: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    assert open_target(address, None, Path("/nowhere/store")).name == name


@given(
    st.sampled_from(["s3://", "az://", "gs://", "file:", "", "memory:///", "http://"]), st.text(max_size=20)
)
def test_any_text_is_a_target_or_wrong_use(start: str, text: str) -> None:
    try:
        open_target(start + text, None, Path("/nowhere/store"))
    except UsageError as error:
        assert error.message.isprintable()  # noqa: PT017 - either is right


def test_a_bucket_that_lacks_what_the_environment_says_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(UsageError, match="az://trust cannot be used") as found:
        open_target("az://trust", None, Path("/nowhere/store"))
    assert "AZURE_STORAGE_" in found.value.hint
    for endpoint in ("https://key:secret@host", "host", "ftp://host"):
        with pytest.raises(UsageError, match="--endpoint is not an address"):
            open_target("s3://trust", endpoint, Path("/nowhere/store"))
