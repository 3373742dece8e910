"""Targets: notes, checkpoints, cosignatures, verifier keys, proofs, tiles, and comparing checkpoints."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from fuzz.target import Target, documented
from memory_log import MemoryLog, cosign, private_key, witness_key
from register_api.core import strict_base64
from register_api.core.log import checkpoint, merkle, note, proofs, tiles
from register_api.errors import Malformed
from register_api.verify.compare import NamedCheckpoint, compare_checkpoints
from vectors_of_others import vector_bytes

if TYPE_CHECKING:
    from register_api.core.log.note import NoteKey

SIZE = 300
"""Entries of the log that the examples come from: a full tile and a partial one."""

WITNESS = "witness.example"

TOKENS = (
    "— ".encode(),
    b"\n\n",
    b"\n",
    b"+",
    b" ",
    b"7\n",
    b"index ",
    b"extra ",
    b"AAAA",
    b"=",
    "—".encode(),
    b"c2sp.org/tlog-proof@v1\n",
    b"cosignature/v1\n",
)


@functools.cache
def grown_log() -> MemoryLog:
    """Return the log that the examples come from."""
    return MemoryLog().grow(SIZE)


def _cosigned() -> bytes:
    return cosign(grown_log().checkpoint(), WITNESS, private_key(9), 1_760_000_000)


def _notes() -> tuple[bytes, ...]:
    others = ("c2sp-note.txt", "c2sp-checkpoint.txt", "c2sp-cosigned-checkpoint.txt", "sumdb-note.txt")
    return (grown_log().checkpoint(), _cosigned(), *map(vector_bytes, others))


def _verifier_keys() -> tuple[bytes, ...]:
    log, witness = grown_log().note_key, witness_key(WITNESS, private_key(9))
    return tuple(_verifier_key(key) for key in (log, witness))


def _verifier_key(key: NoteKey) -> bytes:
    return note.format_verifier_key(key.name, key.public, key.algorithm).encode()


def _open_checkpoint(data: bytes) -> checkpoint.Checkpoint:
    log = grown_log()
    return checkpoint.open_checkpoint(data, log.origin, [log.note_key])


def _is_ours(_data: bytes, found: checkpoint.Checkpoint) -> None:
    """Check that nothing but what the log has signed is believed."""
    assert (found.size, found.root) == (SIZE, grown_log().reference_root()), "a checkpoint nobody signed"


def _verify_proof(data: bytes) -> int:
    log = grown_log()
    proof = proofs.parse_proof(data)
    proofs.verify_proof(log.entries[41], proof, log.origin, [log.note_key])
    return proof.index


def _is_entry_41(_data: bytes, index: int) -> None:
    assert index == 41, "a proof of another place"


def _root_from_tiles(data: bytes) -> bytes:
    """Compute the root of the log with one tile replaced: the full one of level 0."""
    log = grown_log()
    path = tiles.tile_path(0, 0)
    return tiles.root(255, lambda asked: data if asked == path else log.read(asked), tree_size=SIZE)


def _is_root_of_those(data: bytes, root: bytes) -> None:
    full = tiles.TILE_WIDTH * merkle.HASH_BYTES
    assert len(data) == full, "a tile of another length was taken"
    hashes = [data[at : at + merkle.HASH_BYTES] for at in range(0, full, merkle.HASH_BYTES)]
    assert root == merkle.root_hash(hashes[:255]), "another root than the hashes have"


def _bundle(data: bytes) -> list[bytes]:
    return tiles.entries_in_bundle(data, SIZE - tiles.TILE_WIDTH)


def _join_bundle(entries: list[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def _verify_cosignatures(data: bytes) -> tuple[checkpoint.Cosignature, ...]:
    return checkpoint.verify_cosignatures(data, [witness_key(WITNESS, private_key(9))])


def _compare(data: bytes) -> None:
    """Compare what was handed in with a good checkpoint; findings are collected, never raised."""
    given = [
        NamedCheckpoint(name="theirs", data=data),
        NamedCheckpoint(name="ours", data=grown_log().checkpoint()),
    ]
    report = compare_checkpoints(given, [grown_log().note_key], None, None)
    if report.exit_code:
        raise Malformed("they do not belong together")


TARGETS = (
    Target(
        name="signed note",
        parse=note.parse_note,
        refusals=documented(note.parse_note),
        seeds=_notes,
        tokens=TOKENS,
        printer=lambda found: note.format_note(found.text, found.signatures),
    ),
    Target(
        name="checkpoint, its text",
        parse=lambda data: checkpoint.parse_checkpoint(data.decode("utf-8", "replace")),
        refusals=documented(checkpoint.parse_checkpoint),
        seeds=lambda: tuple(data.partition(b"\n\n")[0] + b"\n" for data in _notes()[:4]),
        tokens=TOKENS,
        check=lambda data, found: _same_text(checkpoint.format_checkpoint(found), data),
    ),
    Target(
        name="checkpoint, verified",
        parse=_open_checkpoint,
        refusals=documented(checkpoint.open_checkpoint),
        seeds=lambda: _notes()[:4],
        tokens=TOKENS,
        check=_is_ours,
    ),
    Target(
        name="checkpoints compared",
        parse=_compare,
        refusals=(Malformed,),
        seeds=lambda: (grown_log().checkpoint(), MemoryLog().grow(3).checkpoint()),
        tokens=TOKENS,
    ),
    Target(
        name="cosignatures",
        parse=_verify_cosignatures,
        refusals=documented(checkpoint.verify_cosignatures),
        seeds=lambda: (_cosigned(), *_notes()[:4]),
        tokens=(*TOKENS, WITNESS.encode()),
    ),
    Target(
        name="verifier key",
        parse=lambda data: note.parse_verifier_key(data.decode("utf-8", "replace")),
        refusals=documented(note.parse_verifier_key),
        seeds=_verifier_keys,
        tokens=TOKENS,
        printer=_verifier_key,
    ),
    Target(
        name="tlog-proof",
        parse=proofs.parse_proof,
        refusals=documented(proofs.parse_proof),
        seeds=lambda: (grown_log().proof(41), grown_log().proof(299), vector_bytes("c2sp-tlog-proof.txt")),
        tokens=TOKENS,
        printer=proofs.format_proof,
    ),
    Target(
        name="tlog-proof, verified",
        parse=_verify_proof,
        refusals=documented(proofs.parse_proof, proofs.verify_proof),
        seeds=lambda: (grown_log().proof(41), grown_log().proof(42), grown_log().proof(299)),
        tokens=TOKENS,
        check=_is_entry_41,
    ),
    Target(
        name="tile",
        parse=_root_from_tiles,
        refusals=documented(tiles.root),
        seeds=lambda: (grown_log().files["log/tile/0/000"],),
        tokens=(bytes(32), b"\xff" * 32),
        check=_is_root_of_those,
    ),
    Target(
        name="entry bundle",
        parse=_bundle,
        refusals=documented(tiles.entries_in_bundle),
        seeds=lambda: (grown_log().files[f"log/tile/entries/001.p/{SIZE - tiles.TILE_WIDTH}"],),
        tokens=(b"\0\0", b"\xff\xff", b"\0\1a"),
        printer=_join_bundle,
    ),
    Target(
        name="base64",
        parse=lambda data: strict_base64.decode(data.decode("latin-1")),
        refusals=documented(strict_base64.decode),
        seeds=lambda: (b"AAECAw==", b"////", b"QUI=", b""),
        tokens=(b"=", b"-", b"_", b"+", b"/", b"\n", b"A"),
        printer=lambda found: strict_base64.encode(found).encode(),
    ),
    Target(
        name="base64url",
        parse=lambda data: strict_base64.decode_url(data.decode("utf-8", "surrogateescape")),
        refusals=documented(strict_base64.decode_url),
        seeds=lambda: (b"AAECAw", b"____", b"QUI", b""),
        tokens=(b"=", b"-", b"_", b"+", b"/", b"\n", b"A"),
        printer=lambda found: strict_base64.encode_url(found).encode(),
    ),
)


def _same_text(printed: str, data: bytes) -> None:
    assert printed == data.decode("utf-8", "replace"), "taken, and printed in another way"
