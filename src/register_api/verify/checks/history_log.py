"""One version in the log: its bundle, and the tiles of its time (V14)."""

from __future__ import annotations

from register_api.core.log import merkle, tiles
from register_api.errors import Forged, Malformed
from register_api.verify.checks.run import Run


def check_bundle(run: Run, size: int, version: int, data: bytes) -> None:
    """Compare an entry with the one in the bundle of a log (C2SP tlog-tiles, Entry Bundles)."""
    index, at = divmod(version - 1, tiles.TILE_WIDTH)
    width = min(tiles.TILE_WIDTH, size - index * tiles.TILE_WIDTH)
    path = tiles.tile_path("entries", index, width)
    if tiles.entries_in_bundle(run.once(path), width)[at] != data:
        raise Forged(f"{path}: entry {version - 1} is not the one in the log", path=path)


def check_older_tiles(run: Run, size: int, version: int) -> None:
    """Compare the partial tiles of the size that the log had at a version with those of today.

    They stay until their full tile is there (docs/format/log.md): customers with an older
    checkpoint read them.
    """
    level = 0
    while version % (1 << (tiles.TILE_HEIGHT * level)) == 0:
        index, width = divmod(version >> (tiles.TILE_HEIGHT * level), tiles.TILE_WIDTH)
        today = (size >> (tiles.TILE_HEIGHT * level)) - index * tiles.TILE_WIDTH
        if 0 < width < today < tiles.TILE_WIDTH:
            kinds: tuple[tiles.Level, ...] = (0, "entries") if level == 0 else (level,)
            for kind in kinds:
                _check_prefix(run, kind, index, width, today)
        level += 1


def _check_prefix(run: Run, kind: tiles.Level, index: int, width: int, today: int) -> None:
    path = tiles.tile_path(kind, index, width)
    data, whole = run.get(path), run.once(tiles.tile_path(kind, index, today))
    if kind == "entries":
        tiles.entries_in_bundle(data, width)
    elif len(data) != width * merkle.HASH_BYTES:
        raise Malformed(f"{path} has not the length that its width says", path=path)
    if not whole.startswith(data):
        raise Forged(f"{path} does not hold what the log holds", path=path)
