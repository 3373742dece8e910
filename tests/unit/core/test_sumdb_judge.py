"""Go's own log code agrees with ours: roots, tiles, proofs, checkpoints; and refuses what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memory_log import MemoryLog, private_key
from register_api.core.log.note import format_verifier_key
from sumdb_judge import judge, write_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def log() -> MemoryLog:
    """An empty log."""
    return MemoryLog()


def _publish(log: MemoryLog, folder: Path, name: str = "checkpoint") -> tuple[str, Path]:
    """Write the log's files; returns its verifier key and the checkpoint's path."""
    write_files(folder, log.files | {name: log.checkpoint()})
    return format_verifier_key(log.origin, log.key.public_key().public_bytes_raw()), folder / name


@pytest.mark.parametrize("size", [1, 2, 7, 255, 256, 257, 700])
def test_sumdb_finds_the_same_tree(log: MemoryLog, tmp_path: Path, size: int) -> None:
    """The tree rebuilt from the bundles has our root, and every tile has our bytes."""
    key, checkpoint = _publish(log.grow(size), tmp_path)
    verdict = judge("tiles", "-key", key, "-checkpoint", checkpoint, "-dir", tmp_path)
    assert verdict.stdout.startswith(f"ok size {size} root "), verdict.stderr


@pytest.mark.parametrize(("size", "index"), [(1, 0), (7, 6), (256, 255), (257, 256), (700, 300)])
def test_sumdb_accepts_our_proofs(log: MemoryLog, tmp_path: Path, size: int, index: int) -> None:
    """A tlog-proof with its checkpoint, for the entry's exact bytes only."""
    key, checkpoint = _publish(log.grow(size), tmp_path)
    files = {"proof": log.proof(index), "entry": log.entries[index], "other": b"another entry"}
    write_files(tmp_path, files)
    common = ("inclusion", "-key", key, "-checkpoint", checkpoint, "-proof", tmp_path / "proof", "-entry")
    assert judge(*common, tmp_path / "entry").stdout.startswith(f"ok entry {index} size {size}")
    assert judge(*common, tmp_path / "other").returncode == 1


@pytest.mark.parametrize(("old", "new"), [(1, 2), (3, 7), (255, 256), (256, 513), (300, 700)])
def test_sumdb_finds_that_the_log_continues(log: MemoryLog, tmp_path: Path, old: int, new: int) -> None:
    """From our tiles Go proves that the newer checkpoint continues the older."""
    _, older = _publish(log.grow(old), tmp_path, "old-checkpoint")
    key, newer = _publish(log.grow(new - old), tmp_path)
    verdict = judge("consistency", "-key", key, "-checkpoint", newer, "-old", older, "-dir", tmp_path)
    assert verdict.stdout == f"ok size {new} continues size {old}\n", verdict.stderr


def test_sumdb_refuses_another_history(log: MemoryLog, tmp_path: Path) -> None:
    """The judge is no yes-man: a fork of the same log is refused."""
    fork = MemoryLog()
    fork.append(b"another first entry")
    _, older = _publish(fork.grow(2), tmp_path, "old-checkpoint")
    key, newer = _publish(log.grow(7), tmp_path)
    verdict = judge("consistency", "-key", key, "-checkpoint", newer, "-old", older, "-dir", tmp_path)
    assert verdict.returncode == 1


def test_sumdb_refuses_another_key(log: MemoryLog, tmp_path: Path) -> None:
    """A checkpoint that the given key has not signed."""
    _, checkpoint = _publish(log.grow(2), tmp_path)
    other = format_verifier_key(log.origin, private_key(2).public_key().public_bytes_raw())
    assert judge("tiles", "-key", other, "-checkpoint", checkpoint, "-dir", tmp_path).returncode == 1


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def _halves_swapped(data: bytes) -> bytes:
    middle = len(data) // 64 * 32
    return data[middle:] + data[:middle]


DAMAGE = {
    "flipped": _flipped,
    "swapped": _halves_swapped,
    "cut off": lambda data: data[:-32],
    "doubled": lambda data: data + data,
    "empty": lambda _data: b"",
}
"""What may happen to a file; each of them makes another file of every one below."""


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("tile", ["0/000", "0/001.p/44", "1/000.p/1", "entries/000", "entries/001.p/44"])
def test_sumdb_refuses_altered_tiles(log: MemoryLog, tmp_path: Path, tile: str, damage: str) -> None:
    """Whichever of a log's five files it is, the rebuilt tree is another or cannot be built."""
    key, checkpoint = _publish(log.grow(300), tmp_path)
    path = tmp_path / "log" / "tile" / tile
    altered = DAMAGE[damage](path.read_bytes())
    if altered == path.read_bytes():  # one hash alone has no halves to swap
        assert (damage, tile) == ("swapped", "1/000.p/1")
        return
    path.write_bytes(altered)
    assert judge("tiles", "-key", key, "-checkpoint", checkpoint, "-dir", tmp_path).returncode == 1


