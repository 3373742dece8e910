"""The prepared replies of one publication.

Files of the current version are held in memory in all encodings. Files that every version adds are looked up
in the manifest, read on demand and cached.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from register_api.core.format.paths import address_of, file_at, is_path, kind_of
from register_api.core.headers import link_value, links_of
from register_api.errors import StoreDamaged, StoreError
from register_api.serve.answer.archive import Archive
from register_api.serve.reply import BoundedCache, Header, Resource, make_resource, page_headers
from register_api.store.reader import Snapshot, current, open_snapshot

_log = logging.getLogger(__name__)


class ReplyTable:
    """Prepared replies of one publication; ``ready`` has the current files by URL path."""

    def __init__(self, snapshot: Snapshot, cache_bytes: int) -> None:
        self.snapshot = snapshot
        self.archive = Archive(snapshot)
        self._files = snapshot.manifest.files
        self._paths = frozenset(self._files)
        self._on_demand: BoundedCache[Resource] = BoundedCache(cache_bytes, lambda resource: resource.size)
        self.ready: dict[str, Resource] = {}
        for path, entry in self._files.items():
            if entry.cache != "immutable" and not kind_of(path).per_version:
                self.ready |= dict.fromkeys((f"/{path}", f"/{address_of(path)}"), self._load(path))

    def path_of(self, url: str) -> str | None:
        """Return the path in the tree for a URL path, or ``None``; a folder maps to its page."""
        if not url.startswith("/"):
            return None
        path = file_at(url[1:])
        return path if path in self._paths else None

    def is_folder(self, url: str) -> bool:
        """Return whether a URL path names a page but lacks the trailing slash."""
        return url.startswith("/") and file_at(f"{url[1:]}/") in self._paths

    async def resource(self, path: str) -> Resource:
        """Return a resource, reading it from the store if necessary."""
        found = self.ready.get("/" + path) or self._on_demand.get(path)
        if found is None:
            found = await asyncio.to_thread(self._load, path)
            self._on_demand.put(path, found)
        return found

    def _load(self, path: str) -> Resource:
        entry = self._files[path]
        plain = self.snapshot.read(path)
        forms = {"identity": (entry.sha256, plain)}
        for coding, form in entry.encodings.items():
            forms[coding] = form.sha256, self.snapshot.read(path, coding)
        links = link_value(links_of(path, self.snapshot.manifest.version, self._files))
        more: tuple[Header, ...] = ((b"link", links.encode("ascii")),) if links else ()
        if entry.media_type.startswith("text/html"):
            # Pages of unknown kinds, written by other releases, may not run scripts.
            more = (*more, *page_headers(plain, kind_of(path) if is_path(path) else None))
        return make_resource(
            forms,
            media_type=entry.media_type,
            cache=entry.cache,
            modified=entry.published_at,
            more=more,
        )


def load_reply_table(store: Path, cache_bytes: int) -> ReplyTable | None:
    """Load the replies of the visible publication."""
    snapshot = open_snapshot(store)
    return None if snapshot is None else ReplyTable(snapshot, cache_bytes)


class CurrentReplies:
    """Holds the current reply table, and whether a newer publication failed to load.

    ``failed``: the newest publication could not be loaded; the previous table is still served.
    """

    def __init__(self, store: Path, cache_bytes: int) -> None:
        self.table: ReplyTable | None = None
        self.failed = False
        self.loads = 0
        self.failures = 0
        self._store = store
        self._cache_bytes = cache_bytes

    def is_stale(self) -> bool:
        """Return whether the visible publication differs from the one served; costs one ``readlink``."""
        served = None if self.table is None else self.table.snapshot.generation
        try:
            stale = current(self._store) != served
        except StoreError as error:
            self._log_failure(error)
            return False
        self.failed = self.failed and stale
        return stale

    def load(self) -> ReplyTable | None:
        """Load the visible publication; slow, and safe to call in another thread.

        When publications follow quickly, older generations are deleted, possibly while being read. That is
        not a failure: the next poll finds a newer one.
        """
        visible: int | None = None
        try:
            visible = current(self._store)
            table = self._load(visible)
        except (StoreError, KeyError, ValueError) as error:
            if visible is None or visible == current(self._store):
                self._log_failure(error)
            return None
        self.failed = False
        return table

    def swap(self, table: ReplyTable | None) -> None:
        """Serve a table from now on; must be called on the event loop.

        A handler therefore sees a single publication between two of its ``await`` expressions.
        """
        if table is not None:
            self.table = table
            self.loads += 1
            facts = {"version": table.archive.newest, "generation": table.snapshot.generation}
            _log.info("publication loaded", extra=facts)

    def _load(self, visible: int | None) -> ReplyTable | None:
        served = None if self.table is None else self.table.snapshot.generation
        if served is not None and visible is not None and visible < served:
            raise StoreDamaged(  # customers would see a register rolled back
                f"{self._store} has gone back from generation {served} to {visible}; "
                "if that is meant, restart the service"
            )
        table = load_reply_table(self._store, self._cache_bytes)
        if table is None and served is not None:
            raise StoreDamaged(f"what was published in {self._store} is gone")
        return table

    def _log_failure(self, error: Exception) -> None:
        """Log the first of consecutive failures."""
        self.failures += 1
        if not self.failed:
            _log.error("the newest publication cannot be loaded, serving what was there: %s", error)
        self.failed = True
