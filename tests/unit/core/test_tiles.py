"""Tiles: paths, bundles, and which files a growing log writes."""

from __future__ import annotations

import pytest

from memory_log import MemoryLog
from register_api.core.format.paths import kind_of
from register_api.core.log import tiles
from register_api.errors import Malformed


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "log/tile/0/000"),
        (0, 0, 7, "log/tile/0/000.p/7"),
        (1, 999, 255, "log/tile/1/999.p/255"),
        (0, 1000, 256, "log/tile/0/x001/000"),
        (0, 1_234_067, 256, "log/tile/0/x001/x234/067"),
        (7, 5, 1, "log/tile/7/005.p/1"),
        ("entries", 0, 7, "log/tile/entries/000.p/7"),
        ("entries", 123_456, 256, "log/tile/entries/x123/456"),
    ],
)
def test_paths_are_those_of_tlog_tiles(level: tiles.Level, index: int, width: int, path: str) -> None:
    """Groups of three digits, all but the last after an x; a width only while partial."""
    assert tiles.tile_path(level, index, width) == path
    assert kind_of(path).cache == "immutable"


def test_a_bundle_holds_entries_after_their_lengths() -> None:
    """Lengths are big-endian uint16 (tlog-tiles, Log entries)."""
    assert tiles.entries_in_bundle(b"\x00\x02ab\x00\x00\x01\x00" + b"c" * 256, 3) == [b"ab", b"", b"c" * 256]


@pytest.mark.parametrize(
    ("data", "width"),
    [
        (b"", 1),
        (b"\x00", 1),
        (b"\x00\x02a", 1),
        (b"\x00\x01a\x00", 1),
        (b"\x00\x01a", 2),
        (b"\x00\x01a\x00\x01b", 1),
        (b"\xff\xff", 1),
    ],
)
def test_a_bundle_that_is_not_exact_is_refused(data: bytes, width: int) -> None:
    """Cut off, too few entries, too many."""
    with pytest.raises(Malformed):
        tiles.entries_in_bundle(data, width)


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (0, {"0/000.p/1", "entries/000.p/1"}),
        (6, {"0/000.p/7", "entries/000.p/7"}),
        (255, {"0/000", "entries/000", "1/000.p/1"}),
        (256, {"0/001.p/1", "entries/001.p/1"}),
        (511, {"0/001", "entries/001", "1/000.p/2"}),
    ],
)
def test_one_more_entry_writes_only_what_grows(size: int, written: set[str]) -> None:
    """The level above is written when a tile becomes full, and only then."""
    log = MemoryLog().grow(size)
    assert set(log.append(b"one more")) == {f"log/tile/{path}" for path in written}


def test_many_entries_at_once_write_full_tiles_and_the_last_partial_ones() -> None:
    """600 entries after 100: no partial tile of a size that was never published."""
    log = MemoryLog().grow(100)
    written = log.append(*(b"%d" % number for number in range(600)))
    rows = {"0": ["000", "001", "002.p/188"], "1": ["000.p/2"], "entries": ["000", "001", "002.p/188"]}
    assert set(written) == {f"log/tile/{level}/{name}" for level, names in rows.items() for name in names}


def test_nothing_appended_writes_nothing() -> None:
    """And reads nothing."""
    log = MemoryLog().grow(3)
    log.reads.clear()
    assert log.append() == {}
    assert log.reads == []


def test_appending_reads_one_tile_a_level_that_grows() -> None:
    """The cost of a publication does not follow the length of the log."""
    log = MemoryLog()
    log.append(*(b"%d" % number for number in range(65_535)))
    log.reads.clear()
    written = log.append(b"the 65,536th")
    assert set(written) >= {"log/tile/0/255", "log/tile/1/000", "log/tile/2/000.p/1"}
    assert log.reads == ["log/tile/entries/255.p/255", "log/tile/0/255.p/255", "log/tile/1/000.p/255"]


def test_an_entry_too_long_for_its_length_field_is_refused() -> None:
    """65,535 bytes fit, one more does not."""
    MemoryLog().append(bytes(65_535))
    with pytest.raises(Malformed):
        MemoryLog().append(bytes(65_536))


@pytest.mark.parametrize("path", ["log/tile/0/000.p/3", "log/tile/entries/000.p/3"])
def test_appending_to_a_damaged_log_is_refused(path: str) -> None:
    """A tile of the wrong length would give a wrong root without a word."""
    log = MemoryLog().grow(3)
    log.files[path] += b"\x00"
    with pytest.raises(Malformed):
        log.append(b"next")
