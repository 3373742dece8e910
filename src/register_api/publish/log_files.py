"""The log's files of one publication: tiles, checkpoint, and the new version's proof."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from register_api.core.log import tiles
from register_api.core.log.checkpoint import Checkpoint, format_checkpoint
from register_api.core.log.note import SignatureLine, format_note, make_note_key
from register_api.core.log.proofs import TlogProof, format_proof
from register_api.core.log.tiles import ReadTile, inclusion_proof, root
from register_api.publish.signing.signer import Ed25519Signer

_PARTIAL = ".p/"


class LogFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a new entry adds to the log.

    Attributes:
        root_hash: Root over all entries with the new one, 32 bytes.
        tiles: Every tile and entry bundle that is new, by path.
        checkpoint: The signed checkpoint (C2SP tlog-checkpoint).
        proof: The new entry's C2SP tlog-proof, with that checkpoint in it.
    """

    root_hash: bytes
    tiles: dict[str, bytes]
    checkpoint: bytes
    proof: bytes


def append_entry(origin: str, entry: bytes, size: int, read: ReadTile, signer: Ed25519Signer) -> LogFiles:
    """Append one entry to the log and sign the checkpoint of the larger one."""
    new = tiles.append(size, [entry], read)

    def read_all(path: str) -> bytes:
        return new[path] if path in new else read(path)

    root_hash = root(size + 1, read_all)
    checkpoint = sign_checkpoint(Checkpoint(origin=origin, size=size + 1, root=root_hash), signer)
    hashes = tuple(inclusion_proof(size, size + 1, read_all))
    proof = format_proof(TlogProof(index=size, hashes=hashes, checkpoint=checkpoint))
    return LogFiles(root_hash=root_hash, tiles=new, checkpoint=checkpoint, proof=proof)


def sign_checkpoint(checkpoint: Checkpoint, signer: Ed25519Signer) -> bytes:
    """Return a checkpoint as a signed note (C2SP signed-note), key name = origin."""
    text = format_checkpoint(checkpoint)
    key = make_note_key(checkpoint.origin, signer.public)
    line = SignatureLine(name=key.name, key_id=key.key_id, signature=signer.sign(text.encode()))
    return format_note(text, [line])


def outgrown_tiles(new: Iterable[str], stored: Iterable[str]) -> list[str]:
    """Return the stored partial tiles whose full tile is among the new ones.

    They are no longer needed (C2SP tlog-tiles, Partial Tiles): every reader of a larger log takes
    the full tile.
    """
    full = {path for path in new if _PARTIAL not in path}
    if not full:
        return []
    return [path for path in stored if _PARTIAL in path and path.partition(_PARTIAL)[0] in full]
