"""The log as a whole: continues what was seen, holds the newest version, gives its root (V10 to V12)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Protocol

from register_api.core import strict_base64
from register_api.core.canonical import decode, digest, encode, is_digest, parse
from register_api.core.documents import MAX_ENTRY_BYTES, Entry, VersionList
from register_api.core.format import tree
from register_api.core.format.paths import FILES, max_bytes
from register_api.core.log import merkle, tile_proofs
from register_api.errors import Document, Forged, Forked, Inconsistent, Malformed, RolledBack
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.checks.signatures import check_signatures

if TYPE_CHECKING:
    from register_api.core.log.checkpoint import Checkpoint
    from register_api.core.model import Register
    from register_api.verify.checks.session import Session


class Named(Protocol):
    """Whatever knows which register it is about."""

    register: Register


def check_continues(session: Session) -> str:
    """Compare the log with the remembered one, by at most three tiles (V10)."""
    if session.remembered is None:
        raise NotApplicable("nothing is remembered from an earlier run")
    old_size, old_root = session.remembered.size, session.remembered.root_hash
    log = session.checkpoint
    if log.size < old_size:
        raise RolledBack(f"the log has {log.size} entries, {old_size} were seen before")
    if log.size > old_size:
        check_root(session)
    if old_root != root_at(session, old_size):
        raise Forked(
            f"the log of size {log.size} does not begin with the {old_size} entries that were seen before",
            hint="both checkpoints are signed: keep them, and ask the publisher which history holds",
            documents=[Document.of_checkpoint(log.size, log.root, session.checkpoint_data)],
        )
    return f"size {old_size} was remembered, and the log of size {log.size} begins with it"


def root_at(session: Session, size: int) -> bytes:
    """Return the root that the log had at a size; its tiles are known to give its own root."""
    if size == session.checkpoint.size:
        return session.checkpoint.root
    return tile_proofs.root(size, session.read_log, tree_size=session.checkpoint.size)


def check_root(session: Session) -> None:
    """Check that the tiles give the root that is signed.

    Raises:
        Forged: They give another one.
        VerificationError: A tile cannot be had or has the wrong form.
    """
    log = session.checkpoint
    if tile_proofs.root(log.size, session.read_log) != log.root:
        raise Forged("the log's tiles do not give the root hash that the checkpoint signs")


def check_newest(session: Session) -> str:
    """Check that the log holds an entry that names the newest register (V11)."""
    if session.kept(tree.REGISTER) is not None and session.kept(tree.CHECKPOINT) is not None:
        return "held when it was checked before; neither the register nor the log has changed"
    version = session.register.version
    path = tree.VERSION_ENTRY.path(version)
    if logged_digests(session, version)[tree.VERSION_REGISTER.path(version)] != digest(session.register_data):
        raise Inconsistent(f"{path} names other bytes than those of {tree.REGISTER.path()}", path=path)
    return f"entry {version - 1} of the log names the register's digest"


def logged_digests(session: Session, version: int) -> dict[str, str]:
    """Return the digest of each file that the log's entry of a version names, by path.

    Raises:
        VerificationError: The entry is not in the log, or not of the form.
    """
    path = tree.VERSION_ENTRY.path(version)
    data = session.read_log(path)
    with naming(path):
        check_in_log(session, version, data)
        return {file.path: file.sha256 for file in read_entry(session, version, data).files}


def check_in_log(session: Session, version: int, data: bytes) -> None:
    """Check that the log holds bytes as the entry of a version."""
    log: Checkpoint = session.checkpoint
    proof = tile_proofs.inclusion_proof(version - 1, log.size, session.read_log)
    merkle.verify_inclusion(merkle.leaf_hash(data), version - 1, log.size, proof, log.root)


def read_entry(session: Named, version: int, data: bytes) -> Entry:
    """Read a log entry and check that it is of a version and names what each has (``in_entry``)."""
    entry = decode(data, Entry, max_bytes=MAX_ENTRY_BYTES)
    if (entry.register, entry.version) != (session.register.register, version):
        raise Inconsistent(f"the entry of version {entry.version} of {entry.register!r}")
    check_utc(entry.published_at)
    paths = [file.path for file in entry.files]
    own = tree.VERSION_FOLDER.format(version=version)
    if paths != sorted(set(paths)) or not all(path.startswith(own) for path in paths):
        raise Malformed("an entry whose files are not the version's own, each once, in order")
    if missing := {kind.path(version) for kind in FILES if kind.in_entry} - set(paths):
        raise Malformed(f"an entry that does not name {' and '.join(sorted(missing))}")
    if not all(is_digest(file.sha256) for file in entry.files):
        raise Malformed("an entry with a digest that is not 64 lower-case hex digits")
    return entry


def check_utc(instant: dt.datetime) -> None:
    """Check that an instant is in UTC, as the format has it; others cannot always be compared."""
    if instant.utcoffset() != dt.timedelta():
        raise Malformed("an instant that is not in UTC")


def check_versions(session: Session) -> str:
    """Compute the log's root from the list of versions (V12)."""
    if first_version(session) > 1:
        raise NotApplicable("only new versions were looked at (history: new)")
    data = session.get(tree.VERSIONS.path())
    check_signatures(session, "V12", tree.VERSIONS.path(), data, session.register.version)
    if session.record.failed("V12"):
        return ""
    with naming(tree.VERSIONS.path()):
        _check_list(session, data)
    log = session.checkpoint
    return f"{log.size} entries give the root {strict_base64.encode(log.root)}"


def _check_list(session: Session, data: bytes) -> None:
    listed = decode(data, VersionList, max_bytes=max_bytes(tree.VERSIONS.path()))
    if listed.register != session.register.register:
        raise Inconsistent(f"the list of versions of {listed.register!r}")
    if len(listed.versions) != session.checkpoint.size:
        raise Inconsistent(f"{len(listed.versions)} versions listed, {session.checkpoint.size} in the log")
    # Encoded from what was parsed, so that fields this reader does not know count as well.
    entries = parse(data, max_bytes=max_bytes(tree.VERSIONS.path()))["versions"]
    if merkle.root_hash([merkle.leaf_hash(encode(entry)) for entry in entries]) != session.checkpoint.root:
        raise Inconsistent("the list of versions is not the list of entries that the log holds")


def first_version(session: Session) -> int:
    """Return the first version that is to be checked in full."""
    if session.options.history == "new" and session.remembered is not None:
        return session.remembered.checked_version + 1
    return 1
