"""The log's files: proofs that hold, checkpoints that are ours, partial tiles that retire in time."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from register_api.core.log.checkpoint import Checkpoint, open_checkpoint
from register_api.core.log.merkle import leaf_hash, root_hash
from register_api.core.log.note import make_note_key
from register_api.core.log.proofs import parse_proof, verify_proof
from register_api.errors import RegisterError
from register_api.publish.version_files import LogFiles, append_entry, outgrown_tiles, sign_checkpoint

NAME = "example.com/sub-processors"


class Signer:
    """A log key in memory."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


SIGNER = Signer()
KEY = make_note_key(NAME, SIGNER.public)


def entry(number: int) -> bytes:
    return b'{"version":%d}' % number


class Log:
    """A log that grows, with the files that are kept of it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.size = 0

    def append(self) -> LogFiles:
        """Append the next entry and keep what a store would keep."""
        made = append_entry(NAME, entry(self.size + 1), self.size, self.files.__getitem__, SIGNER)
        for path in outgrown_tiles(made.tiles, self.files):
            del self.files[path]
        self.files |= made.tiles
        self.size += 1
        return made


def test_every_entry_is_proven_by_the_checkpoint_of_its_own_publication() -> None:
    log = Log()
    hashes = []
    for number in range(1, 20):
        made = log.append()
        hashes.append(leaf_hash(entry(number)))
        checkpoint = open_checkpoint(made.checkpoint, NAME, [KEY])
        assert checkpoint == Checkpoint(origin=NAME, size=number, root=root_hash(hashes))
        proof = parse_proof(made.proof)
        assert (proof.index, proof.checkpoint) == (number - 1, made.checkpoint)
        assert verify_proof(entry(number), proof, NAME, [KEY]) == checkpoint
        assert made.root_hash == checkpoint.root


def test_partial_tiles_stay_until_their_full_tile_is_there() -> None:
    """At version 256 the full tiles take over; from 257 on a new row of partial ones begins."""
    log = Log()
    hashes = []
    for number in range(1, 261):
        made = log.append()
        hashes.append(leaf_hash(entry(number)))
        if number == 255:
            widths = {int(path.rpartition("/")[2]) for path in log.files if ".p/" in path}
            assert widths == set(range(1, 256))
        if number == 256:
            assert set(log.files) == {"log/tile/0/000", "log/tile/entries/000", "log/tile/1/000.p/1"}
    assert made.root_hash == root_hash(hashes)
    partial = {path for path in log.files if path.startswith("log/tile/0/001.p/")}
    assert partial == {f"log/tile/0/001.p/{width}" for width in (1, 2, 3, 4)}
    assert verify_proof(entry(260), parse_proof(made.proof), NAME, [KEY]).size == 260


@pytest.mark.parametrize(
    ("new", "stored", "outgrown"),
    [
        ([], ["log/tile/0/000.p/1"], []),
        (["log/tile/0/000.p/2"], ["log/tile/0/000.p/1"], []),
        (["log/tile/0/000"], ["log/tile/0/000.p/1", "log/tile/0/000.p/2"], [0, 1]),
        (["log/tile/0/000"], ["log/tile/entries/000.p/1", "log/tile/0/001.p/1", "v1/keys.json"], []),
    ],
)
def test_only_what_a_new_full_tile_replaces_is_outgrown(
    new: list[str], stored: list[str], outgrown: list[int]
) -> None:
    assert outgrown_tiles(new, stored) == [stored[index] for index in outgrown]


def test_a_checkpoint_is_a_note_by_the_register_that_it_names() -> None:
    data = sign_checkpoint(Checkpoint(origin=NAME, size=3, root=b"\x01" * 32), SIGNER)
    assert data.decode().splitlines()[:2] == [NAME, "3"]
    assert data.decode().splitlines()[4].startswith(f"— {NAME} ")


def test_a_damaged_tile_is_not_built_upon() -> None:
    log = Log()
    for _ in range(3):
        log.append()
    log.files["log/tile/0/000.p/3"] = b"\x00" * 33
    with pytest.raises(RegisterError):
        log.append()
