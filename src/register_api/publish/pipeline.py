"""Publishing and refreshing: from a request to a visible publication, as one transaction."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterator
from pathlib import Path

import msgspec

from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.core.instant import format_instant, local_day
from register_api.core.language.language import Language
from register_api.errors import StoreLocked
from register_api.publish.artefact_builders import NewVersion, make_files, new_version, no_longer_made
from register_api.publish.building import Publishing, building, required_snapshot
from register_api.publish.examine import Examined, nothing_signed
from register_api.publish.key_transaction import promote_next_keys
from register_api.publish.page.render import in_each_language, index_page, subprocessor_pages
from register_api.publish.page.view import page_view, vendors_to_write
from register_api.publish.preparation import Candidate, PublishOptions, base_of, prepare, read_base
from register_api.publish.signing.key_list import current_key_list
from register_api.publish.signing.keyring import Keyring, signatures
from register_api.publish.templating import TEMPLATES_SHA256
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust import repository as trust_repository
from register_api.publish.trust import root as trust_root
from register_api.publish.trust.metadata import Read
from register_api.publish.version_files import outgrown_tiles
from register_api.store.plan import Progress
from register_api.store.reader import Snapshot, open_snapshot


class PublishRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish, where, and with which keys.

    Attributes:
        base_url: URL of the tree's root for a trial, ending in ``/``, instead of the register's own.
        fresh_for: Validity of the signed timestamp; ``None``: the same as before.
        clock_is_right: Sign even if the current timestamp was signed at a later time.
    """

    source: Path
    store: Path
    keys: Path
    options: PublishOptions
    base_url: str | None = None
    root_keys: int = 1
    root_threshold: int = 1
    fresh_for: dt.timedelta | None = None
    clock_is_right: bool = False


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The checked source, and the visible publication if anything has changed (R26)."""

    candidate: Candidate
    snapshot: Snapshot | None


def publish_version(request: PublishRequest, progress: Progress | None = None) -> Published:
    """Check a source and publish it atomically as the next version.

    Nothing is published if the source has no changes. ``progress`` is called with done, total and the file
    being written.

    Raises:
        Refused: The source breaks rules; the tree is unchanged.
        StoreLocked: Another publisher is running, or has published first.
        StoreError: The store is damaged.
        VerificationError: The store differs from what was signed, or is older.
        KeyStoreError: A private key is missing or cannot be used.
        UsageError: The source folder does not exist.
    """
    # Publishing creates many objects and hardly any cycles, so garbage collection is paused.
    enabled = gc.isenabled()
    gc.disable()
    try:
        return _publish(request, progress)
    finally:
        if enabled:
            gc.enable()


def _publish(request: PublishRequest, progress: Progress | None) -> Published:
    # Before the lock: a refused source leaves nothing behind, not even a folder.
    seen, now = open_snapshot(request.store), request.options.now
    candidate = prepare(request.source, read_base(seen), request.options)
    candidate.required()
    keyring = Keyring(
        request.keys, create=False, root_keys=request.root_keys, root_threshold=request.root_threshold
    )
    with building(request.store, request.keys, seen) as work:
        keyring.create = work.snapshot is None
        if work.snapshot is not None:
            promote_next_keys(keyring.reopen(), work.snapshot.read)
        base = base_of(work.found)
        if base.sha256 != candidate.base.sha256:
            candidate = prepare(request.source, base, request.options)
            if base.register and request.options.at is None and now <= base.register.published_at:
                # Another publication came first; the source does not break R15.
                at = format_instant(base.register.published_at)
                raise StoreLocked(
                    f"version {base.register.version} was published meanwhile, at {at}",
                    hint="register-api publish  again, for what it does not say yet",
                )
        if candidate.required() and candidate.unchanged:
            return Published(candidate=candidate, snapshot=None)
        new, files, retired = make_version(work, candidate, keyring, request)
        visible = work.commit(
            files,
            now=now,
            retired=retired,
            progress=progress,
            pages=(TEMPLATES_SHA256, new.today),
            base_url=new.base_url,
        )
    return Published(candidate=candidate, snapshot=visible)


def make_version(
    work: Publishing, candidate: Candidate, keyring: Keyring, request: PublishRequest
) -> tuple[NewVersion, dict[str, bytes], list[str]]:
    """Build all files that a version adds, by path, and list the stored files to remove."""
    snapshot, found, now = work.snapshot, work.found, request.options.now
    register, _ = candidate.required()
    published = found.keys.document if found else None
    current_key_list(published, register.register, keyring, register.version)
    first_root = {} if snapshot else trust_root.create(keyring, now)
    read: Read = snapshot.read if snapshot else first_root.__getitem__
    roots = trust_metadata.roots(read)
    new = new_version(candidate, found, snapshot, keyring, roots, now, request.base_url)
    with nothing_signed():
        made = make_files(new)
    made |= signatures(made, keyring)
    trust = trust_repository.publish(
        read,
        keyring,
        {name: made[kind.path()] for name, kind in TARGETS_BY_NAME.items()},
        now,
        request.fresh_for,
        clock_is_right=request.clock_is_right,
    )
    retired = [*outgrown_tiles(new.log.tiles, new.stored), *no_longer_made(made, new.stored, register)]
    if snapshot is not None:
        retired += trust_repository.expired_metadata(snapshot.read, snapshot.published_at, now)
    return new, {**made, **first_root, **trust}, retired


def refresh_freshness(
    store: Path,
    keys: Path,
    now: dt.datetime,
    fresh_for: dt.timedelta | None = None,
    *,
    clock_is_right: bool = False,
) -> Snapshot:
    """Renew the signed timestamp with the online key alone, and rewrite outdated pages.

    Without ``fresh_for``, the timestamp is valid for as long as the one before.

    Raises:
        StoreError: Nothing was published yet, or the store is damaged.
        VerificationError: The store differs from what was signed, or is older.
        StoreLocked: A publisher is running.
        KeyStoreError: The online key is missing or is not the one named in the root.
    """
    with building(store, keys, required_snapshot(store)) as work:
        snapshot, found = work.required()
        keyring = Keyring(keys)
        files = trust_repository.refresh(
            snapshot.read, keyring, now, fresh_for, clock_is_right=clock_is_right
        )
        state = snapshot.state
        with nothing_signed():
            pages = pages_of_day(found, snapshot.read, state.pages_on, now)
        day = local_day(now, found.promises.zone) if pages else state.pages_on
        return work.commit({**files, **pages}, now=now, pages=(state.page_templates, day))


def pages_of_day(found: Examined, read: Read, shown_on: dt.date | None, now: dt.datetime) -> dict[str, bytes]:
    """Return pages that differ today from the day for which they were written; no key is needed.

    The main page states its day, so it is rewritten every day.
    """
    register, zone = found.newest.document, found.promises.zone
    today, made_for = local_day(now, zone), shown_on or local_day(register.published_at, zone)
    if shown_on is not None and today <= shown_on:
        return {}
    vendors = vendors_to_write(register, made_for, register, today, changed=())
    published = page_view(found, read, today)

    def pages(language: Language) -> Iterator[tuple[str, bytes]]:
        view = msgspec.structs.replace(published, language=language)
        yield tree.INDEX.path(), index_page(view)
        for id_, data in subprocessor_pages(view, vendors):
            yield tree.SUBPROCESSOR_PAGE.path(id_), data

    return in_each_language(register.publisher, pages)
