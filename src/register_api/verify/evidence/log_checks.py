"""The log in a package: as it was at the version, and as it went on (E10, E11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.format import tree
from register_api.core.keys.key_list import log_key
from register_api.core.log import tile_proofs
from register_api.core.log.checkpoint import Checkpoint, open_checkpoint, peek_size
from register_api.core.log.tlog_proof import parse_proof, verify_proof
from register_api.errors import Forged, Forked, Inconsistent, RolledBack
from register_api.verify.checks.recorder import naming

if TYPE_CHECKING:
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
    path = trusted.copy_path("checkpoint")
    copy, data = contents.get(path), contents.get(tree.CHECKPOINT.path())
    if not trusted.is_target("checkpoint", copy):
        raise Forged(f"{path} has not the digest that the targets metadata gives", path=path)
    if trusted.vouched_part("checkpoint", data) is None:
        raise Forged(f"{tree.CHECKPOINT.path()} is not that file, with or without further signature lines")
    with naming(tree.CHECKPOINT.path()):
        key = log_key(contents.keys, peek_size(data))
        return data, open_checkpoint(data, contents.register.register, [key])


def _root_at(contents: Contents, size: int) -> bytes:
    if size == contents.head.size:
        return contents.head.root
    return tile_proofs.root(size, contents.get, tree_size=contents.head.size)
