"""A real publisher in a folder: a small source, a store, keys, and verification."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from programs import output_of
from register_api.core.canonical import decode
from register_api.core.documents import Ended, VersionList
from register_api.core.format import tree
from register_api.publish.pipeline import Published, PublishRequest, publish_version, refresh_freshness
from register_api.publish.preparation import PublishOptions
from register_api.publish.recovery import Recovery, recover_tree
from register_api.publish.rotation import rotate_key
from register_api.store.reader import Snapshot, open_snapshot
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.publish.signing.keyring import Keyring
    from register_api.verify.report import Report

NAME = "example.com/sub-processors"
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=1)
"""Default publication time of the first version.

The TUF library checks freshness by the system clock, so anything to be verified must be recent.
"""

_REGISTER = """\
url = "https://example.com/"
register = "{name}"
order = ["acme"]

[publisher]
name = "Example"
time_zone = "{time_zone}"
language = "en"

[notice]
days = {days}
applies_to = ["addition", "replacement", "activation"]
{notice}
[[statuses]]
id = "active"
title = "Active"

[[statuses]]
id = "conditional"
title = "Conditional"

[[statuses]]
id = "available"
title = "Available"

[[categories]]
id = "infrastructure"
title = "Infrastructure"

[extra]
note = "{note}"
"""

_VENDOR = """\
name = "{title} Oy"
legal_name = "{title} Oy"
seat = "FI"
privacy_url = "https://{id}.example/privacy"
contact = "privacy@{id}.example"
identifiers = [{{ scheme = "national", value = "1234567-8", country = "FI", registry = "PRH" }}]

[[engagements]]
id = "hosting"
category = "infrastructure"
status = "active"
purpose = "Runs the application"
data_scope = ["customer_content"]
data_categories = ["All customer data"]
{engagement}
[[engagements.locations]]
country = "FI"
activities = ["store", "process"]
"""


def register_toml(
    note: str = "first", *, name: str = NAME, time_zone: str = "UTC", days: int = 30, notice: str = ""
) -> str:
    """Return a valid ``register.toml``; ``notice`` contains further lines of that table."""
    return _REGISTER.format(note=note, name=name, time_zone=time_zone, days=days, notice=notice)


def vendor_toml(id_: str = "acme", engagement: str = "") -> str:
    """Return a vendor that causes no warnings; ``engagement`` contains further lines of that table."""
    return _VENDOR.format(id=id_, title=id_.title(), engagement=engagement)


class Publisher:
    """A publisher in a folder.

    Attributes:
        folder: Contains ``register``, ``store``, ``private`` (keys).
    """

    def __init__(self, folder: Path) -> None:
        """Write a source with one vendor, if there is none yet."""
        self.folder = folder
        self.source = folder / "register"
        self.store = folder / "store"
        self.keys = folder / "private"
        if not self.source.exists():
            (self.source / "subprocessors").mkdir(parents=True)
            self.say("first")
            self.list("acme")

    def say(self, note: str = "first", **register: object) -> None:
        """Write ``register.toml``; changing the note is an editorial change."""
        text = register_toml(note, **register)  # type: ignore[arg-type]
        (self.source / "register.toml").write_text(text, "utf-8")

    def list(self, id_: str, engagement: str = "") -> None:
        """Write a vendor's file."""
        text = vendor_toml(id_, engagement)
        (self.source / "subprocessors" / f"{id_}.toml").write_text(text, "utf-8")

    def publish(self, now: dt.datetime = NOW, **order: object) -> Published:
        """Publish the source; ``order`` sets fields of ``PublishOptions`` and ``PublishRequest``."""
        said = {name: order.pop(name) for name in PublishOptions.__struct_fields__ if name in order}
        options = PublishOptions(now=now, **said)  # type: ignore[arg-type]
        given = {"source": self.source, "store": self.store, "keys": self.keys, **order}
        return publish_version(PublishRequest(options=options, **given))  # type: ignore[arg-type]

    def publish_note(self, note: str, now: dt.datetime = NOW, **order: object) -> Published:
        """Publish a version that differs only in its note."""
        self.say(note)
        return self.publish(now, **order)

    def copied(self, target: Path) -> Publisher:
        """Copy the publisher to another folder, keeping hard links; takes an eighth of a publication."""
        output_of("cp", "-a", f"{self.folder}/.", target)
        return Publisher(target)

    def refresh(self, now: dt.datetime) -> Snapshot:
        """Renew freshness."""
        return refresh_freshness(self.store, self.keys, now)

    def snapshot(self) -> Snapshot:
        """Return the published snapshot, which must exist."""
        snapshot = open_snapshot(self.store)
        assert snapshot is not None
        return snapshot

    def verify(self, state: Path | None = None, now: dt.datetime | None = None) -> Report:
        """Verify the published folder like a customer.

        Args:
            state: The customer's state folder; without it every version is checked in full.
            now: Time of verification; by default the current time.
        """
        options = Options(wait=0, state=state, history="new" if state else "all")
        at = now or dt.datetime.now(dt.UTC).replace(microsecond=0)
        return verify("folder", options, at, fetcher=FolderFetcher(self.store / "public")).report

    def registers(self) -> dict[int, bytes]:
        """Return the bytes of every version in the public list."""
        public = self.store / "public"
        listed = decode((public / tree.VERSIONS.path()).read_bytes(), VersionList)
        return {
            row.version: (public / tree.VERSION_REGISTER.path(row.version)).read_bytes()
            for row in listed.versions
        }


def publish_from(folder: Path, now: dt.datetime | str) -> None:
    """Publish a folder's source; to be run in another process."""
    Publisher(folder).publish(dt.datetime.fromisoformat(now) if isinstance(now, str) else now)


def refresh_from(folder: Path, now: dt.datetime) -> None:
    """Renew the freshness of a folder's store; to be run in another process."""
    Publisher(folder).refresh(now)


def rotate_from(folder: Path, now: str, reason: str) -> None:
    """Rotate the document key of a folder; to be run in another process."""
    publisher, at = Publisher(folder), dt.datetime.fromisoformat(now)
    ended = Ended(at=at, reason=reason, text=None)  # type: ignore[arg-type]
    rotate_key(publisher.store, publisher.keys, "document", ended)


def recover_from(folder: Path, mirror: Path, now: dt.datetime) -> None:
    """Recover a folder's store from a mirror; to be run in another process."""
    publisher = Publisher(folder)
    order = Recovery(base="mirror", store=publisher.store, keys=publisher.keys, stale=True, now=now)
    recover_tree(order, FolderFetcher(mirror))


def verify_from(folder: Path) -> None:
    """Verify every version of a folder; to be run in another process."""
    report = Publisher(folder).verify()
    assert report.exit_code == 0, [check for check in report.checks if check.result == "failed"]


def open_all(keyring: Keyring) -> Keyring:
    """Open every key of a keyring, creating missing ones if it may."""
    _ = (*keyring.roots, keyring.targets, keyring.online, keyring.document, keyring.log, keyring.feed)
    return keyring
