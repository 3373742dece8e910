"""A tree in memory with keys and freshness, and the stock TUF client that follows it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from register_api.core import canonical
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.publish.signing.key_list import first_key_list
from register_api.publish.trust import repository as trust_repository
from register_api.publish.trust import root as trust_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from register_api.publish.signing.keyring import Keyring

REGISTER = "example.com/sub-processors"
NOW = dt.datetime(2026, 5, 10, 9, 0, tzinfo=dt.UTC)
BASE = "https://register.example/"


def now(**ago: float) -> dt.datetime:
    """Return the present instant, or one that lies before it; the stock client reads the real clock."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(**ago)


def targets(keyring: Keyring, version: int = 1) -> dict[str, bytes]:
    """Return the five targets of a version."""
    return {
        "register.json": b'{"version":%d}' % version,
        "checkpoint": b"example.com/sub-processors\n%d\n" % version,
        "feed.atom": b"<feed>%d</feed>" % version,
        "heads.json": b'{"version":%d,"files":[]}' % version,
        "keys.json": canonical.encode(first_key_list(REGISTER, keyring)),
    }


class Tree(dict[str, bytes]):
    """Files by path, published into by one keyring."""

    def __init__(self, keyring: Keyring, instant: dt.datetime) -> None:
        """Begin with a trust root."""
        super().__init__(trust_root.create(keyring, instant))
        self.keyring = keyring

    def publish(self, instant: dt.datetime, version: int = 1) -> dict[str, bytes]:
        """Publish a version; returns the files that joined."""
        files = trust_repository.publish(
            self.__getitem__, self.keyring, targets(self.keyring, version), instant
        )
        self.update(files)
        return files

    def refresh(self, instant: dt.datetime) -> dict[str, bytes]:
        """Renew freshness; returns the files that joined."""
        files = trust_repository.refresh(self.__getitem__, self.keyring, instant)
        self.update(files)
        return files


class _Fetcher(FetcherInterface):
    """Serves a tree without a network, and 404 for what it does not have."""

    def __init__(self, tree: dict[str, bytes]) -> None:
        self.tree = tree

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = url.removeprefix(BASE)
        if path not in self.tree:
            raise DownloadHTTPError(f"no {path}", 404)
        return iter([self.tree[path]])


class Client:
    """A customer with the stock client, who keeps what was trusted between visits."""

    def __init__(self, tree: dict[str, bytes], folder: Path) -> None:
        """Begin from the first root, handed over by other means."""
        self.tree = tree
        self.folder = folder
        self.root = tree["trust/1.root.json"]

    def visit(self) -> dict[str, bytes]:
        """Follow the repository once and return the targets as downloaded."""
        (self.folder / "targets").mkdir(parents=True, exist_ok=True)
        updater = Updater(
            str(self.folder / "metadata"),
            BASE + "trust/",
            str(self.folder / "targets"),
            BASE + "trust/targets/",
            _Fetcher(self.tree),
            bootstrap=self.root,
        )
        updater.refresh()
        found = {}
        for name in TARGETS_BY_NAME:
            info = updater.get_targetinfo(name)
            assert info is not None, name
            with open(updater.download_target(info), "rb") as file:  # noqa: PTH123 - the client gives a str
                found[name] = file.read()
        return found
