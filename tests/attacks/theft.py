"""A thief of keys who has the web host, too: for each set of stolen keys the strongest forgery of each kind.

He signs with a stolen key where he has it, else with a key of his own. Metadata that he cannot sign he
leaves as the publisher signed it. Whoever can sign targets and timestamp lists keys of his own, and with
enough root keys he first names himself for both.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attacks_on_keys import exchange_keys, sign_history_anew
from changes import put
from publishers_to_attack import ROOT_KEYS

from feed_keys import THEIRS
from memory_log import MemoryLog, cosign, private_key, witness_key
from memory_publisher import NOW, DocumentKey, MemoryPublisher
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.log.note import format_verifier_key
from register_api.core.model import Subprocessor
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from register_api.verify.report import Report

DOCUMENT, LOG, FEED, TARGETS, ONLINE = ONLINE_HELD = ("document", "log", "feed", "targets", "online")
ONE_ROOT, ROOT = "one root key of two", "enough root keys"

WITNESS = ("one.witness.example", private_key(86))
_VKEY = witness_key(*WITNESS)
EVIL = (Subprocessor(id="acme", name="Acme 3"), Subprocessor(id="evil", name="Evil"))


@dataclass(frozen=True)
class Theft:
    """What was stolen.

    Attributes:
        keys: The keys.
    """

    keys: frozenset[str]

    @property
    def vouches(self) -> bool:
        """Whether the thief can sign targets and timestamp that customers take."""
        return ROOT in self.keys or {TARGETS, ONLINE} <= self.keys

    @property
    def tries_a_root(self) -> bool:
        """Whether he publishes a root that is signed by too few: he has nothing better."""
        return self.keys == {ONE_ROOT}

    def begin(self) -> MemoryPublisher:
        """Return the publisher with the thief's keys in the place of those that he has not."""
        thief = honest().copy()
        if ROOT in self.keys or TARGETS not in self.keys:
            thief.targets_key = private_key(91)
        if ROOT in self.keys or ONLINE not in self.keys:
            thief.online_key = private_key(92)
        if ROOT in self.keys:
            thief.add_root(root_keys=ROOT_KEYS, threshold=2)
        elif self.tries_a_root:
            thief.write_root(thief.make_root(ROOT_KEYS, threshold=2), ROOT_KEYS[:1])
        return thief

    def sign_with_own(self, thief: MemoryPublisher) -> None:
        """Sign with keys of the thief's own where none was stolen."""
        if DOCUMENT not in self.keys:
            thief.document = DocumentKey(93)
        if LOG not in self.keys:
            thief.log.key = private_key(94)
        if FEED not in self.keys:
            thief.feed_signer = THEIRS

    def list_own(self, thief: MemoryPublisher) -> None:
        """List keys of the thief's own from the next version on, where none was stolen."""
        if DOCUMENT not in self.keys:
            thief.rotate_document_key(93)
        if LOG not in self.keys:
            thief.rotate_log_key(94)
        if FEED not in self.keys:
            thief.rotate_feed_key(THEIRS)

    def served(self, thief: MemoryPublisher) -> Mapping[str, bytes]:
        """Return what the host serves: metadata that nobody could sign is the publisher's own."""
        files = dict(thief.files)
        if not self.vouches and not self.tries_a_root:
            files = {path: data for path, data in files.items() if not _is_vouching(path)}
            files |= {path: data for path, data in honest().files.items() if _is_vouching(path)}
        files[tree.CHECKPOINT.path()] = self._witnessed(thief)
        return files

    def _witnessed(self, thief: MemoryPublisher) -> bytes:
        """Let the witness sign a head that continues what it has signed, under the log key that it knows."""
        data, seen = thief.files[tree.CHECKPOINT.path()], honest()
        if data == seen.log.checkpoint():
            return seen.files[tree.CHECKPOINT.path()]
        continues = thief.log.entries[: seen.log.size] == seen.log.entries
        known = thief.log.key.private_bytes_raw() == seen.log.key.private_bytes_raw()
        return cosigned(data) if continues and known else data


def _is_vouching(path: str) -> bool:
    """Tell whether a file is metadata, or the list of head files that metadata vouches for."""
    return path.startswith(("trust/", tree.HEADS.path()))


def cosigned(checkpoint: bytes) -> bytes:
    """Return a checkpoint with the line of the witness below."""
    return cosign(checkpoint, *WITNESS, int(NOW.timestamp()) - 86400)


