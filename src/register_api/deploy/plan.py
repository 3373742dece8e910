"""Compares a target with the store to determine which files to send, before anything is written.

The target is not trusted. The store records what it has sent, which holds while the target's timestamp is one
sent from here. Otherwise the target's content must be signed by this register and not be ahead of the store,
and every file is read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.format.paths import is_path
from register_api.deploy.public_head import CallbackFetcher, address_of_register, compare
from register_api.deploy.target import DeployTarget
from register_api.errors import Forked, RolledBack, TargetError, VerificationError
from register_api.files.durable import DamagedState, read_state, write_state
from register_api.store.reader import SUFFIXES, Encoding, ManifestEntry, Snapshot
from register_api.verify.checks.run import Progress

_FORMAT = "sub-processor-register-deployed/1"


class Deployed(msgspec.Struct, frozen=True):
    """Recorded content of a target, by its address."""

    target: str
    files: dict[str, str] = {}
    """Name to SHA-256 (hex); empty for a file being sent or removed, which may or may not be there."""
    timestamps: tuple[str, ...] = ()
    """Possible SHA-256 (hex) of its timestamp if nobody else has written there."""


def _place(store: Path, target: str) -> Path:
    return store / "deployed" / f"{digest(target.encode())[:32]}.json"


def load_deployed(store: Path, target: str) -> Deployed:
    """Return a store's record of a target; an empty one if it is missing or damaged."""
    with contextlib.suppress(OSError, DamagedState):
        found = read_state(_place(store, target), Deployed, format_name=_FORMAT)
        if found.target == target:
            return found
    return Deployed(target=target)


def save_deployed(store: Path, known: Deployed) -> None:
    """Save a store's record of a target."""
    path = _place(store, known.target)
    path.parent.mkdir(exist_ok=True)
    write_state(path, known, format_name=_FORMAT)


AT_ONCE = 32
"""Files sent or read in parallel."""
S = TypeVar("S")
T = TypeVar("T")
TIMESTAMP = tree.TIMESTAMP.path()
_ROOT = tree.ROOT.path(1)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A file to send: name at the target, path in the tree, form (coding), and digest of that form."""

    name: str
    path: str
    form: str
    entry: ManifestEntry
    sha256: str
    size: int

    @property
    def fixed(self) -> bool:
        """Whether its bytes must never change; compressed forms may differ between machines."""
        return self.entry.cache == "immutable" and self.form == "identity"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment will do: ``items`` are all files of the updated target, by name.

    ``timestamp`` is the target's current one; ``None`` if nothing was published there.
    """

    items: dict[str, Item]
    send: tuple[Item, ...]
    remove: tuple[str, ...]
    timestamp: bytes | None


def make_plan(
    snapshot: Snapshot, target: DeployTarget, known: Deployed, *, repair: bool, progress: Progress
) -> Plan:
    """Compare a target with a store."""
    items = {}
    for path, entry in snapshot.manifest.files.items():
        forms: dict[str, ManifestEntry | Encoding] = {"identity": entry}
        for form, bytes_ in (forms | (entry.encodings if target.takes_forms else {})).items():
            name = path + SUFFIXES[form]
            items[name] = Item(
                name=name, path=path, form=form, entry=entry, sha256=bytes_.sha256, size=bytes_.size
            )
    timestamp = target.get(TIMESTAMP)
    check_next_entry(snapshot, target)
    if timestamp is not None and digest(timestamp) in known.timestamps and not repair:
        there = known.files
    else:
        _check_ours(snapshot, target, items, timestamp, repair=repair)
        there = {}
        if timestamp is not None or target.get(_ROOT) is not None:
            for done, (name, data) in enumerate(each(lambda name: (name, target.get(name)), items), 1):
                progress(done, len(items), f"comparing {name}")
                there[name] = "" if data is None else digest(data)
    return Plan(
        items=items,
        send=tuple(item for item in items.values() if there.get(item.name) != item.sha256),
        remove=tuple(
            name  # only names in the format: no other file is ever removed
            for name in known.files
            if name not in items and any(is_path(name.removesuffix(suffix)) for suffix in SUFFIXES.values())
        ),
        timestamp=timestamp,
    )


def check_next_entry(snapshot: Snapshot, target: DeployTarget) -> None:
    """Refuse a target that has the log entry of a version that the store does not have."""
    number = snapshot.state.version + 1
    if target.get(tree.VERSION_ENTRY.path(number)) is not None:
        raise RolledBack(
            f"version {number} is at {target.name} already, and the store holds version {number - 1}",
            hint=_recover(snapshot),
        )


def _check_ours(
    snapshot: Snapshot, target: DeployTarget, items: dict[str, Item], timestamp: bytes | None, *, repair: bool
) -> None:
    """Refuse a target that must not be overwritten: another register, unrelated files, a newer version."""
    root = target.get(_ROOT)
    if root is not None and root != snapshot.read(_ROOT):
        raise TargetError(
            f"{target.name} holds another register: its {_ROOT} is not that of {snapshot.state.register}",
            hint="deploy to a different place",
        )
    if timestamp is not None:
        try:
            compare(snapshot, CallbackFetcher(target.get), target.name, _recover(snapshot))
        except (RolledBack, Forked):
            raise
        except VerificationError as error:
            if not repair:
                raise TargetError(
                    f"the content of {target.name} cannot be checked: {error.message}",
                    hint="--repair sends all that differs from the store; make sure that the store is the"
                    " newest",
                ) from error
    elif root is None and not repair:
        changing = [item for item in items.values() if not item.fixed]
        there = each(target.get, [item.name for item in changing])
        for item, data in zip(changing, there, strict=True):
            if data is not None and digest(data) != item.sha256:
                raise TargetError(
                    f"{target.name} holds files of somebody else, such as {item.name}",
                    hint="deploy to an empty place, or write over them with --repair",
                )


def each(work: Callable[[S], T], things: Iterable[S]) -> Iterable[T]:
    """Yield the results of ``work`` in order, running in parallel; the first error cancels the rest.

    Running tasks are awaited, those not yet started are dropped.
    """
    pool = ThreadPoolExecutor(max_workers=AT_ONCE)
    try:
        yield from pool.map(work, things)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _recover(snapshot: Snapshot) -> str:
    url = address_of_register(snapshot) or "URL"
    return f"nothing was sent; register-api recover --from {url} takes over what is public there"
