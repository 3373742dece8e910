"""Every version in full: entry, proof, files, signatures, diff, order, promises (V13 to V19, V31)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core.canonical import Encoded, decode, digest, encode, parse
from register_api.core.diff.changes import Diff
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.paths import is_signed as is_signed_path
from register_api.core.format.paths import max_bytes
from register_api.core.instant import format_instant
from register_api.core.model import Register
from register_api.core.patch.write import apply_patch
from register_api.errors import Forged, Inconsistent, VerificationError
from register_api.verify.checks import history_log
from register_api.verify.checks.key_history import continues, read_key_list
from register_api.verify.checks.log import (
    check_in_log,
    check_root,
    first_version,
    logged_digests,
    read_entry,
)
from register_api.verify.checks.recorder import NotApplicable
from register_api.verify.checks.signatures import check_signatures, is_signed
from register_api.verify.fetch.fetcher import MAX_DAMAGED_VERSIONS, check_path
from register_api.verify.result import VersionsRead

if TYPE_CHECKING:
    from register_api.core.documents import Entry, FileDigest
    from register_api.verify.checks.session import Session

CHECKS = ("V13", "V14", "V15", "V16", "V17", "V18", "V19", "V31")


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version whose files are those that the log names."""

    register: Register
    data: bytes
    keys: Encoded[KeyList] | None


def check_history(session: Session) -> str:
    """Check every version that is asked for, oldest first.

    Raises:
        NotApplicable: There is no version that has not been checked before.
        VerificationError: The log's tiles do not give its root.
    """
    first, last = first_version(session), session.checkpoint.size
    if first > last:
        raise NotApplicable(f"all versions up to {last} were checked in full before")
    check_root(session)
    if first == 1:
        session.versions_read = VersionsRead()
    session.expect(last - first + 1)
    looked_at = _walk(session, first, last)
    if looked_at < last:
        _stop(session, looked_at)
    else:
        session.versions_checked = (first, last)
    sentence = f"versions {first} to {last}" if first < last else f"version {last}"
    for check in CHECKS:
        session.record.passed(check, sentence)
    return sentence


def check_one(session: Session, version: int) -> None:
    """Check one version alone, with the one before it as far as needed; findings are recorded."""
    with session.record.recording("V13"):
        check_root(session)
        _walk(session, version, version)
        session.versions_checked = (version, version)
        for check in CHECKS:
            session.record.passed(check, f"version {version}")


def _stop(session: Session, looked_at: int) -> None:
    """Say of checks without a finding that they were not made for every version."""
    for check in CHECKS:
        reason = f"stopped at version {looked_at}, after {MAX_DAMAGED_VERSIONS} versions with findings"
        session.record.skip(check, reason)


def _walk(session: Session, first: int, last: int) -> int:
    """Check versions one after the other; return the last one looked at."""
    before = _before(session, first)
    session.promises.begin(first, session.remembered, before.register if before else None)
    damaged = 0
    for version in range(first, last + 1):
        session.advance(f"version {version}")
        found = len(session.record.errors())
        before = _check_version(session, version, before)
        damaged += len(session.record.errors()) > found
        if damaged >= MAX_DAMAGED_VERSIONS:
            return version
    return last


def _before(session: Session, first: int) -> _Version | None:
    """Return the version before the first one; its digest is judged by what names it."""
    if first == 1:
        return None
    with session.record.recording("V16", tree.VERSION_REGISTER.path(first - 1)):
        data = session.get(tree.VERSION_REGISTER.path(first - 1))
        return _Version(register=decode(data, Register), data=data, keys=_keys_before(session, first - 1))
    return None


def _keys_before(session: Session, version: int) -> Encoded[KeyList] | None:
    """Return the list of keys that the log names for a version which is not looked at otherwise."""
    path = tree.VERSION_KEYS.path(version)
    with session.record.recording("V30", path):
        data = session.get(path)
        if digest(data) != logged_digests(session, version)[path]:
            raise Forged("the digest that the log's entry names does not fit the bytes received")
        return read_key_list(session, data, "")
    return None


def _check_version(session: Session, version: int, before: _Version | None) -> _Version | None:
    """Check one version; return it for the next one to build on, if its files are genuine."""
    record, path = session.record, tree.VERSION_ENTRY.path(version)
    with record.recording("V13", path):
        data = session.read_log(path)
        check_in_log(session, version, data)
        entry = read_entry(session, version, data)
        session.published[version] = format_instant(entry.published_at)
        with record.recording("V14"):
            history_log.check_bundle(session, version, data)
            history_log.check_older_tiles(session, version)
        with record.recording("V15", tree.VERSION_PROOF.path(version)):
            history_log.check_proof(session, version, data)
        return _check_files(session, entry, before)
    return None


