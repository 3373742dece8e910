"""The files that TUF vouches for, as everybody is served them, and what else lies in their place (V25)."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from register_api.core.canonical import decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.core.keys.key_list import good_key
from register_api.core.keys.trust_root import open_head
from register_api.core.model import Register
from register_api.errors import Document, Forged, Forked, Inconsistent, RolledBack, VerificationError
from register_api.verify.checks.feed_index import read_atom
from register_api.verify.checks.feed_signature import verify_feed_signature
from register_api.verify.checks.run import Run
from register_api.verify.checks.signatures import is_signed
from register_api.verify.trust.chain import Trusted

CHECK = "V25"


class Targets:
    """The files that the targets metadata names.

    Attributes:
        trusted: What TUF vouches for.
        others: What lies at the public path of a target and is not the target, by its kind.
        checkpoint: The checkpoint as it is served: the target, with further signature lines below it.
    """

    def __init__(self, run: Run, trusted: Trusted) -> None:
        """Begin with nothing read."""
        self.trusted = trusted
        self.others: dict[FileKind, bytes] = {}
        self.checkpoint: bytes | None = None
        self._run = run

    def kept(self, kind: FileKind) -> bytes | None:
        """Return a target as an earlier run kept it, if it is still the one that is vouched for.

        Only a quick run goes by this; others also look at what everybody is served.
        """
        if not self._run.options.quick or self._run.remembered is None:
            return None
        data = self._run.remembered.kept.get(kind.target_name)
        return data if data is not None and self.trusted.is_target(kind, data) else None

    def read(self, kind: FileKind) -> bytes:
        """Return the bytes of a target: as kept, else from its public path, else from its copy.

        Where witnesses are asked for, the public checkpoint is looked at in any case: they may have
        signed it since it was kept.
        """
        kept = self.kept(kind)
        if kept is not None and not (kind is tree.CHECKPOINT and self._run.options.asks_for_witnesses):
            return kept
        with self._run.record.recording(CHECK, kind.path()):
            data = self._run.get(kind.path())
            if (vouched := self.trusted.vouched_part(kind, data)) is not None:
                self.checkpoint = data if kind is tree.CHECKPOINT else self.checkpoint
                return vouched
            self.others[kind] = data
        return self.copy(kind) if kept is None else kept

    def copy(self, kind: FileKind) -> bytes:
        """Return a target's copy below ``/trust/targets/``."""
        path = self.trusted.copy_path(kind)
        data = self._run.get(path)
        if not self.trusted.is_target(kind, data):
            raise Forged(f"{path} has not the digest that the targets metadata gives", path=path)
        return data


def check_copies(run: Run, targets: Targets, keys: KeyList, newest: int, kinds: Collection[FileKind]) -> str:
    """Judge public files that are not the targets, and look at targets' copies (V25)."""
    for kind, data in targets.others.items():
        with run.record.recording(CHECK, kind.path()):
            _OtherFile(run, targets, keys, newest).judge(kind, data)
    for kind in kinds:
        if kind not in targets.others:
            with run.record.recording(CHECK):
                targets.copy(kind)
    if kinds:
        return f"{len(kinds)} targets"
    if any(map(targets.kept, TARGETS_BY_NAME.values())):
        return "the public paths of what had changed; what an earlier run kept was not fetched"
    return "the public paths; the copies below /trust/targets/ were not asked for"


class _OtherFile:
    """What a file stands for that lies in a target's place: forged, old, or too new."""

    def __init__(self, run: Run, targets: Targets, keys: KeyList, newest: int) -> None:
        """Take what is vouched for."""
        self._run = run
        self._targets = targets
        self._keys = keys
        self._newest = newest

    def judge(self, kind: FileKind, data: bytes) -> None:
        """Raise what it stands for."""
        judges = {
            tree.REGISTER: self._register,
            tree.CHECKPOINT: self._checkpoint,
            tree.FEED_ATOM: self._feed,
            tree.KEYS: self._key_list,
        }
        try:
            found = judges.get(kind, self._unknown)(data)
        except (Forked, RolledBack):
            raise
        except VerificationError as error:
            raise Forged(
                "the digest that the targets metadata gives does not fit the bytes received"
            ) from error
        if found < self._newest:
            raise RolledBack(f"that of version {found}, while version {self._newest} is vouched for")
        raise Inconsistent("genuine, but not the file that the targets metadata names")

    def _register(self, data: bytes) -> int:
        """Return a register's version, if it is what was published under that number."""
        version = decode(data, Register).version
        path = tree.VERSION_REGISTER.path(version)
        if self._run.get(path) != data:
            raise Forged("not a version that is served")
        if not is_signed(self._run, self._keys, path, data, version):
            raise Forged("not signed")
        return version

    def _checkpoint(self, data: bytes) -> int:
        other = open_head(data, self._keys)
        mine = open_head(self._targets.copy(tree.CHECKPOINT), self._keys, self._newest)
        if other.size == mine.size and other.root != mine.root:
            second = Forked(
                f"a second root for the size {other.size}, also signed",
                documents=[Document.of_checkpoint(other.size, other.root, data)],
            )
            raise second.of_file(tree.CHECKPOINT.path())
        return other.size

    def _feed(self, data: bytes) -> int:
        """Return the newest version that a feed names, if the signature beside it fits."""
        newest = max((told.version for told in read_atom(data, self._keys.register)), default=0)

        def find_key(kid: str) -> str:
            return good_key(self._keys, "feed", kid, newest).pem

        signature = self._run.get(tree.XML_SIGNATURE.of(tree.FEED_ATOM.path()))
        verify_feed_signature(data, signature, tree.FEED_ATOM.path(), find_key)
        return newest

    def _key_list(self, data: bytes) -> int:
        """Never return: nothing vouches for a list of keys but the targets metadata."""
        known = {key.kid: key for key in self._keys.keys}
        for key in decode(data, KeyList).keys:
            mine = known.get(key.kid)
            if mine is None or key not in (
                mine,
                msgspec.structs.replace(mine, last_version=None, ended=None),
            ):
                raise Forged("not the list of keys that is vouched for")
        raise RolledBack("a list without the newest keys or without the ends of older ones")

    def _unknown(self, _data: bytes) -> int:
        """Never return: of other targets, nothing tells an old one from a forged one."""
        raise Forged("not what is vouched for")
