"""Every bound that a reader keeps: time and requests of a run, and bytes of a file by its kind."""

from __future__ import annotations

import re

from register_api.bounded_http.limits import HttpLimits
from register_api.core.log.checkpoint import MAX_CHECKPOINT_BYTES

KIB = 2**10
MIB = 2**20

RUN_LIMITS = HttpLimits(redirects=3)
"""Bounds on one run; the whole history of a thousand versions fits."""

MAX_ROOT_BYTES = 512 * KIB
MAX_TIMESTAMP_BYTES = 16 * KIB
MAX_SNAPSHOT_BYTES = 64 * KIB
MAX_TARGETS_BYTES = 64 * KIB
MAX_ROOT_ROTATIONS = 64
"""How many new roots are followed in one run."""

MAX_DAMAGED_VERSIONS = 20
"""After so many versions with findings the walk through history stops: the picture is clear."""

_ROWS: tuple[tuple[str, int], ...] = (
    (r".*\.sig", KIB),
    (r".*\.jws", 4 * KIB),
    (r".*\.dsig", 64 * KIB),
    (r".*\.pem", 4 * KIB),
    (r".*/entry\.json", 4 * KIB),
    (r".*/entry\.tlog-proof", 64 * KIB),
    (r"log/checkpoint|trust/targets/[0-9a-f]{64}\.checkpoint", MAX_CHECKPOINT_BYTES),
    (r"log/checkpoints/.*", 64 * KIB),
    (r"log/tile/entries/.*", 256 * (4 * KIB + 2)),
    (r"log/tile/[0-9]+/.*", 256 * 32),
    (r"(v1/|.*\.)keys\.json", MIB),
    (r"v1/versions\.json", 64 * MIB),
    (r"\.well-known/.*", 256 * KIB),
    (r"trust/[0-9]+\.root\.json", MAX_ROOT_BYTES),
    (r"trust/timestamp\.json", MAX_TIMESTAMP_BYTES),
    (r"trust/[0-9]+\.snapshot\.json", MAX_SNAPSHOT_BYTES),
    (r"trust/[0-9]+\.targets\.json", MAX_TARGETS_BYTES),
)
"""Pattern of the path to the most bytes that such a file may have; the first that fits counts."""

_PATTERNS = tuple((re.compile(pattern), bound) for pattern, bound in _ROWS)

MAX_DOCUMENT_BYTES = 16 * MIB
"""For registers, diffs and feeds: whatever no row names."""


def max_bytes(path: str) -> int:
    """Return the most bytes that the file at a path may have."""
    for pattern, bound in _PATTERNS:
        if pattern.fullmatch(path):
            return bound
    return MAX_DOCUMENT_BYTES
