"""Looking at what was sent as a stranger does: at the register's address, with its first root alone."""

from __future__ import annotations

import datetime as dt
import time

from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.deploy.plan import Progress
from register_api.errors import Inconsistent, RolledBack, Stale, VerificationError
from register_api.store.reader import Snapshot
from register_api.verify import Options, VerifyResult, verify
from register_api.verify.fetcher import KeepingFetcher
from register_api.verify.http_fetcher import HttpFetcher
from register_api.verify.options import History

_PAUSES = (0, 2, 5, 10, 20, 30)
"""Seconds before each look: what a cache still has is gone after the 60 of ``CACHE_CONTROL``."""

_BETWEEN = (Inconsistent, RolledBack)
"""What parts of two publications are told as."""


def verify_outside(
    snapshot: Snapshot, url: str, now: dt.datetime, history: History, progress: Progress
) -> tuple[VerifyResult, bool]:
    """Verify what is served at the register's address, again for a while if a cache shows what was before.

    Args:
        snapshot: What was deployed.
        url: The address.
        now: The present instant, UTC.
        history: Which versions are checked in full.
        progress: As for ``verify``.

    Returns:
        What was found, and whether what is served there is what was deployed, by its timestamp.

    Raises:
        UsageError: Not such an address.
    """
    path = tree.TIMESTAMP.path()
    wishes = Options(root_sha256=digest(snapshot.read(tree.ROOT.path(1))), history=history, wait=0)
    for pause in _PAUSES:
        time.sleep(pause)
        with HttpFetcher(url) as fetcher:
            kept = KeepingFetcher(fetcher)
            result = verify(url, wishes, now, progress, fetcher=kept)
        ours = kept.files.get(path) == snapshot.read(path)
        if not _may_be_cached(result.finding, ours=ours):
            break
    return result, ours


def _may_be_cached(finding: VerificationError | None, *, ours: bool) -> bool:
    """Tell whether a cache that still has what was before would explain what was found."""
    return isinstance(finding, _BETWEEN) or (not ours and (finding is None or isinstance(finding, Stale)))
