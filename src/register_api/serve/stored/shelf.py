"""Where the current table stands; replacing it is one assignment."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from register_api.errors import StoreDamaged, StoreError
from register_api.serve.stored.bounded_cache import BoundedCache
from register_api.serve.stored.table import Table, load_table
from register_api.store.reader import current

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


class Shelf:
    """The table that requests are answered from, and what went wrong with its successor.

    Attributes:
        table: The current table; ``None`` until something is published.
        failed: Whether the newest publication could not be loaded; the table before it stays.
    """

    def __init__(self, store: Path, cache_bytes: int) -> None:
        """Start empty.

        Args:
            store: The store's folder.
            cache_bytes: How many bytes of settled files to keep in memory.
        """
        self.table: Table | None = None
        self.failed = False
        self._store = store
        self._bodies: BoundedCache[bytes] = BoundedCache(cache_bytes, len)

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

    def reload(self) -> None:
        """Load the visible publication and serve it from now on; if that fails, keep what there is."""
        self.show(self.load())

    def load(self) -> Table | None:
        """Load the visible publication, which takes a while and may happen in another thread.

        Returns:
            The table, which nobody sees yet; ``None`` if there is none, or it cannot be loaded.
        """
        try:
            table = self._load_twice()
        except (StoreError, KeyError, ValueError) as error:
            self._note(error)
            return None
        self.failed = False
        return table

    def show(self, table: Table | None) -> None:
        """Serve a table from now on; to be called where requests are answered.

        Between two of its pauses an answer then sees one publication, however often it looks.

        Args:
            table: What ``load`` has returned.
        """
        if table is not None:
            self.table = table
            _log.info("serving version %d, generation %d", table.archive.newest, table.snapshot.generation)

    def _load_twice(self) -> Table | None:
        """Load; once more if it fails, since quick publications clear older generations away."""
        try:
            return self._load()
        except StoreDamaged:
            return self._load()

    def _load(self) -> Table | None:
        self._refuse_going_back()
        table = load_table(self._store, self._bodies)
        if table is None and self.table is not None:
            raise StoreDamaged(f"what was published in {self._store} is gone")
        return table

    def _refuse_going_back(self) -> None:
        """Refuse a generation before the one that is served: customers would see a register rolled back.

        Raises:
            StoreDamaged: The store shows an older generation.
        """
        visible = current(self._store)
        if self.table is not None and visible is not None and visible < self.table.snapshot.generation:
            raise StoreDamaged(
                f"{self._store} has gone back from generation {self.table.snapshot.generation} to {visible}; "
                "if that is meant, start the service anew"
            )

    def _note(self, error: Exception) -> None:
        """Log a failure when it begins, not at every attempt."""
        if not self.failed:
            _log.error("the newest publication cannot be loaded, serving what was there: %s", error)
        self.failed = True
