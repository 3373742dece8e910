"""Compare the log with the saved state, and check each version in full (V10 to V19, V31)."""

from __future__ import annotations

import contextlib

import msgspec

from register_api.core import strict_base64
from register_api.core.canonical import decode, digest, encode, parse
from register_api.core.changes import Diff
from register_api.core.documents import Entry, FileDigest, VersionList
from register_api.core.format import tree
from register_api.core.format.paths import is_signed as is_signed_path
from register_api.core.format.paths import max_bytes
from register_api.core.instant import format_instant
from register_api.core.key_list import disowned_since
from register_api.core.language.language import count
from register_api.core.log import merkle
from register_api.core.model import Register
from register_api.core.patch import apply_patch
from register_api.errors import (
    Forged,
    Forked,
    Inconsistent,
    Malformed,
    RolledBack,
    Unreachable,
    UntrustedKey,
    VerificationError,
)
from register_api.verify.checks.check_table import NotApplicable, naming
from register_api.verify.checks.log import TWO_HISTORIES, read_keys
from register_api.verify.checks.round import Round, Version
from register_api.verify.checks.round import check_continues as check_keys_continue
from register_api.verify.checks.run import check_signatures, is_signed
from register_api.verify.fetcher import MAX_DAMAGED_VERSIONS, check_path

CHECKS = ("V13", "V14", "V15", "V16", "V17", "V18", "V19", "V31")


def check_continues(run: Round) -> str:
    """Check that the log extends the remembered one; fetches at most three tiles (V10)."""
    remembered, log = run.remembered, run.log
    if remembered is None:
        raise NotApplicable("nothing is remembered from an earlier run")
    size = remembered.size
    if log.size < size:
        raise RolledBack(f"the log has {log.size} entries, {size} were seen before")
    if log.size > size:
        log.check_root()
    if remembered.root_hash != log.root_at(size):
        raise Forked(
            f"the log of size {log.size} does not begin with the {size} entries that were seen before",
            hint=TWO_HISTORIES + "".join(f"; {one.origin} began because: {one.text}" for one in log.epochs),
            documents=[log.document],
        )
    return f"size {size} was remembered, and the log of size {log.size} begins with it"


def check_newest(run: Round) -> str:
    """Check that the log contains an entry for the newest register (V11)."""
    targets, register = run.targets, run.register
    if targets.kept(tree.REGISTER) is not None and targets.kept(tree.CHECKPOINT) is not None:
        return "passed when last checked; neither the register nor the log has changed"
    version = register.document.version
    path = tree.VERSION_ENTRY.path(version)
    if run.log.logged_digests(version)[tree.VERSION_REGISTER.path(version)] != register.sha256:
        raise Inconsistent(f"{path} names other bytes than those of {tree.REGISTER.path()}", path=path)
    return f"entry {version - 1} of the log names the register's digest"


def check_versions(run: Round) -> str:
    """Check that the list of versions gives the log's root hash (V12)."""
    if first_version(run) > 1:
        raise NotApplicable("only new versions were checked (history: new)")
    log, data = run.log, run.get(tree.VERSIONS.path())
    check_signatures(run, log.keys, "V12", tree.VERSIONS.path(), data, log.size)
    if run.record.failed("V12"):
        return ""
    with naming(tree.VERSIONS.path()):
        listed = decode(data, VersionList, max_bytes=tree.VERSIONS.max_bytes)
        if listed.register != log.keys.register:
            raise Inconsistent(f"the list of versions of {listed.register!r}")
        if len(listed.versions) != log.size:
            raise Inconsistent(f"{len(listed.versions)} versions listed, {log.size} in the log")
        # Encoded from the parsed JSON, so that unknown fields are hashed too.
        entries = parse(data, max_bytes=tree.VERSIONS.max_bytes)["versions"]
        if merkle.root_hash([merkle.leaf_hash(encode(entry)) for entry in entries]) != log.head.root:
            raise Inconsistent("the list of versions is not the list of entries that the log holds")
    return f"the root {strict_base64.encode(log.head.root)} follows from {count(log.size, 'version')}"


def first_version(run: Round) -> int:
    """Return the first version to check in full."""
    if run.options.history == "new" and run.remembered is not None:
        return run.remembered.checked_version + 1
    return 1


def check_history(run: Round) -> str:
    """Check the requested versions in full, oldest first; for a package, its only version."""
    first, last = (run.version, run.version) if run.version else (first_version(run), run.log.size)
    if first > last:
        raise NotApplicable(f"all versions up to {last} were checked in full before")
    run.log.check_root()
    run.expect(last - first + 1)
    before = None if first == 1 else _before(run, first - 1)
    run.history.begin(first, run.remembered, before.register if before else None)
    damaged, version = 0, first
    for version in range(first, last + 1):
        run.advance(f"version {version}")
        found = len(run.record.errors())
        before = _version(run, version, before)
        damaged += len(run.record.errors()) > found
        if damaged >= MAX_DAMAGED_VERSIONS:
            break
    if version < last:
        reason = f"stopped at version {version}, after {MAX_DAMAGED_VERSIONS} versions with findings"
        run.record.skip(CHECKS, reason)
    else:
        run.history.checked = (first, last)
    sentence = f"versions {first} to {last}" if first < last else f"version {last}"
    for check in CHECKS:
        run.record.succeed(check, sentence)
    run.found = before
    return sentence


