"""Signing over a store: lock it, examine it and the new tree, record the head beside the keys, switch."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from register_api.core.instant import format_instant
from register_api.errors import RolledBack, StoreDamaged, StoreError
from register_api.publish import last_signed
from register_api.publish.examine import Examined, examine
from register_api.publish.last_signed import NOTHING, KeyMemory
from register_api.publish.trust.metadata import overlaid
from register_api.store.plan import Progress
from register_api.store.reader import PublisherState, Snapshot, open_or_reuse, open_snapshot
from register_api.store.transaction import commit, locked, recover


class Publishing(msgspec.Struct, frozen=True, kw_only=True):
    """A locked store and key folder, with the visible content of the store after verification."""

    store: Path
    keys: Path
    memory: KeyMemory
    snapshot: Snapshot | None
    found: Examined | None

    def required(self) -> tuple[Snapshot, Examined]:
        """Return the visible snapshot and its content; raise ``StoreError`` if nothing was published."""
        if self.snapshot is None or self.found is None:
            raise nothing_published(self.store)
        return self.snapshot, self.found

    def commit(
        self,
        files: Mapping[str, bytes],
        *,
        now: dt.datetime,
        retired: Iterable[str] = (),
        progress: Progress | None = None,
        pages: tuple[str | None, dt.date | None] | None = None,
        base_url: str | None = None,
    ) -> Snapshot:
        """Examine the resulting tree, record its head beside the keys, and make it visible.

        ``pages`` is the digest of the templates and the day that pages display; ``None`` leaves both
        unchanged.
        """
        before, gone = self.snapshot, frozenset(retired)

        def stored(path: str) -> bytes:
            if before is None or path in gone:
                raise KeyError(path)
            return before.read(path)

        made = examine(overlaid(files, stored), self.found.head if self.found else None, base_url)
        kept = (before.state.page_templates, before.state.pages_on) if before else (None, None)
        return commit(
            self.store,
            files,
            state_of(made, *(pages or kept)),
            now=now,
            retired=gone,
            progress=progress,
            before=before,
            around_switch=functools.partial(last_signed.show, self.keys, self.memory, made.head),
        )


@contextlib.contextmanager
def building(store: Path, keys: Path, seen: Snapshot | None = None) -> Iterator[Publishing]:
    """Lock a store and its keys, recover an interrupted commit, and examine the store."""
    with locked(store):
        recover(store)
        snapshot = open_or_reuse(store, seen)
        with last_signed.held(keys) as known:
            found = _examined(snapshot, known, keys)
            yield Publishing(store=store, keys=keys, memory=known, snapshot=snapshot, found=found)


def _examined(snapshot: Snapshot | None, known: KeyMemory, keys: Path) -> Examined | None:
    if snapshot is None:
        if known.shown is not None:
            raise RolledBack(
                f"these keys have published version {known.shown.size}, and the store is empty",
                hint="register-api recover --from URL takes over what is public",
            )
        return None
    if known == NOTHING:
        raise StoreError(
            f"{keys} does not say what was published with these keys, so the store cannot be believed",
            hint=f"copy {last_signed.MEMORY_FILE} with the keys, or register-api recover --root-sha256 HEX",
        )
    found = examine(snapshot.read, known.shown or known.intended)
    last_signed.check_continues(known, found.head, found.root_at)
    # state.json must agree with what is signed; only its two page fields are not signed.
    state = snapshot.state
    right = state_of(found, state.page_templates, state.pages_on)
    if state != msgspec.structs.replace(right, manifest_sha256=state.manifest_sha256):
        raise StoreDamaged(
            f"state.json of version {state.version}, published {format_instant(state.published_at)},"
            " does not say what is signed",
            hint="nothing was signed; register-api recover --from URL",
        )
    return found


def state_of(found: Examined, templates: str | None, pages_on: dt.date | None) -> PublisherState:
    """Return the content of ``state.json``, for those who read the store without keys."""
    newest = found.newest.document
    return PublisherState(
        register=newest.register,
        version=newest.version,
        published_at=newest.published_at,
        first_published_at=found.first_published_at,
        root_hash=found.head.root_hash,
        time_zone=newest.publisher.time_zone,
        first_live=found.promises.first_live,
        policies=found.promises.policies,
        page_templates=templates,
        pages_on=pages_on,
    )


def required_snapshot(store: Path) -> Snapshot:
    """Return the visible snapshot of a store; raise ``StoreError`` if nothing was published."""
    snapshot = open_snapshot(store)
    if snapshot is None:
        raise nothing_published(store)
    return snapshot


def nothing_published(store: Path) -> StoreError:
    """Return the error for a store into which nothing was published."""
    return StoreError(f"nothing was published into {store} yet", hint="register-api publish")
