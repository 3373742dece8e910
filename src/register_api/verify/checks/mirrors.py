"""What is served beside what TUF vouches for: copies, PEM files, discovery, head files (V24 to V26, V34)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator

import msgspec

from register_api.core.canonical import decode, is_digest
from register_api.core.documents import Discovery, FileDigest, HeadFiles, KeyList, RegisterReference
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import LISTED, TARGETS_BY_NAME
from register_api.core.keys.key_list import good_key
from register_api.core.keys.trust_root import open_head
from register_api.core.model import Register
from register_api.errors import (
    Document,
    Forged,
    Forked,
    Inconsistent,
    Malformed,
    RolledBack,
    Unreachable,
    UntrustedKey,
    VerificationError,
)
from register_api.verify.checks.feed_signature import verify_feed_signature
from register_api.verify.checks.feeds import read_atom
from register_api.verify.checks.run import Run
from register_api.verify.checks.signatures import check_signatures, is_signed
from register_api.verify.checks.targets import Targets
from register_api.verify.fetcher import check_path
from register_api.verify.trust.chain import Trusted


def check_key_files(run: Run, keys: KeyList) -> str:
    """Compare every key's PEM file with the list of keys (V24)."""
    for key in keys.keys:
        path = tree.PUBLIC_KEY.path(key.kid)
        with run.record.recording("V24", path):
            if run.get(path) != key.pem.encode():
                raise Forged("not the key that the list of keys gives")
    return f"{len(keys.keys)} files"


def check_discovery(run: Run, trusted: Trusted, register: str) -> str:
    """Check what the discovery document says of this register (V26)."""
    data = run.get(tree.DISCOVERY.path())
    found = [one for one in decode(data, Discovery).registers if one.register == register]
    if not found:
        raise Inconsistent(f"{tree.DISCOVERY.path()} does not name {register!r}")
    for one in found:
        if not (_BASE.fullmatch(one.tree_url) and is_digest(one.root.sha256)):
            raise Malformed(f"{tree.DISCOVERY.path()} gives an address or a digest that is not valid")
        if trusted.roots.get(one.root.version, one.root.sha256) != one.root.sha256:
            raise Inconsistent(f"{tree.DISCOVERY.path()} names another root as version {one.root.version}")
        if _addresses(one) != tuple(one.tree_url + path for path in _DISCOVERED):
            raise Inconsistent(f"{tree.DISCOVERY.path()} names addresses that are not below its base")
    return register


_SEGMENT = r"(?!\.{1,2}/)(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!2[EeFf]|5[Cc])[0-9A-Fa-f]{2})+/"
_BASE = re.compile(rf"\.\./|https?://[A-Za-z0-9.:\[\]-]+/(?:{_SEGMENT})*")
"""Relative to the document, or absolute; nothing that leads up, be it encoded (RFC 3986 section 5.2.4)."""

_DISCOVERED = (tree.REGISTER.path(), tree.FEED_ATOM.path(), tree.TRUST_FOLDER, tree.TARGETS_FOLDER)


def _addresses(one: RegisterReference) -> tuple[str, ...]:
    return one.register_url, one.feed_url, one.trust_url, one.targets_url


CHECK = "V25"


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


def check_head_files(run: Run, targets: Targets, keys: KeyList, newest: Register) -> str:
    """Check the list of head files, and each file that it names (V34)."""
    data = targets.read(tree.HEADS)
    path = tree.HEADS.path()
    listed = decode(data, HeadFiles, max_bytes=tree.HEADS.max_bytes)
    if (listed.register, listed.version) != (newest.register, newest.version):
        raise Inconsistent(f"{path} is not the list of version {newest.version} of {newest.register!r}")
    names = [file.path for file in listed.files]
    if names != sorted(set(names)):
        raise Malformed(f"{path} does not name files in order of path, each once")
    if tree.HEADS not in targets.others:
        check_signatures(run, keys, "V34", path, data, _signed_for(run, keys, data, newest.version))
    run.expect(len(names))
    for file in listed.files:
        run.advance(file.path)
        with run.record.recording("V34", file.path):
            _check_listed(run, file)
    run.unvouched += _unlisted(run, {kind.path() for kind in LISTED if not kind.parameters} - set(names))
    return f"{len(names)} files"


def _signed_for(run: Run, keys: KeyList, data: bytes, newest: int) -> int:
    """Return for which version the list's key has to be good.

    That is the newest one, or the next: between two versions the list may be written anew, when the key
    of the newest version is no longer at hand.
    """
    for version in (newest, newest + 1):
        with contextlib.suppress(UntrustedKey):
            if is_signed(run, keys, tree.HEADS.path(), data, version):
                return version
    return newest


def _check_listed(run: Run, file: FileDigest) -> None:
    """Compare a file, as often as this run has read it, with what the list says."""
    check_path(file.path)
    for sha256, size in run.seen(file.path):
        if sha256 != file.sha256:
            raise Forged(f"not the file that {tree.HEADS.path()} lists")
        if size != file.size:
            raise Inconsistent(f"has another length than {tree.HEADS.path()} says")


def _unlisted(run: Run, paths: Iterable[str]) -> Iterator[str]:
    """Yield what is served although the list does not name it, of files of which there is one.

    That is told and is not a finding: a host may have a ``security.txt`` of its own.
    """
    for path in sorted(paths):
        with contextlib.suppress(Unreachable, Malformed):
            run.get(path)
            yield path
