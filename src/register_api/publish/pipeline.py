"""Publishing and refreshing: from an order to a visible publication, as one transaction."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from register_api.core.format import tree
from register_api.errors import StoreError
from register_api.publish.artefacts import ArtefactBuilder, Artefacts
from register_api.publish.page.templating import TEMPLATES_SHA256
from register_api.publish.preparation import Candidate, PublishOptions, prepare, read_base
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.next_key import promote_next_keys
from register_api.publish.trust import repository as trust_repository
from register_api.store.manifest import PublisherState, StoredPolicy
from register_api.store.reader import Snapshot, open_snapshot, reopened
from register_api.store.transaction import commit, locked, recover

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from register_api.core.model import Register
    from register_api.core.notice import Promises
    from register_api.store.plan import Progress


class PublishRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be published, where, and with which keys.

    Attributes:
        source: Folder with register.toml.
        store: Folder of the store.
        keys: Folder of the private keys; for a new store missing keys are made.
        intent: Why and when.
        base_url: Address of the tree's root for a trial, ending in ``/``, in place of the register's own.
        root_keys: How many root keys a new register gets.
        root_threshold: How many of them have to sign.
    """

    source: Path
    store: Path
    keys: Path
    intent: PublishOptions
    base_url: str | None = None
    root_keys: int = 1
    root_threshold: int = 1


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an order.

    Attributes:
        prepared: The source with its findings, and the version it became.
        snapshot: The visible publication; ``None`` where nothing has changed (R26).
    """

    prepared: Candidate
    snapshot: Snapshot | None


def publish_version(order: PublishRequest, progress: Progress | None = None) -> Published:
    """Check a source and publish it as the next version, whole or not at all.

    Args:
        order: What, where, and with which keys.
        progress: Called with done, total and what is being written.

    Returns:
        The new publication, or none where the source says what the newest version says.

    Raises:
        Refused: The source breaks rules; the tree is as it was.
        StoreLocked: Another publisher is at work.
        StoreError: The store is damaged.
        KeyStoreError: A private key is missing or cannot be used.
        UsageError: There is no source folder.
    """
    with _without_collector():
        return _publish(order, progress)


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the collector of reference cycles: what publishing builds is large, and has hardly any."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _publish(order: PublishRequest, progress: Progress | None) -> Published:
    # Before the lock: a source that is refused leaves no trace, not even a folder.
    seen = open_snapshot(order.store)
    prepared = prepare(order.source, read_base(seen), order.intent)
    prepared.required()
    with locked(order.store):
        recover(order.store)
        snapshot = reopened(order.store, seen)
        keyring = Keyring.open(
            order.keys,
            create=snapshot is None,
            root_keys=order.root_keys,
            root_threshold=order.root_threshold,
        )
        if snapshot is not None:
            promote_next_keys(keyring.reopen(), snapshot.read)
        if _sha256_of_newest(snapshot) != prepared.base.sha256:
            prepared = prepare(order.source, read_base(snapshot), order.intent)
        register, promises = prepared.required()
        if prepared.unchanged:
            return Published(prepared=prepared, snapshot=None)
        base_url = order.base_url or register.url
        maker = ArtefactBuilder(snapshot, keyring, order.intent.now, base_url)
        made = maker.make(prepared.base.newest, register, promises)
        state = _state(snapshot, register, promises, made, base_url)
        visible = commit(
            order.store,
            made.files,
            state,
            now=order.intent.now,
            retired=made.retired,
            progress=progress,
            before=snapshot,
        )
    return Published(prepared=prepared, snapshot=visible)


def _sha256_of_newest(snapshot: Snapshot | None) -> str | None:
    return snapshot.manifest.files[tree.REGISTER.path()].sha256 if snapshot else None


def refresh_freshness(store: Path, keys: Path, now: dt.datetime) -> Snapshot:
    """Renew the signed timestamp with the online key alone, as one transaction.

    Args:
        store: Folder of the store.
        keys: Folder that holds the online key.
        now: The present instant, UTC.

    Returns:
        The visible publication with its new timestamp.

    Raises:
        StoreError: Nothing was published yet, or the store is damaged.
        StoreLocked: A publisher is at work.
        KeyStoreError: The online key is missing or not the one that the root names.
    """
    seen = open_snapshot(store)
    if seen is None:
        raise StoreError(f"nothing was published into {store} yet", hint="register-api publish")
    with locked(store):
        recover(store)
        snapshot = reopened(store, seen)
        if snapshot is None:
            raise StoreError(f"nothing was published into {store} yet", hint="register-api publish")
        files = trust_repository.refresh(snapshot.read, Keyring.open(keys, create=False), now)
        return commit(store, files, snapshot.state, now=now, before=snapshot)


def _state(
    before: Snapshot | None,
    register: Register,
    promises: Promises,
    made: Artefacts,
    base_url: str | None,
) -> PublisherState:
    """Return what the next publication needs to know."""
    rows = (StoredPolicy(version=row.version, day=row.day, notice=row.notice) for row in promises.policies)
    return PublisherState(
        register=register.register,
        version=register.version,
        published_at=register.published_at,
        first_published_at=before.state.first_published_at if before else register.published_at,
        root_hash=made.root_hash.hex(),
        time_zone=register.publisher.time_zone,
        first_live=promises.first_live,
        base_url=base_url,
        policies=tuple(rows),
        feed_window=made.feed_window,
        page_templates=TEMPLATES_SHA256,
    )
