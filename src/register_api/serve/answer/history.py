"""What versions changed about one vendor, read from the stored diffs."""

from __future__ import annotations

from register_api.core.api.answers import HistoryStep
from register_api.serve.answer.archive import Archive

MOST_STEPS = 100
"""Versions that changed the vendor: later ones are told, older ones can be read from the feed."""

MOST_DIFFS = 1000
"""Versions that are looked through for them, so that one question costs a bounded time."""


def history(archive: Archive, newest: int, vendor: str) -> tuple[tuple[HistoryStep, ...], int]:
    """Collect what versions changed about a vendor."""
    steps: list[HistoryStep] = []
    oldest = max(1, newest - MOST_DIFFS + 1)
    for version in range(newest, oldest - 1, -1):
        step = _step(archive, version, vendor)
        if step is not None:
            steps.append(step)
        if len(steps) == MOST_STEPS:
            return tuple(steps), version
    return tuple(steps), oldest


def _step(archive: Archive, version: int, vendor: str) -> HistoryStep | None:
    """Return what one version changed, or ``None``; most diffs are told by a look at their bytes."""
    data = archive.diff_bytes(version)
    if f'"{vendor}"'.encode("ascii") not in data:
        return None
    changes = tuple(item for item in archive.diff(data).changes if item.concerns(vendor))
    if not changes:
        return None
    return HistoryStep(version=version, published_at=archive.published_at(version), changes=changes)
