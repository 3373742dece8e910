"""The current reply table; swapping it is one assignment."""

from __future__ import annotations

import logging
from pathlib import Path

from register_api.errors import StoreDamaged, StoreError
from register_api.serve.http.asgi import Body, size_of
from register_api.serve.stored.bounded_cache import BoundedCache
from register_api.serve.stored.reply_table import ReplyTable, load_reply_table
from register_api.store.reader import current

_log = logging.getLogger(__name__)

_MOST_ATTEMPTS = 20
"""How many publications may overtake the reading of one before that counts as a failure."""


class CurrentReplies:
    """Holds the reply table that requests are answered from, and what went wrong with its successor.

    Attributes:
        table: The current table; ``None`` until something is published.
        failed: Whether the newest publication could not be loaded; the table before it stays.
        loads: How many publications were loaded.
        failures: How many attempts to load one failed.
    """

    def __init__(self, store: Path, cache_bytes: int) -> None:
        """Start empty."""
        self.table: ReplyTable | None = None
        self.failed = False
        self.loads = 0
        self.failures = 0
        self._store = store
        self._bodies: BoundedCache[Body] = BoundedCache(cache_bytes, size_of)

    def is_stale(self) -> bool:
        """Tell whether another publication is visible than the one served; costs one ``readlink``."""
        served = None if self.table is None else self.table.snapshot.generation
        try:
            stale = current(self._store) != served
        except StoreError as error:
            self._note(error)
            return False
        self.failed = self.failed and stale
        return stale

    def load(self) -> ReplyTable | None:
        """Load the visible publication, which takes a while and may happen in another thread."""
        try:
            table = self._load_newest()
        except (StoreError, KeyError, ValueError) as error:
            self._note(error)
            return None
        self.failed = False
        return table

    def show(self, table: ReplyTable | None) -> None:
        """Serve a table from now on; to be called where requests are answered.

        Between two of its pauses an answer then sees one publication, however often it looks.
        """
        if table is not None:
            self.table = table
            self.loads += 1
            facts = {"version": table.archive.newest, "generation": table.snapshot.generation}
            _log.info("publication loaded", extra=facts)

    def _load_newest(self) -> ReplyTable | None:
        """Load; again where that fails, unless it was the same publication that failed before.

        Publications that follow each other quickly clear older generations away, also while they are
        being read: then there is a newer one to read.
        """
        failed: int | None = None
        for _ in range(_MOST_ATTEMPTS):
            visible = current(self._store)
            try:
                return self._load()
            except StoreDamaged:
                if visible == failed:
                    raise
                failed = visible
        return self._load()

    def _load(self) -> ReplyTable | None:
        self._refuse_going_back()
        table = load_reply_table(self._store, self._bodies)
        if table is None and self.table is not None:
            raise StoreDamaged(f"what was published in {self._store} is gone")
        return table

    def _refuse_going_back(self) -> None:
        """Refuse a generation before the one that is served: customers would see a register rolled back."""
        visible = current(self._store)
        if self.table is not None and visible is not None and visible < self.table.snapshot.generation:
            raise StoreDamaged(
                f"{self._store} has gone back from generation {self.table.snapshot.generation} to {visible}; "
                "if that is meant, restart the service"
            )

    def _note(self, error: Exception) -> None:
        """Log a failure when it begins, not at every attempt."""
        self.failures += 1
        if not self.failed:
            _log.error("the newest publication cannot be loaded, serving what was there: %s", error)
        self.failed = True