def _check_files(session: Session, entry: Entry, before: _Version | None) -> _Version | None:
    """Fetch every file that an entry names; then look into register and diff."""
    version, genuine = entry.version, dict[str, bytes]()
    for file in entry.files:
        with session.record.recording("V16", file.path):
            genuine[file.path] = _genuine(session, file, version)
    for path in filter(is_signed_path, genuine):
        check_signatures(session, "V17", path, genuine[path], version)
    data = genuine.get(tree.VERSION_REGISTER.path(version))
    if data is None:
        return None
    keys = _check_keys(session, genuine.get(tree.VERSION_KEYS.path(version)), version, before)
    with session.record.recording("V19", tree.VERSION_REGISTER.path(version)):
        found = _Version(register=decode(data, Register), data=data, keys=keys)
        _check_order(found, entry, before)
        _judge(session, found, before, genuine.get(tree.VERSION_DIFF.path(version)))
        return found
    return None


def _check_keys(
    session: Session, data: bytes | None, version: int, before: _Version | None
) -> Encoded[KeyList] | None:
    """Check that a version's list of keys takes back nothing that the one before says (V30)."""
    if data is None:
        return None
    with session.record.recording("V30", tree.VERSION_KEYS.path(version)):
        keys = read_key_list(session, data, "")
        if before is not None and before.keys is not None:
            continues(session, before.keys, keys, version - 1)
        return keys
    return None


def _judge(session: Session, found: _Version, before: _Version | None, data: bytes | None) -> None:
    """Check the diff of a version (V18), and what it and the register say of changes and notice (V31)."""
    diff = None
    if data is not None and (before is not None or found.register.version == 1):
        with session.record.recording("V18", tree.VERSION_DIFF.path(found.register.version)):
            diff = _check_diff(data, found, before)
            session.versions_read.add_diff(found.register, diff, len(data))
    older = None if before is None else before.register
    session.promises.judge(older, found.register, diff, session.record)


def _genuine(session: Session, file: FileDigest, version: int) -> bytes:
    """Return a file whose digest is that of the entry."""
    check_path(file.path)
    data = session.get(file.path)
    if digest(data) == file.sha256:
        if len(data) == file.size:
            return data
        raise Inconsistent("has another length than the log's entry says")
    may_be_signed = is_signed_path(file.path) and max_bytes(file.path) >= len(data)
    if may_be_signed and is_signed(session, file.path, data, version):
        raise Inconsistent("signed by the publisher, but not the file that the log's entry names")
    raise Forged("the digest that the log's entry names does not fit the bytes received")


def _check_order(found: _Version, entry: Entry, before: _Version | None) -> None:
    """Check number, name, instant and the digest of the version before (V19)."""
    register = found.register
    if (register.register, register.version) != (entry.register, entry.version):
        raise Inconsistent(f"says to be version {register.version} of {register.register!r}")
    if register.published_at != entry.published_at:
        raise Inconsistent("published at another instant than the log's entry says")
    if register.version == 1:
        if register.previous is not None:
            raise Inconsistent("the first version names one before it")
        return
    if register.previous is None or register.previous.version != register.version - 1:
        raise Inconsistent(f"does not name version {register.version - 1} as the one before")
    if before is None:
        return
    if register.previous.sha256 != digest(before.data):
        raise Inconsistent(f"names another version {register.version - 1} than the one served")
    if register.published_at <= before.register.published_at:
        raise Inconsistent(f"not published after version {register.version - 1}")


def _check_diff(data: bytes, newer: _Version, older: _Version | None) -> Diff:
    """Check that the patch turns the older bytes into the newer ones (V18); return the diff."""
    document = parse(data)
    diff = decode(data, Diff)
    if (diff.register, diff.newer.version, diff.newer.sha256) != (
        newer.register.register,
        newer.register.version,
        digest(newer.data),
    ):
        raise Inconsistent("leads to another document than the version's register")
    expected = None if older is None else (older.register.version, digest(older.data))
    if expected != (None if diff.older is None else (diff.older.version, diff.older.sha256)):
        raise Inconsistent("begins at another document than the version before")
    try:
        result = encode(apply_patch(None if older is None else parse(older.data), document["patch"]))
    except VerificationError as error:
        raise Inconsistent(f"the patch cannot be applied: {error.message}") from error
    if result != newer.data:
        raise Inconsistent("the patch does not give the version's register")
    return diff
