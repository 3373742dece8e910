"""Small stores with made-up registers: all that a reader needs, with fake signatures."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from register_api.core.canonical import Encoded, digest, encode, encoded
from register_api.core.diff.document import diff_document
from register_api.core.documents import Entry, FileDigest, VersionList
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.model import (
    Announced,
    Category,
    Engagement,
    Location,
    Notice,
    Previous,
    Publisher,
    Reason,
    Register,
    StatusText,
    Subprocessor,
)
from register_api.core.notice_period import NoticePolicy
from register_api.store.reader import PublisherState
from register_api.store.transaction import commit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from register_api.store.reader import Snapshot

NAME = "example.com/sub-processors"
FIRST = dt.datetime(2026, 1, 1, 9, 0, tzinfo=dt.UTC)
NOTICE = Notice(days=30, applies_to=("addition", "replacement", "activation"))
STYLE = "body{color:#123}"
EXPIRES = dt.datetime(2026, 6, 1, 12, 0, tzinfo=dt.UTC)
FRESH_FOR = dt.timedelta(hours=48)
BASELINE_VENDORS = 10


def published_at(version: int) -> dt.datetime:
    """Return when a made-up version is published: one a day."""
    return FIRST + dt.timedelta(days=version - 1)


def vendor(number: int, version: int, *, starts_on: dt.date | None = None) -> Subprocessor:
    """Return a made-up vendor announced by a version; every third one is only available."""
    status = "available" if number % 3 == 0 else "active"
    return Subprocessor(
        id=f"vendor-{number}",
        name=f"Vendor {number}",
        legal_name=f"Vendor {number} Ltd",
        seat="FI" if number % 2 else "US",
        engagements=(
            Engagement(
                id="hosting",
                category="infrastructure" if number % 2 else "support",
                status=status,
                purpose=f"Hosting of part {number} of the service, in rented data centres",
                data_scope=("customer_content",) if number % 2 else ("customer_account",),
                data_categories=("names", "messages"),
                locations=(Location(country="FI" if number % 2 else "US", is_default=True),),
                starts_on=None if status == "available" else starts_on,
                announced=Announced(version=version, at=published_at(version)),
            ),
        ),
    )


def register(version: int, previous_sha256: str | None = None) -> Register:
    """Return a made-up register: each version after the first adds a vendor that starts in 40 days."""
    added = range(2, version + 1)
    later = [
        vendor(
            BASELINE_VENDORS + number, number, starts_on=published_at(number).date() + dt.timedelta(days=40)
        )
        for number in added
    ]
    return Register(
        register=NAME,
        version=version,
        published_at=published_at(version),
        previous=Previous(version=version - 1, sha256=previous_sha256) if previous_sha256 else None,
        recorded="live",
        updated_on=published_at(version).date(),
        reason=Reason(kind="initial" if version == 1 else "change", text="Made up"),
        publisher=Publisher(name="Example", time_zone="Europe/Helsinki", language="en"),
        notice=NOTICE,
        statuses=(StatusText(id="active", title="Active"), StatusText(id="available", title="Available")),
        categories=(
            Category(id="infrastructure", title="Infrastructure"),
            Category(id="support", title="Support"),
        ),
        subprocessors=(*(vendor(number, 1) for number in range(1, BASELINE_VENDORS + 1)), *later),
    )


def state(version: int) -> PublisherState:
    """Return the publisher's state after a version."""
    return PublisherState(
        register=NAME,
        version=version,
        published_at=published_at(version),
        first_published_at=FIRST,
        root_hash="ab" * 32,
        time_zone="Europe/Helsinki",
        first_live=1,
        policies=(NoticePolicy(version=1, day=FIRST.date(), notice=NOTICE),),
    )


def registers(versions: int) -> list[Register]:
    """Return the first versions of the made-up register, chained by their digests."""
    chain: list[Register] = []
    for version in range(1, versions + 1):
        chain.append(register(version, digest(encode(chain[-1])) if chain else None))
    return chain