@functools.cache
def before() -> MemoryPublisher:
    """Return the honest publisher at two versions, whose timestamp has expired since."""
    publisher = MemoryPublisher().publish().publish()
    publisher.add_root(root_keys=ROOT_KEYS, threshold=2)
    publisher.refresh(expires=NOW - dt.timedelta(days=1))
    return publisher


@functools.cache
def honest() -> MemoryPublisher:
    """Return the honest publisher of three versions, with two of three root keys and a witness."""
    publisher = before().copy().publish()
    publisher.files[tree.CHECKPOINT.path()] = cosigned(publisher.files[tree.CHECKPOINT.path()])
    return publisher


def next_version(theft: Theft) -> Mapping[str, bytes]:
    """Publish a version with another vendor in it."""
    thief = theft.begin()
    (theft.list_own if theft.vouches else theft.sign_with_own)(thief)
    thief.publish(subprocessors=EVIL)
    return theft.served(thief)


def another_history(theft: Theft) -> Mapping[str, bytes]:
    """Publish all versions anew, with another one among them."""
    thief = theft.begin()
    theft.sign_with_own(thief)
    if theft.vouches:
        thief.list_keys_from_the_first()
    thief.log = MemoryLog(origin=thief.name, key=thief.log.key)
    thief.registers = []
    thief.publish().publish(subprocessors=EVIL).publish(subprocessors=EVIL)
    return theft.served(thief)


def atom_feed(theft: Theft) -> Mapping[str, bytes]:
    """Say something else in the feed of the newest version."""
    thief, path = theft.begin(), tree.FEED_ATOM.path()
    theft.sign_with_own(thief)
    thief.write_feed(path, put(thief.files[path], b"<entry>", b"<title>Nothing of interest</title><entry>"))
    thief.vouch()
    return theft.served(thief)


def json_feed(theft: Theft) -> Mapping[str, bytes]:
    """Say something else in the JSON Feed of the newest version."""
    thief, path = theft.begin(), tree.FEED_JSON.path()
    theft.sign_with_own(thief)
    thief.write_signed(
        path, put(thief.files[path], b',"version"', b',"title":"Nothing of interest","version"')
    )
    thief.vouch()
    return theft.served(thief)


def list_of_keys(theft: Theft) -> Mapping[str, bytes]:
    """Exchange the list of keys, and sign all versions anew with those that it now has."""
    thief = theft.begin()
    exchange_keys(thief)
    sign_history_anew(thief)
    return theft.served(thief)


def older_version(theft: Theft) -> Mapping[str, bytes]:
    """Show the version before as the newest, and as fresh if that can be signed."""
    thief, begun = before().copy(), theft.begin()
    thief.targets_key, thief.online_key, thief.roots = begun.targets_key, begun.online_key, begun.roots
    thief.files |= {path: data for path, data in begun.files.items() if path.endswith(".root.json")}
    if theft.vouches or ONLINE in theft.keys:
        thief.snapshot_version, thief.timestamp_version = begun.snapshot_version, begun.timestamp_version
    if theft.vouches:
        thief.targets_version = begun.targets_version
        thief.vouch()
    elif ONLINE in theft.keys:
        thief.vouch_snapshot()
    thief.files[tree.CHECKPOINT.path()] = cosigned(thief.files[tree.CHECKPOINT.path()])
    return thief.files


FORGERIES: Mapping[str, Callable[[Theft], Mapping[str, bytes]]] = {
    "a next version": next_version,
    "another history": another_history,
    "the feed": atom_feed,
    "the JSON Feed": json_feed,
    "the list of keys": list_of_keys,
    "an older version": older_version,
}


def customers(state: Path) -> Mapping[str, Options]:
    """Return who looks: one who remembers, a stranger with the root's digest, one who asks for the witness.

    Args:
        state: A folder in which the honest tree is remembered from now on.
    """
    known = digest(honest().files[tree.ROOT.path(1)])
    vkey = format_verifier_key(_VKEY.name, _VKEY.public, _VKEY.algorithm)
    return {
        "remembers": Options(root_sha256=known, state=state, wait=0),
        "stranger": Options(root_sha256=known, wait=0),
        "witness": Options(root_sha256=known, witnesses=(vkey,), cosignatures=1, wait=0),
    }


def look(files: Mapping[str, bytes], options: Options) -> Report:
    """Look at a tree as a customer."""
    return verify("https://register.example/", options, NOW, fetcher=MemoryFetcher(files)).report
