"""The checks of a package: whose keys, which documents, which log (E02 to E14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.canonical import decode, digest, encode, parse
from register_api.core.diff.changes import Diff
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.keys.key_growth import check_growth
from register_api.core.keys.key_list import check_keys, log_key
from register_api.core.keys.trust_roles import check_keys_apart
from register_api.core.log import tile_proofs
from register_api.core.log.checkpoint import Checkpoint, open_checkpoint, peek_size
from register_api.core.log.tlog_proof import parse_proof, verify_proof
from register_api.core.model import Register
from register_api.core.patch.apply import apply_patch
from register_api.errors import (
    Forged,
    Forked,
    Inconsistent,
    RolledBack,
    Stale,
    UntrustedKey,
    VerificationError,
)
from register_api.verify.checks.log import check_utc, read_entry
from register_api.verify.checks.mirrors import compare_key_files
from register_api.verify.checks.promise import PromiseHistory
from register_api.verify.checks.recorder import naming
from register_api.verify.checks.signatures import check_signatures
from register_api.verify.checks.witnesses import witnesses_in_words
from register_api.verify.trust import chain
from register_api.verify.trust.start import choose_start

if TYPE_CHECKING:
    from register_api.core.format.kind import FileKind
    from register_api.verify.evidence.contents import Contents


def check_proof(contents: Contents) -> str:
    """Check the version's own proof: the log of that size, signed, holds the entry (E10)."""
    version, path = contents.version, tree.VERSION_PROOF.path(contents.version)
    with naming(path):
        proof = parse_proof(contents.get(path))
        keys = [log_key(contents.keys, version)]
        entry = contents.get(tree.VERSION_ENTRY.path(version))
        log = verify_proof(entry, proof, contents.register.register, keys)
        if (proof.index, log.size) != (version - 1, version):
            raise Inconsistent(f"a proof of entry {proof.index} at size {log.size}")
    contents.log = log
    return f"entry {proof.index} of the log of size {log.size}"


def check_head(contents: Contents) -> str:
    """Check that the newest checkpoint was vouched for and that its log begins with the older one (E11)."""
    contents.head_data, contents.head = _head(contents)
    old, new = contents.log, contents.head
    if new.size < old.size:
        raise RolledBack(f"{tree.CHECKPOINT.path()} is of size {new.size}, older than the version's own")
    if new.size > old.size and tile_proofs.root(new.size, contents.get) != new.root:
        raise Forged("the log's tiles do not give the root hash that the newest checkpoint signs")
    if _root_at(contents, old.size) != old.root:
        raise Forked(
            f"two signed checkpoints, and that of size {new.size} does not continue that of size {old.size}"
        )
    return f"size {new.size}"


def _head(contents: Contents) -> tuple[bytes, Checkpoint]:
    trusted = contents.trusted
    path = trusted.copy_path(tree.CHECKPOINT)
    copy, data = contents.get(path), contents.get(tree.CHECKPOINT.path())
    if not trusted.is_target(tree.CHECKPOINT, copy):
        raise Forged(f"{path} has not the digest that the targets metadata gives", path=path)
    if trusted.vouched_part(tree.CHECKPOINT, data) is None:
        raise Forged(f"{tree.CHECKPOINT.path()} is not that file, with or without further signature lines")
    with naming(tree.CHECKPOINT.path()):
        key = log_key(contents.keys, peek_size(data))
        return data, open_checkpoint(data, contents.register.register, [key])


def _root_at(contents: Contents, size: int) -> bytes:
    if size == contents.head.size:
        return contents.head.root
    return tile_proofs.root(size, contents.get, tree_size=contents.head.size)


def begin(contents: Contents) -> str:
    """Choose the root to begin from (E02)."""
    options = contents.options
    contents.start = choose_start(contents.fetcher, options.root, options.root_sha256, None)
    contents.origin = contents.start.origin
    return f"version {contents.origin.version}, {contents.origin.how}"


def follow_roots(contents: Contents) -> str:
    """Follow the chain of roots to its end (E03)."""
    origin = contents.start.origin
    if contents.files.get(tree.ROOT.path(origin.version)) != contents.start.root:
        raise UntrustedKey(
            f"the root that was given, version {origin.version}, is not in the package's chain",
            hint="give the first root, or its SHA-256, as the contract names it",
        )
    contents.roots = chain.follow_roots(contents.fetcher, contents.start)
    return f"up to version {contents.roots[-1].signed.version}"


def follow_trust(contents: Contents) -> str:
    """Follow the metadata from the newest root to the targets (E04)."""
    contents.trusted = chain.follow_from(contents.fetcher, contents.start, contents.roots, None)
    return f"they vouched until {format_instant(contents.trusted.fresh_until)}"


def check_key_list(contents: Contents) -> str:
    """Read the list of keys that the targets metadata names (E05)."""
    data = _vouched(contents, tree.KEYS)
    with naming(tree.KEYS.path()):
        keys = decode(data, KeyList)
        check_keys(keys)
        check_keys_apart(contents.trusted.root, keys)
    contents.keys = keys
    return f"{len(keys.keys)} keys of {keys.register}"


