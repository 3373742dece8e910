"""A published register with some history, and what it consists of."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sources import add_vendor, copy_register

from register_api.core.canonical import decode
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.publish.pipeline import PublishRequest, publish_version
from register_api.publish.preparation import PublishOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
"""TUF clients read the machine's clock, so these tests live in the present."""

COMPRESSED = (".gz", ".br", ".zst")


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """A published register.

    Attributes:
        source: Its source, as it was published last.
        store: Its store.
        keys: Its private keys.
        size: How many versions there are.
        files: Every file to be served, without its compressed forms, by path.
    """

    source: Path
    store: Path
    keys: Path
    size: int
    files: dict[str, bytes]

    @property
    def public(self) -> Path:
        """The tree that is served."""
        return self.store / "public"

    @property
    def signed(self) -> list[str]:
        """Documents with ``.sig`` and ``.jws`` beside them."""
        return [path.removesuffix(".sig") for path in self.files if path.endswith(".sig")]

    @property
    def newest(self) -> Register:
        """The newest register."""
        return decode(self.files[tree.VERSION_REGISTER.path(self.size)], Register)


def read_tree(public: Path) -> dict[str, bytes]:
    """Return the files below a folder by path, links followed, without compressed forms."""
    found = (path for path in sorted(public.rglob("*")) if path.is_file() and path.suffix not in COMPRESSED)
    return {path.relative_to(public).as_posix(): path.read_bytes() for path in found}


def write_tree(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder, each at its path: what a mirror without links would hold."""
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


class HourlyPublisher:
    """Publishes one edit after another, an hour apart, the last one an hour ago.

    Attributes:
        folder: Holds the following.
        source: A copy of this repository's register, to be edited.
        store: Where it is published, unless said otherwise.
        keys: Its private keys.
        now: When the newest version was published.
    """

    def __init__(self, folder: Path, versions: int) -> None:
        self.folder = folder
        self.source = copy_register(folder)
        self.store, self.keys = folder / "store", folder / "keys"
        self.now = NOW - dt.timedelta(hours=versions + 1)

    def publish(
        self, text: str, *, corrects: int | None = None, store: Path | None = None, keys: Path | None = None
    ) -> None:
        """Publish the source as it is."""
        self.now += dt.timedelta(hours=1)
        options = PublishOptions(now=self.now, text=text, corrects=corrects)
        publish_version(
            PublishRequest(
                source=self.source, store=store or self.store, keys=keys or self.keys, options=options
            )
        )

    def add(self, id_: str, name: str, days: int, *, short_notice: str = "") -> None:
        """Write a vendor that starts so many days after the next version."""
        starts_on = (self.now + dt.timedelta(hours=1, days=days)).date()
        add_vendor(self.source, id_, name, starts_on, short_notice=short_notice)
