"""Hosts in the attacker's hands: our own service on a rewritten store, and a plain static host."""

from __future__ import annotations

import contextlib
import datetime as dt
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import msgspec

from patience import wait_until
from register_api.core.canonical import digest
from register_api.core.format.kind import FileKind, MediaType
from register_api.core.format.paths import kind_of
from register_api.serve.app import create_app
from register_api.serve.server import make_server
from register_api.serve.settings import Settings
from register_api.store import reader
from register_api.store.reader import Manifest, ManifestEntry, PublisherState
from running import in_a_thread, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAME = "register.example/sub-processors"
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

STRANGE = FileKind(
    "", "", "", MediaType("application/octet-stream", compress=False), "immutable", unchecked="a lie"
)
"""What a file is served as that our publisher would never write."""


class Host:
    """Something that serves a store which an attacker can write, on a real socket.

    Attributes:
        store: The store's folder.
        base: Where it is served, ending in a slash.
    """

    def __init__(self, store: Path, base: str) -> None:
        self.store = store
        self.base = base
        self.generation = 0

    def show(self, files: Mapping[str, bytes]) -> None:
        """Serve these files and nothing else from now on."""
        self.generation += 1
        rewrite_store(self.store, self.generation, files)


def rewrite_store(store: Path, generation: int, files: Mapping[str, bytes]) -> None:
    """Write a generation as the store has it, whose manifest vouches for whatever the files hold."""
    folder = reader.generation_folder(store, generation)
    for path, data in files.items():
        target = folder / reader.TREE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    listing = {path: _entry(path, data) for path, data in files.items()}
    manifest = Manifest(register=NAME, version=1, generation=generation, files=listing).encode()
    (folder / reader.MANIFEST).write_bytes(manifest)
    (folder / reader.STATE).write_bytes(_state(digest(manifest)))
    link = store / reader.NEW_LINK
    link.unlink(missing_ok=True)
    link.symlink_to(f"{reader.GENERATIONS}/{generation}")
    link.replace(store / reader.CURRENT)


def _entry(path: str, data: bytes) -> ManifestEntry:
    try:
        kind = kind_of(path)
    except KeyError:
        kind = STRANGE
    return ManifestEntry(
        media_type=kind.media_type,
        cache=kind.cache,
        sha256=digest(data),
        size=len(data),
        published_at=LONG_AGO,
    )


def _state(manifest_sha256: str) -> bytes:
    state = PublisherState(
        register=NAME,
        version=1,
        published_at=LONG_AGO,
        first_published_at=LONG_AGO,
        root_hash="",
        time_zone="UTC",
        first_live=1,
        policies=(),
        manifest_sha256=manifest_sha256,
    )
    return msgspec.json.encode(state)


class Service(Host):
    """``register-api serve`` on the store."""

    def __init__(self, store: Path, base: str, served: object) -> None:
        super().__init__(store, base)
        self._front = served

    def show(self, files: Mapping[str, bytes]) -> None:
        """Rewrite the store, and wait until the service has noticed by itself."""
        super().show(files)
        wait_until(self._is_served)

    def _is_served(self) -> bool:
        table = self._front._replies.table  # type: ignore[attr-defined]
        return table is not None and table.snapshot.generation == self.generation


@contextlib.contextmanager
def service(store: Path) -> Iterator[Service]:
    """Run the service while the block runs, in a thread."""
    settings = Settings(store=str(store), port=0, poll_seconds=0.005, shutdown_seconds=2)
    app = create_app(settings)
    with in_a_thread(make_server(app, settings), settings) as base:
        yield Service(store, base, app)


@contextlib.contextmanager
def static_host(store: Path) -> Iterator[Host]:
    """Run Python's own web server on the store's tree while the block runs, in a thread."""

    class Handler(SimpleHTTPRequestHandler):
        """Serves the files of the visible generation as they are."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(store / reader.CURRENT / reader.TREE))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        """Takes it calmly when a customer reads no further."""

        def handle_error(self, *_: object) -> None:
            """Say nothing."""

    with serving(Quiet(("127.0.0.1", 0), Handler)) as base:
        yield Host(store, base)