def page(title: str) -> bytes:
    """Return an HTML page long enough to be compressed."""
    lines = "".join(f"<p>Line {number} of the page.</p>\n" for number in range(40))
    text = f"<!DOCTYPE html><html lang=en><head><title>{title}</title><style>{STYLE}</style></head>{lines}"
    return text.encode()


def version_files(chain: list[Register]) -> dict[str, bytes]:
    """Return the immutable files of the newest version in a chain."""
    newest = chain[-1]
    older = chain[-2] if len(chain) > 1 else None
    data = encode(newest)
    before = encoded(older) if older is not None else None
    diff = encode(diff_document(before, Encoded(newest, data), state(newest.version).promises()))
    number = newest.version
    return {
        **signed(tree.VERSION_REGISTER.path(number), data),
        **signed(tree.VERSION_DIFF.path(number), diff),
        tree.VERSION_ENTRY.path(number): encode(entry(newest)),
        tree.VERSION_PROOF.path(number): b"c2sp.org/tlog-proof@v1\nindex 0\n",
        tree.VERSION_PAGE.path(number): page(f"Version {number}"),
    }


def entry(register_: Register) -> Entry:
    """Return a log entry that lists only the register."""
    data = encode(register_)
    path = tree.VERSION_REGISTER.path(register_.version)
    files = (FileDigest(path=path, sha256=digest(data), size=len(data)),)
    return Entry(
        files=files,
        published_at=register_.published_at,
        register=NAME,
        version=register_.version,
    )


def signed(path: str, data: bytes) -> dict[str, bytes]:
    """Return a document and fake signatures of it."""
    return {path: data, tree.RAW_SIGNATURE.of(path): b"\x00" * 64, tree.JWS.of(path): b"header..signature"}


def head_files(chain: list[Register]) -> dict[str, bytes]:
    """Return the head files of the newest version in a chain."""
    feed = b"<feed/>" + b"<!-- an entry -->" * 30
    return {
        **signed(tree.REGISTER.path(), encode(chain[-1])),
        **signed(tree.VERSIONS.path(), encode(VersionList(register=NAME, versions=tuple(map(entry, chain))))),
        tree.KEYS.path(): encode({"keys": []}),
        tree.SCHEMA.path("register"): encode({"title": "register"}),
        tree.SCHEMA.path("diff"): encode({"title": "diff"}),
        tree.FEED_ATOM.path(): feed,
        tree.XML_SIGNATURE.of(tree.FEED_ATOM.path()): b"<Signature/>",
        tree.FEED_JSON.path(): b'{"items":[]}',
        tree.CHECKPOINT.path(): f"{NAME}\n{len(chain)}\nAAAA\n".encode(),
        tree.INDEX.path(): page("Register"),
        tree.SUBPROCESSOR_PAGE.path("vendor-1"): page("Vendor 1"),
        tree.DISCOVERY.path(): encode({"registers": []}),
        tree.API_CATALOG.path(): encode({"linkset": []}),
    }


def timestamp(expires: dt.datetime = EXPIRES) -> dict[str, bytes]:
    """Return TUF timestamp metadata with only its two times."""
    signed = {"expires": format_instant(expires), "signed_at": format_instant(expires - FRESH_FOR)}
    document = {"signatures": [], "signed": signed}
    return {tree.TIMESTAMP.path(): json.dumps(document).encode()}


def publish(store: Path, versions: int, *, more: Mapping[str, bytes] | None = None) -> Snapshot:
    """Publish a made-up version into a store that contains the earlier ones.

    Args:
        store: The store's folder.
        versions: Number of the version to publish.
        more: Head files to add or to replace.
    """
    chain = registers(versions)
    tiles = {f"log/tile/0/000.p/{versions}": b"\x00" * 32 * versions}
    files = {**version_files(chain), **tiles, **head_files(chain), **(more or {}), **timestamp()}
    store.mkdir(parents=True, exist_ok=True)
    return commit(store, files, state(versions), now=published_at(versions))


def make_store(store: Path, versions: int = 3) -> Path:
    """Publish the first versions of the made-up register, one after another."""
    for version in range(1, versions + 1):
        publish(store, version)
    return store
