"""What a hostile server can cost at most: every bound that a reader keeps, but for bytes.

Bytes are bounded per file by its kind (``core.format``), time per file and per run, and the number of
requests per run. Reading stops at the bound; nothing is first received and then measured.
"""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on time and number, for one run; seconds where nothing else is said.

    Attributes:
        connect: For the connection alone.
        read: Between two pieces of an answer.
        file: For one file, from connection to last byte, with all redirects and retries.
        run: For everything together; the whole history of a thousand versions fits.
        requests: Number of requests, redirects and retries among them.
        redirects: How many redirects of one file are followed, all within the same origin.
        attempts: How often a file is asked for when the failure may pass.
        first_wait: Before the second attempt; doubles from then on.
    """

    connect: float = 10.0
    read: float = 10.0
    file: float = 60.0
    run: float = 1800.0
    requests: int = 100_000
    redirects: int = 3
    attempts: int = 3
    first_wait: float = 0.2


MAX_ROOT_ROTATIONS = 64
"""How many new roots are followed in one run."""

MAX_DAMAGED_VERSIONS = 20
"""After so many versions with findings the walk through history stops: the picture is clear."""
