"""What customers remember protects them: an older tree and another history are found by the command."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import hosts
import pytest
from commands import register_api
from publications import HourlyPublisher, read_tree, write_tree

from memory_folder import memory_folder
from register_api.publish.last_signed import MEMORY_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from commands import Done
    from hosts import Site


class Mirror:
    """A host whose tree can be exchanged, and a customer who remembers."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.folder = folder
        self.site = site

    def verify(self, store: Path) -> Done:
        """Serve a copy of what is published in a store, links followed, and check it."""
        shutil.rmtree(self.folder / "mirror" / "tree", ignore_errors=True)
        write_tree(self.folder / "mirror" / "tree", read_tree(store / "public"))
        return register_api("verify", f"{self.site.base}tree", "--state", self.folder / "state")


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    """A host that serves nothing yet."""
    (tmp_path / "mirror").mkdir()
    with hosts.static(tmp_path / "mirror") as site:
        yield Mirror(tmp_path, site)


@pytest.fixture
def publisher() -> Iterator[HourlyPublisher]:
    """One version, and a copy of the store as it was then, in ``copy``."""
    with memory_folder() as folder:
        found = HourlyPublisher(folder, 6)
        found.publish("The first version")
        shutil.copytree(found.store, folder / "copy", symlinks=True)
        shutil.copytree(found.keys, folder / "copy-keys")
        shutil.copytree(found.keys, folder / "anew-keys", ignore=shutil.ignore_patterns(MEMORY_FILE))
        yield found


def publish_vendor(publisher: HourlyPublisher, id_: str, store: Path) -> None:
    """Publish one vendor more into a store."""
    publisher.add(id_, f"{id_.title()} Oy", 40)
    publisher.publish(f"{id_} joins", store=store, keys=_keys_beside(publisher, store))


def _keys_beside(publisher: HourlyPublisher, store: Path) -> Path:
    """Return the publisher's keys, which remember what they signed; those beside another store."""
    return publisher.keys if store == publisher.store else store.with_name(f"{store.name}-keys")


def test_an_older_tree_is_rolled_back(publisher: HourlyPublisher, mirror: Mirror) -> None:
    """Everything in it is rightly signed; only who remembers version 2 sees that it is missing."""
    publish_vendor(publisher, "acme", publisher.store)
    assert mirror.verify(publisher.store).returncode == 0
    older = mirror.verify(publisher.folder / "copy")
    assert older.returncode == 14, older.stdout
    assert "NOT VERIFIED (rolled back, exit code 14)" in older.stdout
    assert mirror.verify(publisher.store).returncode == 0


def test_another_history_is_a_fork_and_both_are_kept(
    publisher: HourlyPublisher, mirror: Mirror, tmp_path: Path
) -> None:
    """It goes its own way after version 1, with the same keys, and has grown longer meanwhile."""
    publish_vendor(publisher, "acme", publisher.store)
    assert mirror.verify(publisher.store).returncode == 0
    for id_ in ("other", "further"):
        publish_vendor(publisher, id_, publisher.folder / "copy")
    other = mirror.verify(publisher.folder / "copy")
    assert other.returncode == 15, other.stdout
    assert "NOT VERIFIED (forked, exit code 15)" in other.stdout
    kept = sorted(path.name for path in (tmp_path / "state" / "evidence").iterdir())
    assert [name.partition("-")[0] for name in kept] == ["2", "3"]
    assert [name for name in kept if name not in other.stdout] == []


def test_another_version_of_the_same_number_is_a_fork(publisher: HourlyPublisher, mirror: Mirror) -> None:
    """As many versions, as many signatures: two stories, told by one publisher."""
    publish_vendor(publisher, "acme", publisher.store)
    publish_vendor(publisher, "other", publisher.folder / "copy")
    assert mirror.verify(publisher.store).returncode == 0
    assert mirror.verify(publisher.folder / "copy").returncode == 15


def test_a_store_begun_anew_with_the_same_keys_is_a_fork(publisher: HourlyPublisher, mirror: Mirror) -> None:
    """Keys alone do not make a history."""
    assert mirror.verify(publisher.store).returncode == 0
    for id_ in ("acme", "other"):
        publish_vendor(publisher, id_, publisher.folder / "anew")
    assert mirror.verify(publisher.folder / "anew").returncode == 15