def _vouched(contents: Contents, kind: FileKind) -> bytes:
    """Return a target; its copy below ``trust/targets/`` has to be the same."""
    for place in (contents.trusted.copy_path(kind), kind.path()):
        data = contents.get(place)
        if not contents.trusted.is_target(kind, data):
            raise Forged(f"{place} has not the digest that the targets metadata gives")
    return data


def check_register(contents: Contents) -> str:
    """Read the register strictly (E06)."""
    path, _ = contents.document_paths()
    data = contents.get(path)
    with naming(path):
        register = decode(data, Register)
        if (register.register, register.version) != (contents.keys.register, contents.version):
            raise Inconsistent(f"says to be version {register.version} of {register.register!r}")
        check_utc(register.published_at)
        before = None if register.previous is None else register.previous.version
        if before != (contents.version - 1 or None):
            raise Inconsistent("does not name the version before")
    contents.register, contents.register_data = register, data
    return f"version {register.version} of {register.register}"


def check_register_signatures(contents: Contents) -> str:
    """Check both signatures of the register (E07)."""
    path, _ = contents.document_paths()
    check_signatures(contents, "E07", path, contents.register_data, contents.version)
    return "as 64 raw bytes and as detached JWS"


def check_diff(contents: Contents) -> str:
    """Check the diff's signatures and both its ends; of version 1 also its patch and its changes (E08).

    Those of a later version need the version before, which the package has not.
    """
    _, path = contents.document_paths()
    data = contents.get(path)
    check_signatures(contents, "E08", path, data, contents.version)
    with naming(path):
        contents.diff = decode(data, Diff)
        _check_ends(contents, contents.diff)
        if contents.version == 1:
            _check_patch(contents, data)
            _check_derived(contents)
            return "as 64 raw bytes and as detached JWS; the patch gives the register, and the changes follow"
    return "as 64 raw bytes and as detached JWS; patch and notice not judged, for want of the version before"


def _check_ends(contents: Contents, diff: Diff) -> None:
    register = contents.register
    ends = (diff.register, diff.newer.version, diff.newer.sha256)
    if ends != (register.register, register.version, digest(contents.register_data)):
        raise Inconsistent("leads to another document than the version's register")
    start = None if diff.older is None else (diff.older.version, diff.older.sha256)
    before = register.previous
    if start != (None if before is None else (before.version, before.sha256)):
        raise Inconsistent("begins at another document than the register names as the one before")


def _check_patch(contents: Contents, data: bytes) -> None:
    try:
        result = encode(apply_patch(None, parse(data)["patch"]))
    except VerificationError as error:
        raise Inconsistent(f"the patch cannot be applied: {error.message}") from error
    if result != contents.register_data:
        raise Inconsistent("the patch does not give the version's register")


def _check_derived(contents: Contents) -> None:
    history = PromiseHistory(None)
    history.judge(None, contents.register, contents.diff, contents.record, "E08")


def check_entry(contents: Contents) -> str:
    """Compare the files with what the log's entry names (E09)."""
    path = tree.VERSION_ENTRY.path(contents.version)
    with naming(path):
        entry = read_entry(contents, contents.version, contents.get(path))
        if entry.published_at != contents.register.published_at:
            raise Inconsistent("names another instant than the register")
    for file in entry.files:
        data = contents.get(file.path)
        if (digest(data), len(data)) != (file.sha256, file.size):
            raise Forged(f"{file.path}: the digest that the log's entry names does not fit")
    _check_logged_keys(contents)
    return f"{len(entry.files)} files"


def _check_logged_keys(contents: Contents) -> None:
    """Check that the list of keys says all that the version's own list says."""
    path = tree.VERSION_KEYS.path(contents.version)
    with naming(path):
        logged = decode(contents.get(path), KeyList)
        check_keys(logged)
        check_growth(logged, contents.keys, contents.version)


def check_times(contents: Contents) -> str:
    """Compare until when the metadata vouched with when the version was published (E12)."""
    published = contents.register.published_at
    for role, expires in contents.trusted.expires.items():
        if expires <= published:
            raise Stale(
                f"the {role} metadata had expired on {expires:%Y-%m-%d}, before the version was published"
            )
    until = contents.trusted.fresh_until
    return f"published at {format_instant(published)}, vouched for until {format_instant(until)}"


def check_key_files(contents: Contents) -> str:
    """Compare every key's PEM file with the list of keys (E13)."""
    return compare_key_files(contents.keys, contents.get, contents.record, "E13")


def check_witnesses(contents: Contents) -> str:
    """Check that the customer's witnesses have cosigned the newest checkpoint (E14)."""
    key = log_key(contents.keys, contents.head.size)
    return witnesses_in_words(contents.head_data, key, contents.options)
