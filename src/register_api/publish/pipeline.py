"""Publishing and refreshing: from an order to a visible publication, as one transaction."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
from collections.abc import Iterator
from pathlib import Path

import msgspec

from register_api.core.format import tree
from register_api.core.instant import format_instant, local_day
from register_api.core.language.language import Language
from register_api.errors import StoreLocked
from register_api.publish.artefacts import ArtefactBuilder
from register_api.publish.building import PagesMade, building, nothing_published
from register_api.publish.examine import Examined, nothing_signed
from register_api.publish.key_transaction import promote_next_keys
from register_api.publish.page.render import in_each_language, index_page, subprocessor_pages
from register_api.publish.page.version_history import version_history
from register_api.publish.page.view import PageView, vendors_to_write
from register_api.publish.preparation import Baseline, Candidate, PublishOptions, prepare, read_base
from register_api.publish.signing.keyring import Keyring
from register_api.publish.templating import TEMPLATES_SHA256
from register_api.publish.trust import repository as trust_repository
from register_api.publish.trust.metadata import Read
from register_api.store.plan import Progress
from register_api.store.reader import Snapshot, open_snapshot


class PublishRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be published, where, and with which keys.

    Attributes:
        base_url: Address of the tree's root for a trial, ending in ``/``, in place of the register's own.
        root_threshold: How many of them have to sign.
        fresh_for: How long the signed timestamp is good; ``None``: as long as the one before.
        clock_is_right: Sign even if the timestamp in force is of a later instant.
    """

    source: Path
    store: Path
    keys: Path
    intent: PublishOptions
    base_url: str | None = None
    root_keys: int = 1
    root_threshold: int = 1
    fresh_for: dt.timedelta | None = None
    clock_is_right: bool = False


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

    Nothing becomes visible where the source says what the newest version says. The progress is called with
    done, total and what is being written.

    Raises:
        Refused: The source breaks rules; the tree is as it was.
        StoreLocked: Another publisher is at work, or came first.
        StoreError: The store is damaged.
        VerificationError: The store holds something else than what was signed, or less.
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
    keyring = Keyring.open(
        order.keys, create=False, root_keys=order.root_keys, root_threshold=order.root_threshold
    )
    with building(order.store, order.keys, seen) as work:
        keyring.create = work.snapshot is None
        if work.snapshot is not None:
            promote_next_keys(keyring.reopen(), work.snapshot.read)
        found = work.found
        base = Baseline(newest=found.newest, promises=found.promises) if found else Baseline()
        if base.sha256 != prepared.base.sha256:
            prepared = prepare(order.source, base, order.intent)
            _refuse_if_overtaken(base, order.intent)
        register, promises = prepared.required()
        if prepared.unchanged:
            return Published(prepared=prepared, snapshot=None)
        base_url = order.base_url or register.url
        builder = ArtefactBuilder(
            snapshot=work.snapshot,
            found=found,
            keyring=keyring,
            now=order.intent.now,
            base_url=base_url,
            fresh_for=order.fresh_for,
            clock_is_right=order.clock_is_right,
        )
        made = builder.make(register, promises)
        visible = work.commit(
            made.files,
            now=order.intent.now,
            retired=made.retired,
            progress=progress,
            pages=PagesMade(templates=TEMPLATES_SHA256, day=local_day(register.published_at, promises.zone)),
            base_url=base_url,
        )
    return Published(prepared=prepared, snapshot=visible)


def _refuse_if_overtaken(base: Baseline, intent: PublishOptions) -> None:
    """Say that another publication came first, and not that the source breaks R15, which it does not."""
    newest = base.register
    if intent.at is None and newest is not None and intent.now <= newest.published_at:
        raise StoreLocked(
            f"version {newest.version} was published meanwhile, at {format_instant(newest.published_at)}",
            hint="register-api publish  again, for what it does not say yet",
        )


def refresh_freshness(
    store: Path,
    keys: Path,
    now: dt.datetime,
    fresh_for: dt.timedelta | None = None,
    *,
    clock_is_right: bool = False,
) -> Snapshot:
    """Renew the signed timestamp with the online key alone, and pages that are out of date.

    The timestamp is good for as long as the one before, if nothing else is said.

    Raises:
        StoreError: Nothing was published yet, or the store is damaged.
        VerificationError: The store holds something else than what was signed, or less.
        StoreLocked: A publisher is at work.
        KeyStoreError: The online key is missing or not the one that the root names.
    """
    if open_snapshot(store) is None:
        raise nothing_published(store)
    with building(store, keys) as work:
        snapshot, found = work.required()
        keyring = Keyring.open(keys, create=False)
        files = trust_repository.refresh(
            snapshot.read, keyring, now, fresh_for, clock_is_right=clock_is_right
        )
        state = snapshot.state
        with nothing_signed():
            pages = pages_of_day(found, snapshot.read, state.pages_on, now)
        day = local_day(now, found.promises.zone) if pages else state.pages_on
        made = PagesMade(templates=state.page_templates, day=day)
        return work.commit({**files, **pages}, now=now, pages=made)


def pages_of_day(found: Examined, read: Read, shown_on: dt.date | None, now: dt.datetime) -> dict[str, bytes]:
    """Return pages that say something else today than on the day for which they were made; no key is needed.

    The page of the register names its day, so it is made again each day; that of a vendor only when what it
    says has changed.
    """
    register, zone = found.newest.document, found.promises.zone
    today, made_for = local_day(now, zone), shown_on or local_day(register.published_at, zone)
    if shown_on is not None and today <= shown_on:
        return {}
    vendors = vendors_to_write(register, made_for, register, today, told=())
    history = version_history(found.versions.document.versions, read, zone)

    def pages(language: Language) -> Iterator[tuple[str, bytes]]:
        view = PageView(
            register=register,
            history=history,
            promises=found.promises,
            language=language,
            today=today,
            size=found.head.size,
            root_hash=bytes.fromhex(found.head.root_hash),
        )
        yield tree.INDEX.path(), index_page(view)
        for id_, data in subprocessor_pages(view, vendors):
            yield tree.SUBPROCESSOR_PAGE.path(id_), data

    return in_each_language(register.publisher, pages)
