"""Files written by each release, kept to test that all later releases can read them.

``PYTHONPATH=src:tests python tests/kept_stores.py RELEASE`` writes an archive below this folder once, when
that release is made; an archive is never overwritten. It contains the internal files of the programs:

::

    register/                 the source
    store/                    two versions, a refresh, and a third version whose publisher was killed
    private/published.json    what the keys signed last
    customer/                 a customer's state at version 2
    witness/                  a witness's record

The keys are derived from a public text (``write_keys``) and are used nowhere else.
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
"""The version whose publisher was killed just after it became visible."""


def write_keys(folder: Path) -> None:
    """Write a key for each role."""
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
    """Return the symbolic links in the public tree, which exist only while a version is being published."""
    return [path for path in (store / reader.PUBLIC).rglob("*") if path.is_symlink()]


def make(folder: Path) -> None:
    """Publish, verify and cosign with this release."""
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
    """Record a checkpoint as a witness does."""
    record.initialise(WITNESS)
    said = parse_checkpoint(parse_note(checkpoint).text)
    cosigned = Cosigned(size=said.size, root=said.root, at=int(BEGUN.timestamp()), checkpoint=checkpoint)
    with record.held():
        record.remember(record.load(), said.origin, cosigned)


def _be_killed(publisher: Publisher) -> None:
    """Publish, and crash just after the version became visible, with symbolic links left in the tree."""
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
    """Yield the kept archives, by release."""
    yield from sorted(FOLDER.glob("*.tar.xz"))


def unpack(archive: Path, folder: Path) -> Publisher:
    """Unpack an archive and return its publisher, with keys."""
    write_keys(folder / "private")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="tar")
    return Publisher(folder)


def main() -> None:
    """Write the archive of this release."""
    target = FOLDER / f"{sys.argv[1]}.tar.xz"
    if target.exists():
        sys.exit(f"{target} is kept as it is")
    FOLDER.mkdir(exist_ok=True)
    with memory_folder() as folder, quick_disk():  # compressed copies would be 90 % of the archive
        make(folder)
        with tarfile.open(target, "w:xz") as packed:
            for name in KEPT:
                packed.add(folder / name, name)


if __name__ == "__main__":
    main()