def _before(run: Round, version: int) -> Version | None:
    """Return the version before the first one checked; its digest is checked by the version that names it."""
    path = tree.VERSION_REGISTER.path(version)
    with run.record.recording("V16", path):
        data = run.get(path)
        found = Version(register=decode(data, Register), data=data, keys=None)
        with run.record.recording("V30", tree.VERSION_KEYS.path(version)):
            return msgspec.structs.replace(found, keys=run.log.logged_keys(version))
        return found
    return None


def _version(run: Round, version: int, before: Version | None) -> Version | None:
    """Check one version in full; return it if its files match the log."""
    record, log = run.record, run.log
    with record.recording("V13", tree.VERSION_ENTRY.path(version)):
        data = run.get_once(tree.VERSION_ENTRY.path(version))
        try:
            log.check_holds(version, data)
        except VerificationError:
            # If its own proof is signed, it belongs to a second history: ``proof`` raises ``Forked``.
            with contextlib.suppress(Unreachable, Malformed, Forged, UntrustedKey, Inconsistent):
                log.proof(version, data)
            raise
        entry = log.entry(version, data)
        run.history.published[version] = format_instant(entry.published_at)
        if not run.version:  # a package contains only the tiles of its proof
            with record.recording("V14"):
                log.check_bundle(version, data)
                log.check_older_tiles(version)
        with record.recording("V15", tree.VERSION_PROOF.path(version)):
            log.proof(version, data)
        return _files(run, entry, before)
    return None


def _files(run: Round, entry: Entry, before: Version | None) -> Version | None:
    """Fetch and check every file of a version's entry, then its keys, register and diff."""
    record, log, version, genuine = run.record, run.log, entry.version, dict[str, bytes]()
    for file in entry.files:
        with record.recording("V16", file.path):
            genuine[file.path] = _get_logged(run, file, version)
    for path in filter(is_signed_path, genuine):
        check_signatures(run, log.keys_for(version), "V17", path, genuine[path], version)
    data = genuine.get(tree.VERSION_REGISTER.path(version))
    if data is None:
        return None
    keys = None
    if (listed := genuine.get(tree.VERSION_KEYS.path(version))) is not None:
        with record.recording("V30", tree.VERSION_KEYS.path(version)):
            newer = read_keys(listed, log.keys.register, "")
            run.disowned.add(disowned_since(newer.document, log.keys, version))
            if before is not None and before.keys is not None:
                check_keys_continue(run, before.keys, newer, version - 1)
            keys = newer
    with record.recording("V19", tree.VERSION_REGISTER.path(version)):
        found = Version(register=decode(data, Register), data=data, keys=keys)
        _check_order(found, entry, before)
        diff = _judge(run, found, before, genuine.get(tree.VERSION_DIFF.path(version)))
        return msgspec.structs.replace(found, diff=diff)
    return None


def _judge(run: Round, found: Version, before: Version | None, data: bytes | None) -> Diff | None:
    """Check a version's diff (V18), and its changes and notice (V31)."""
    diff = None
    if data is not None and (before is not None or found.register.version == 1):
        with run.record.recording("V18", tree.VERSION_DIFF.path(found.register.version)):
            diff = _check_diff(data, found, before)
            run.history.add_diff(found.register, diff, len(data))
    older = None if before is None else before.register
    run.history.judge(older, found.register, diff, run.record)
    return diff


def _get_logged(run: Round, file: FileDigest, version: int) -> bytes:
    check_path(file.path)
    data = run.get(file.path)
    if digest(data) == file.sha256:
        if len(data) == file.size:
            return data
        raise Inconsistent("has another length than the log's entry says")
    may_be_signed = is_signed_path(file.path) and max_bytes(file.path) >= len(data)
    if may_be_signed and is_signed(run, run.log.keys, file.path, data, version):
        raise Inconsistent("signed by the publisher, but not the file that the log's entry names")
    raise Forged("the digest that the log's entry names does not fit the bytes received")


def _check_order(found: Version, entry: Entry, before: Version | None) -> None:
    register = found.register
    if (register.register, register.version) != (entry.register, entry.version):
        raise Inconsistent(f"states that it is version {register.version} of {register.register!r}")
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


def _check_diff(data: bytes, newer: Version, older: Version | None) -> Diff:
    """Return the diff, if its patch turns the older bytes into the newer ones (V18)."""
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
