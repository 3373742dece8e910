"""What is served twice: targets at two paths, keys as PEM files, the name in discovery (V24 to V26)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from register_api.core.canonical import decode, is_digest
from register_api.core.documents import Discovery, KeyList, RegisterReference
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.core.keys.key_list import good_key, log_key
from register_api.core.log.checkpoint import open_checkpoint, peek_size
from register_api.core.model import Register
from register_api.errors import (
    Document,
    Forged,
    Forked,
    Inconsistent,
    Malformed,
    RolledBack,
    VerificationError,
)
from register_api.verify.checks.feed_index import read_atom
from register_api.verify.checks.feed_signature import verify_feed_signature
from register_api.verify.checks.recorder import NotApplicable
from register_api.verify.checks.session import COPY_CHECK
from register_api.verify.checks.signatures import is_signed
from register_api.verify.fetch.fetcher import NotServed

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.core.format.kind import FileKind
    from register_api.verify.checks.recorder import Recorder
    from register_api.verify.checks.session import Session


def check_key_files(session: Session) -> str:
    """Compare every key's PEM file with the list of keys (V24)."""
    return compare_key_files(session.keys, session.get, session.record, "V24")


def compare_key_files(keys: KeyList, get: Callable[[str], bytes], record: Recorder, check: str) -> str:
    """Compare every key's PEM file with a list of keys; what differs is recorded under a check."""
    for key in keys.keys:
        path = tree.PUBLIC_KEY.path(key.kid)
        with record.recording(check, path):
            if get(path) != key.pem.encode():
                raise Forged("not the key that the list of keys gives")
    return f"{len(keys.keys)} files"


def check_copies(session: Session) -> str:
    """Judge public files that are not the targets, and look at the targets' copies (V25)."""
    for kind, data in session.other_copies.items():
        with session.record.recording(COPY_CHECK, kind.path()):
            _judge(session, kind, data)
    if session.options.newest_alone:
        if any(map(session.kept, TARGETS_BY_NAME.values())):
            return "the public paths of what had changed; what an earlier run kept was not fetched"
        return "the public paths; the copies below /trust/targets/ were not asked for"
    for kind in TARGETS_BY_NAME.values():
        if kind not in session.other_copies:
            with session.record.recording(COPY_CHECK):
                session.target_copy(kind)
    return f"{len(TARGETS_BY_NAME)} targets"


def _judge(session: Session, kind: FileKind, data: bytes) -> None:
    """Raise what a file stands for that is not the target: forged, old, or too new."""
    version = session.register.version
    try:
        found = _JUDGES.get(kind, _judge_other)(session, data)
    except (Forked, RolledBack):
        raise
    except VerificationError as error:
        raise Forged("the digest that the targets metadata gives does not fit the bytes received") from error
    if found < version:
        raise RolledBack(f"that of version {found}, while version {version} is vouched for")
    raise Inconsistent("genuine, but not the file that the targets metadata names")


def _judge_register(session: Session, data: bytes) -> int:
    """Return a register's version, if it is what was published under that number."""
    version = decode(data, Register).version
    if session.get(tree.VERSION_REGISTER.path(version)) != data:
        raise Forged("not a version that is served")
    if not is_signed(session, tree.VERSION_REGISTER.path(version), data, version):
        raise Forged("not signed")
    return version


def _judge_checkpoint(session: Session, data: bytes) -> int:
    key = log_key(session.keys, peek_size(data))
    other = open_checkpoint(data, session.register.register, [key])
    mine = open_checkpoint(
        session.target_copy(tree.CHECKPOINT),
        session.register.register,
        [log_key(session.keys, session.register.version)],
    )
    if other.size == mine.size and other.root != mine.root:
        second = Forked(
            f"a second root for the size {other.size}, also signed",
            documents=[Document.of_checkpoint(other.size, other.root, data)],
        )
        raise second.of_file(tree.CHECKPOINT.path())
    return other.size


def _judge_feed(session: Session, data: bytes) -> int:
    """Return the newest version that a feed names, if the signature beside it fits."""
    newest = max(read_atom(data, session.register.register).versions, default=0)

    def find_key(kid: str) -> str:
        return good_key(session.keys, "feed", kid, newest).pem

    signature = session.get(tree.XML_SIGNATURE.of(tree.FEED_ATOM.path()))
    verify_feed_signature(data, signature, tree.FEED_ATOM.path(), find_key)
    return newest


def _judge_keys(session: Session, data: bytes) -> int:
    """Never return: nothing vouches for a list of keys but the targets metadata."""
    keys = decode(data, KeyList)
    known = {key.kid: key for key in session.keys.keys}
    for key in keys.keys:
        mine = known.get(key.kid)
        if mine is None or key not in (mine, msgspec.structs.replace(mine, last_version=None, ended=None)):
            raise Forged("not the list of keys that is vouched for")
    raise RolledBack("a list without the newest keys or without the ends of older ones")


def _judge_other(_session: Session, _data: bytes) -> int:
    """Never return: of other targets, nothing tells an old one from a forged one."""
    raise Forged("not what is vouched for")


_JUDGES = {
    tree.REGISTER: _judge_register,
    tree.CHECKPOINT: _judge_checkpoint,
    tree.FEED_ATOM: _judge_feed,
    tree.KEYS: _judge_keys,
}


def check_discovery(session: Session) -> str:
    """Check what the discovery document says of this register, if there is one (V26)."""
    try:
        data = session.get(tree.DISCOVERY.path())
    except NotServed as error:
        raise NotApplicable("there is no discovery document at this address") from error
    found = [one for one in decode(data, Discovery).registers if one.register == session.register.register]
    if not found:
        raise Inconsistent(f"{tree.DISCOVERY.path()} does not name {session.register.register!r}")
    for one in found:
        if not (_BASE.fullmatch(one.tree_url) and is_digest(one.root.sha256)):
            raise Malformed(f"{tree.DISCOVERY.path()} gives an address or a digest that is not valid")
        if session.trusted.roots.get(one.root.version, one.root.sha256) != one.root.sha256:
            raise Inconsistent(f"{tree.DISCOVERY.path()} names another root as version {one.root.version}")
        if _addresses(one) != tuple(one.tree_url + path for path in _DISCOVERED):
            raise Inconsistent(f"{tree.DISCOVERY.path()} names addresses that are not below its base")
    return session.register.register


_SEGMENT = r"(?!\.{1,2}/)(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!2[EeFf]|5[Cc])[0-9A-Fa-f]{2})+/"
_BASE = re.compile(rf"\.\./|https?://[A-Za-z0-9.:\[\]-]+/(?:{_SEGMENT})*")
"""Relative to the document, or absolute; nothing that leads up, be it encoded (RFC 3986 section 5.2.4)."""

_DISCOVERED = (tree.REGISTER.path(), tree.FEED_ATOM.path(), tree.TRUST_FOLDER, tree.TARGETS_FOLDER)


def _addresses(one: RegisterReference) -> tuple[str, ...]:
    return one.register_url, one.feed_url, one.trust_url, one.targets_url
