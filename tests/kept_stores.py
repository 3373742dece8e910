"""What a release has written, kept so that every later one is held to reading it.

``PYTHONPATH=src:tests python tests/kept_stores.py RELEASE`` writes an archive of that name below this folder,
once, when it is released; what is there is never written anew. It holds what programs keep for themselves:

::

    register/                 the source
    store/                    two versions, a refresh, and a third version whose publisher was killed
    private/published.json    what the keys signed last
    customer/                 what a customer remembers of version 2
    witness/                  what a witness has cosigned

The keys are made anew from a text that everybody knows (``write_keys``): nobody else's register has them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from breaking_disk import Crash
from memory_folder import memory_folder
from publishers import Publisher
from quick_disk import quick_disk
from register_api.core.format import tree
from register_api.core.log.checkpoint import parse_checkpoint
from register_api.core.log.note import parse_note
from register_api.store import reader, transaction
from register_api.witness.witness import Cosigned, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.store.reader import Journal

FOLDER = Path(__file__).with_name("kept")
BEGUN = dt.datetime(2026, 11, 1, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
WITNESS = "witness.example.com/w1+00000000+BAAA"
KEPT = ("register", "store", "private/published.json", "customer", "witness")
KILLED = 3
"""The version whose publisher was killed once it was visible."""


def write_keys(folder: Path) -> None:
    """Write the keys of each role."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for role in ("root-1", "targets", "online", "document", "log", "feed"):
        seed = hashlib.sha256(f"a key that everybody knows: {role}".encode()).digest()
        key = (
            derive_private_key(int.from_bytes(seed[1:]), SECP256R1())
            if role == "feed"
            else Ed25519PrivateKey.from_private_bytes(seed)
        )
        path = folder / f"{role}.pem"
        path.touch(0o600)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def names_under_way(store: Path) -> list[Path]:
    """Return the names that still lead through the visible generation, as while one is published."""
    return [path for path in (store / reader.PUBLIC).rglob("*") if path.is_symlink()]


def make(folder: Path) -> None:
    """Publish, look and cosign as this release does."""
    write_keys(folder / "private")
    publisher = Publisher(folder)
    publisher.publish(BEGUN)
    publisher.list("beta", "starts_on = 2027-01-01\n")
    publisher.say("second")
    register = publisher.source / "register.toml"
    register.write_text(register.read_text("utf-8").replace('["acme"]', '["acme", "beta"]'), "utf-8")
    publisher.publish(BEGUN + HOUR)
    publisher.refresh(BEGUN + 2 * HOUR)
    report = publisher.verify(folder / "customer", now=BEGUN + 2 * HOUR)
    assert report.exit_code == 0, report.findings
    cosign(Record(folder / "witness"), (publisher.store / "public" / tree.CHECKPOINT.path()).read_bytes())
    publisher.say("third")
    _be_killed(publisher)


def cosign(record: Record, checkpoint: bytes) -> None:
    """Remember a checkpoint as a witness does."""
    record.initialise(WITNESS)
    said = parse_checkpoint(parse_note(checkpoint).text)
    cosigned = Cosigned(size=said.size, root=said.root, at=int(BEGUN.timestamp()), checkpoint=checkpoint)
    with record.held():
        record.remember(record.load(), said.origin, cosigned)


def _be_killed(publisher: Publisher) -> None:
    """Publish, and die when it has just become visible: its names still lead through the generation."""
    before, finish = publisher.snapshot().generation, transaction.finish_commit

    def die(store: Path, number: int, journal: Journal) -> bool:
        if number > before:
            raise Crash
        return finish(store, number, journal)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction, "finish_commit", die)
        with pytest.raises(Crash):
            publisher.publish(BEGUN + KILLED * HOUR)
    assert names_under_way(publisher.store)


def archives() -> Iterator[Path]:
    """Yield what is kept, by release."""
    yield from sorted(FOLDER.glob("*.tar.xz"))


def unpack(archive: Path, folder: Path) -> Publisher:
    """Return the publisher of an archive, with keys."""
    write_keys(folder / "private")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="tar")
    return Publisher(folder)


def main() -> None:
    """Keep what this release writes."""
    target = FOLDER / f"{sys.argv[1]}.tar.xz"
    if target.exists():
        sys.exit(f"{target} is kept as it is")
    FOLDER.mkdir(exist_ok=True)
    with memory_folder() as folder, quick_disk():  # compressed forms would be nine tenths of the archive
        make(folder)
        with tarfile.open(target, "w:xz") as packed:
            for name in KEPT:
                packed.add(folder / name, name)


if __name__ == "__main__":
    main()
