"""A state that was written is read again; one that was damaged is told from one of another format."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import msgspec
import pytest

from register_api.files.durable import DamagedState, read_state, write_state

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "example/1"


class Remembered(msgspec.Struct, frozen=True):
    size: int
    root: bytes


STATE = Remembered(5, b"\x00\xff")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "state.json"
    write_state(file, STATE, format_name=FORMAT)
    return file


def test_a_state_is_read_as_it_was_written(path: Path) -> None:
    """By its owner alone."""
    assert read_state(path, Remembered, format_name=FORMAT) == STATE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_changed_byte_is_noticed(path: Path) -> None:
    data = path.read_bytes()
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(DamagedState):
            read_state(path, Remembered, format_name=FORMAT)


@pytest.mark.parametrize("damage", [b"", b"{}", b"[" * 100_000, b"\xff", b'{"format":"example/1"}'])
def test_what_is_no_state_is_damage(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    with pytest.raises(DamagedState) as caught:
        read_state(path, Remembered, format_name=FORMAT)
    assert caught.type is DamagedState


@pytest.mark.parametrize("name", ["example/0", "", "\x1b[31m" * 50])
def test_another_format_is_named(path: Path, name: str) -> None:
    """Fit to be printed, whatever it is."""
    write_state(path, STATE, format_name=name)
    with pytest.raises(DamagedState, match=r"^has the form .*; this program reads example/1$") as caught:
        read_state(path, Remembered, format_name=FORMAT)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_missing_state_is_not_damage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_state(tmp_path / "none", Remembered, format_name=FORMAT)
