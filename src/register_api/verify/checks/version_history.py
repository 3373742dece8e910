"""Every version in full: entry, proof, files, signatures, diff, order, promises (V13 to V19, V31)."""

from __future__ import annotations

import contextlib

import msgspec

from register_api.core.canonical import Encoded, decode, digest, encode, parse
from register_api.core.diff.changes import Diff
from register_api.core.documents import Entry, FileDigest, KeyList
from register_api.core.format import tree
from register_api.core.format.paths import is_signed as is_signed_path
from register_api.core.format.paths import max_bytes
from register_api.core.instant import format_instant
from register_api.core.model import Register
from register_api.core.patch import apply_patch
from register_api.errors import (
    Forged,
    Inconsistent,
    Malformed,
    Unreachable,
    UntrustedKey,
    VerificationError,
)
from register_api.verify.checks.key_history import continues, read_key_list
from register_api.verify.checks.log import Log, check_bundle, check_older_tiles, first_version
from register_api.verify.checks.recorder import NotApplicable
from register_api.verify.checks.run import Run
from register_api.verify.checks.signatures import check_signatures, is_signed
from register_api.verify.checks.targets import Targets
from register_api.verify.fetcher import MAX_DAMAGED_VERSIONS, check_path

CHECKS = ("V13", "V14", "V15", "V16", "V17", "V18", "V19", "V31")


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version whose files are those that the log names.

    Attributes:
        register: The register.
        data: Its bytes.
        keys: The list of keys as of this version.
        diff: What it changed, where the version before is at hand.
    """

    register: Register
    data: bytes
    keys: Encoded[KeyList] | None
    diff: Diff | None = None


def check_history(run: Run, targets: Targets, log: Log) -> str:
    """Check every version that is asked for, oldest first."""
    first, last = first_version(run), log.size
    if first > last:
        raise NotApplicable(f"all versions up to {last} were checked in full before")
    log.check_root()
    run.expect(last - first + 1)
    walk = _Walk(run, targets, log)
    looked_at = walk.through(first, last)
    if looked_at < last:
        reason = f"stopped at version {looked_at}, after {MAX_DAMAGED_VERSIONS} versions with findings"
        run.leave_out(CHECKS, reason)
    else:
        run.history.checked = (first, last)
    sentence = f"versions {first} to {last}" if first < last else f"version {last}"
    for check in CHECKS:
        run.record.passed(check, sentence)
    return sentence


def check_one(run: Run, targets: Targets, log: Log, version: int) -> tuple[Version | None, str]:
    """Check one version alone, beside the one before it; findings are recorded."""
    log.check_root()
    walk = _Walk(run, targets, log)
    walk.through(version, version)
    for check in CHECKS:
        run.record.passed(check, f"version {version}")
    run.history.checked = (version, version)
    return walk.last, f"version {version}"


class _Walk:
    """Versions checked one after the other.

    Attributes:
        last: The version looked at last, if its files are genuine.
    """

    def __init__(self, run: Run, targets: Targets, log: Log) -> None:
        """Begin before the first."""
        self.last: Version | None = None
        self._run = run
        self._record = run.record
        self._targets = targets
        self._log = log

    def through(self, first: int, last: int) -> int:
        """Check versions; return the last one looked at, which may be before the last one asked for."""
        run = self._run
        self.last = None if first == 1 else self._before(first - 1)
        run.history.promises.begin(first, run.remembered, self.last.register if self.last else None)
        damaged = 0
        for version in range(first, last + 1):
            run.advance(f"version {version}")
            found = len(self._record.errors())
            self.last = self._version(version, self.last)
            damaged += len(self._record.errors()) > found
            if damaged >= MAX_DAMAGED_VERSIONS:
                return version
        return last

    def _before(self, version: int) -> Version | None:
        """Return the version before the first one; its digest is judged by what names it."""
        path = tree.VERSION_REGISTER.path(version)
        with self._record.recording("V16", path):
            data = self._run.get(path)
            return Version(register=decode(data, Register), data=data, keys=self._keys_before(version))
        return None

    def _keys_before(self, version: int) -> Encoded[KeyList] | None:
        """Return the list of keys that the log names for a version which is not looked at otherwise."""
        path = tree.VERSION_KEYS.path(version)
        with self._record.recording("V30", path):
            return self._log.logged_keys(version)
        return None

    def _version(self, version: int, before: Version | None) -> Version | None:
        """Check one version; return it for the next one to build on, if its files are genuine."""
        record, run, log = self._record, self._run, self._log
        with record.recording("V13", tree.VERSION_ENTRY.path(version)):
            data = run.once(tree.VERSION_ENTRY.path(version))
            self._check_holds(version, data)
            entry = log.entry(version, data)
            run.history.published[version] = format_instant(entry.published_at)
            if record.covers("V14"):
                with record.recording("V14"):
                    check_bundle(run, log.size, version, data)
                    check_older_tiles(run, log.size, version)
            with record.recording("V15", tree.VERSION_PROOF.path(version)):
                log.proof(version, data)
            return self._files(entry, before)
        return None

    def _check_holds(self, version: int, data: bytes) -> None:
        """Check that the log holds an entry; one whose own proof is signed is of a second history."""
        try:
            self._log.check_holds(version, data)
        except VerificationError:
            with contextlib.suppress(Unreachable, Malformed, Forged, UntrustedKey, Inconsistent):
                self._log.proof(version, data)
            raise

    def _files(self, entry: Entry, before: Version | None) -> Version | None:
        """Fetch every file that an entry names; then look into register and diff."""
        version, genuine = entry.version, dict[str, bytes]()
        for file in entry.files:
            with self._record.recording("V16", file.path):
                genuine[file.path] = self._genuine(file, version)
        for path in filter(is_signed_path, genuine):
            check_signatures(self._run, self._log.keys_for(version), "V17", path, genuine[path], version)
        data = genuine.get(tree.VERSION_REGISTER.path(version))
        if data is None:
            return None
        keys = self._keys(genuine.get(tree.VERSION_KEYS.path(version)), version, before)
        with self._record.recording("V19", tree.VERSION_REGISTER.path(version)):
            found = Version(register=decode(data, Register), data=data, keys=keys)
            _check_order(found, entry, before)
            diff = self._judge(found, before, genuine.get(tree.VERSION_DIFF.path(version)))
            return msgspec.structs.replace(found, diff=diff)
        return None

    def _keys(self, data: bytes | None, version: int, before: Version | None) -> Encoded[KeyList] | None:
        """Check that a version's list of keys takes back nothing that the one before says (V30)."""
        if data is None:
            return None
        with self._record.recording("V30", tree.VERSION_KEYS.path(version)):
            keys = read_key_list(data, self._log.keys.register, "")
            self._run.disowned.find(keys.document, self._log.keys, version)
            if before is not None and before.keys is not None:
                continues(self._run, self._targets, before.keys, keys, version - 1)
            return keys
        return None

    def _judge(self, found: Version, before: Version | None, data: bytes | None) -> Diff | None:
        """Check the diff of a version (V18), and what it and the register say of changes and notice (V31)."""
        diff = None
        if data is not None and (before is not None or found.register.version == 1):
            with self._record.recording("V18", tree.VERSION_DIFF.path(found.register.version)):
                diff = _check_diff(data, found, before)
                self._run.history.add_diff(found.register, diff, len(data))
        older = None if before is None else before.register
        self._run.history.promises.judge(older, found.register, diff, self._record)
        return diff

    def _genuine(self, file: FileDigest, version: int) -> bytes:
        """Return a file whose digest is that of the entry."""
        check_path(file.path)
        data = self._run.get(file.path)
        if digest(data) == file.sha256:
            if len(data) == file.size:
                return data
            raise Inconsistent("has another length than the log's entry says")
        may_be_signed = is_signed_path(file.path) and max_bytes(file.path) >= len(data)
        if may_be_signed and is_signed(self._run, self._log.keys, file.path, data, version):
            raise Inconsistent("signed by the publisher, but not the file that the log's entry names")
        raise Forged("the digest that the log's entry names does not fit the bytes received")


def _check_order(found: Version, entry: Entry, before: Version | None) -> None:
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


def _check_diff(data: bytes, newer: Version, older: Version | None) -> Diff:
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
