"""One version in the log: its bundle, the tiles of its time, its own proof (V14, V15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.format import tree
from register_api.core.keys.key_list import log_key
from register_api.core.log import merkle, tile_proofs, tiles
from register_api.core.log.tlog_proof import parse_proof, verify_proof
from register_api.errors import Document, Forged, Forked, Inconsistent, Malformed

if TYPE_CHECKING:
    from register_api.verify.checks.session import Session


def check_bundle(session: Session, version: int, data: bytes) -> None:
    """Compare an entry with the one in the log's bundle (C2SP tlog-tiles, Entry Bundles)."""
    index, at = divmod(version - 1, tiles.TILE_WIDTH)
    width = min(tiles.TILE_WIDTH, session.checkpoint.size - index * tiles.TILE_WIDTH)
    path = tiles.tile_path("entries", index, width)
    if tiles.entries_in_bundle(session.read_log(path), width)[at] != data:
        raise Forged(f"{path}: entry {version - 1} is not the one in the log", path=path)


def check_older_tiles(session: Session, version: int) -> None:
    """Compare the partial tiles of the size that the log had at a version with those of today.

    They stay until their full tile is there (docs/format.md, The log): customers with an older
    checkpoint read them.
    """
    level, size = 0, session.checkpoint.size
    while version % (1 << (tiles.TILE_HEIGHT * level)) == 0:
        index, width = divmod(version >> (tiles.TILE_HEIGHT * level), tiles.TILE_WIDTH)
        today = (size >> (tiles.TILE_HEIGHT * level)) - index * tiles.TILE_WIDTH
        if 0 < width < today < tiles.TILE_WIDTH:
            kinds: tuple[tiles.Level, ...] = (0, "entries") if level == 0 else (level,)
            for kind in kinds:
                _check_prefix(session, kind, index, width, today)
        level += 1


def _check_prefix(session: Session, kind: tiles.Level, index: int, width: int, today: int) -> None:
    path = tiles.tile_path(kind, index, width)
    data, whole = session.get(path), session.read_log(tiles.tile_path(kind, index, today))
    if kind == "entries":
        tiles.entries_in_bundle(data, width)
    elif len(data) != width * merkle.HASH_BYTES:
        raise Malformed(f"{path} has not the length that its width says", path=path)
    if not whole.startswith(data):
        raise Forged(f"{path} does not hold what the log holds", path=path)


def check_proof(session: Session, version: int, data: bytes) -> None:
    """Check the version's own proof, and that its old checkpoint belongs to this history."""
    proof = parse_proof(session.get(tree.VERSION_PROOF.path(version)))
    keys = [log_key(session.keys, version)]
    old = verify_proof(data, proof, session.register.register, keys)
    if (proof.index, old.size) != (version - 1, version):
        raise Inconsistent(f"a proof of entry {proof.index} at size {old.size}, not of version {version}")
    if tile_proofs.root(version, session.read_log, tree_size=session.checkpoint.size) != old.root:
        raise Forked(
            f"a signed checkpoint of size {version} with another root than the log had at that size",
            documents=[Document.of_checkpoint(old.size, old.root, proof.checkpoint)],
        )