def test_sumdb_refuses_tiles_in_each_other_s_place(log: MemoryLog, tmp_path: Path) -> None:
    """Both are whole files of this log."""
    key, checkpoint = _publish(log.grow(600), tmp_path)
    one, other = (tmp_path / "log" / "tile" / "0" / name for name in ("000", "001"))
    swapped = {one: other.read_bytes(), other: one.read_bytes()}
    for path, data in swapped.items():
        path.write_bytes(data)
    assert judge("tiles", "-key", key, "-checkpoint", checkpoint, "-dir", tmp_path).returncode == 1


@pytest.mark.parametrize("tile", ["0/000", "0/001.p/44", "1/000.p/1"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_sumdb_proves_no_continuation_from_altered_tiles(
    log: MemoryLog, tmp_path: Path, tile: str, damage: str
) -> None:
    """What the proof is made from is compared with the newer root before it proves anything."""
    _, older = _publish(log.grow(255), tmp_path, "old-checkpoint")
    key, newer = _publish(log.grow(45), tmp_path)
    path = tmp_path / "log" / "tile" / tile
    altered = DAMAGE[damage](path.read_bytes())
    if altered == path.read_bytes():
        return
    path.write_bytes(altered)
    verdict = judge("consistency", "-key", key, "-checkpoint", newer, "-old", older, "-dir", tmp_path)
    assert verdict.returncode == 1


def _altered_proofs(proof: bytes, other: bytes) -> dict[str, bytes]:
    """Return ways to make another file of a proof."""
    head, _, checkpoint = proof.partition(b"\n\n")
    lines = head.split(b"\n")

    def with_hashes(hashes: list[bytes]) -> bytes:
        return b"\n".join([*lines[:2], *hashes]) + b"\n\n" + checkpoint

    return {
        "another index": proof.replace(b"index 4", b"index 5"),
        "hashes in another order": with_hashes(lines[:1:-1]),
        "a hash less": with_hashes(lines[2:-1]),
        "a hash twice": with_hashes([*lines[2:], lines[-1]]),
        "no hash": with_hashes([]),
        "a hash of another proof": with_hashes([*lines[2:-1], other.partition(b"\n\n")[0].split(b"\n")[2]]),
        "a hash spelled otherwise": with_hashes([*lines[2:-1], lines[-1].replace(b"=", b"")]),
        "cut within a hash": proof[: len(head) - 9] + b"\n\n" + checkpoint,
        "no checkpoint": head + b"\n\n",
        "cut within the checkpoint": proof[:-9],
        "another header": proof.replace(b"@v1", b"@v2", 1),
        "flipped": _flipped(proof),
    }


PROOFS = sorted(_altered_proofs(b"a\nindex 4\nhash\n\n", b"b\nindex 3\nhash\n\n"))


@pytest.mark.parametrize("altered", PROOFS)
def test_sumdb_refuses_altered_proofs(log: MemoryLog, tmp_path: Path, altered: str) -> None:
    """Every altered proof is another file, and no judge takes it."""
    key, _ = _publish(log.grow(7), tmp_path)
    proof = log.proof(4)
    files = {"proof": _altered_proofs(proof, log.proof(1))[altered], "entry": log.entries[4]}
    assert files["proof"] != proof
    write_files(tmp_path, files)
    verdict = judge("inclusion", "-key", key, "-proof", tmp_path / "proof", "-entry", tmp_path / "entry")
    assert verdict.returncode == 1


def _altered_checkpoints(data: bytes) -> dict[str, bytes]:
    """Return ways to make another file of a checkpoint of size 7."""
    text, _, signature = data.partition(b"\n\n")
    origin, size, root = text.split(b"\n")
    return {
        "another size": data.replace(b"\n7\n", b"\n8\n"),
        "a size with a zero": data.replace(b"\n7\n", b"\n07\n"),
        "another root": data.replace(root, root[::-1]),
        "lines in another order": b"\n".join([origin, root, size]) + b"\n\n" + signature,
        "a line less": origin + b"\n" + size + b"\n\n" + signature,
        "a line more": text + b"\nmore\n\n" + signature,
        "no signature": text + b"\n\n",
        "a signature cut off": data[:-9] + b"\n",
        "a flipped signature": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "no blank line": text + b"\n" + signature,
        "empty": b"",
    }


CHECKPOINTS = sorted(_altered_checkpoints(b"origin\n7\nroot\n\nsignature of it\n"))


@pytest.mark.parametrize("altered", CHECKPOINTS)
@pytest.mark.parametrize("judgement", ["tiles", "consistency"])
def test_sumdb_refuses_altered_checkpoints(
    log: MemoryLog, tmp_path: Path, judgement: str, altered: str
) -> None:
    """Tiles and older checkpoint are good; only what vouches for them is not."""
    _, older = _publish(log.grow(3), tmp_path, "old-checkpoint")
    key, newer = _publish(log.grow(4), tmp_path)
    newer.write_bytes(_altered_checkpoints(newer.read_bytes())[altered])
    old = ("-old", older) if judgement == "consistency" else ()
    assert judge(judgement, "-key", key, "-checkpoint", newer, *old, "-dir", tmp_path).returncode == 1
