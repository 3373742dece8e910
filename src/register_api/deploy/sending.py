"""Sending what has changed, in the order in which readers may meet it (docs/format/tree.md).

No place switches a whole tree at once. So files that never change go first, and of them the entry of the
first new version alone: only one publisher can create it, and who comes second stops there. Head files
follow, then the checkpoint, then the timestamp, each group only when all before it was read back; what has
left the tree is removed at the end. Stopped at any point, the next deployment does the rest. Afterwards what
was sent is looked at as a stranger does: at the register's address, with its first root alone.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import get_args

import msgspec

from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.format.kind import Stage
from register_api.core.format.paths import kind_of, values_in
from register_api.deploy.plan import (
    TIMESTAMP,
    Deployed,
    Item,
    Plan,
    Progress,
    check_next_entry,
    each,
    load_deployed,
    make_plan,
    save_deployed,
)
from register_api.deploy.target import DeployTarget, probe
from register_api.errors import (
    Inconsistent,
    RolledBack,
    Stale,
    StoreDamaged,
    StoreError,
    TargetError,
)
from register_api.store.reader import Snapshot, current
from register_api.verify import Options, VerifyResult, verify
from register_api.verify.fetcher import KeepingFetcher
from register_api.verify.http_fetcher import HttpFetcher
from register_api.verify.options import History

_AGAIN = "run the same command again; it goes on where it stopped"
_PAUSES = (0, 2, 5, 10, 20, 30)
"""Seconds before each look: what a cache still has is gone after the 60 of ``CACHE_CONTROL``."""
_BETWEEN = (Inconsistent, RolledBack)
"""What parts of two publications are told as."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is deployed where.

    Attributes:
        snapshot: What is to be there.
        target: The place.
        address: By which the store knows it.
        repair: Trust nothing of what was sent before, as ``make_plan`` says.
        dry_run: Only make the plan.
        forgotten: Called when the store cannot keep what was sent, with the error.
    """

    snapshot: Snapshot
    target: DeployTarget
    address: str
    repair: bool = False
    dry_run: bool = False
    forgotten: Callable[[OSError], None]


def deploy(order: Order, progress: Progress) -> Plan:
    """Bring a target to what a store holds, and return what was done.

    Args:
        order: What is deployed where.
        progress: Called with done, total and the file that is being sent.

    Raises:
        TargetError: The target does not take it, or somebody else publishes there.
        RolledBack: The target is ahead of the store.
        Forked: It holds another history.
        StoreError: The store's own files cannot be read.
    """
    try:
        return _deploy(order, progress)
    except OSError as error:
        raise TargetError(
            f"{order.target.name}: {error.strerror}", hint=f"put that right, then {_AGAIN}"
        ) from error
    except StoreDamaged as error:
        if current(order.snapshot.store) == order.snapshot.generation:
            raise
        raise StoreError("something was published into the store in the meantime", hint=_AGAIN) from error


def _deploy(order: Order, progress: Progress) -> Plan:
    known = load_deployed(order.snapshot.store, order.address)
    plan = make_plan(order.snapshot, order.target, known, repair=order.repair, progress=progress)
    if order.dry_run:
        return plan
    timestamp = plan.items[TIMESTAMP].sha256
    if plan.send or plan.remove:
        if plan.timestamp is None and not known.timestamps:
            probe(order.target)
        _keep(order, known.during([*(item.name for item in plan.send), *plan.remove], timestamp))
        with order.target.writing():
            _Sending(order, plan, progress).run()
    files = {name: item.sha256 for name, item in plan.items.items()}
    _keep(order, Deployed(target=order.address, files=files, timestamps=(timestamp,)))
    return plan


def _keep(order: Order, known: Deployed) -> None:
    """Remember in the store; a store that may only be read costs a comparison the next time."""
    try:
        save_deployed(order.snapshot.store, known)
    except OSError as error:
        order.forgotten(error)


class _Sending:
    """One deployment on its way."""

    def __init__(self, order: Order, plan: Plan, progress: Progress) -> None:
        self._snapshot, self._target = order.snapshot, order.target
        self._plan = plan
        self._progress = progress
        self._done = 0

    def run(self) -> None:
        """Send the groups one after the other, and remove what has left the tree."""
        for group in self._groups():
            if kind_of(group[0].path).stage in ("head", "timestamp"):
                self._check_alone()
            for name in each(self._send, group):
                self._told(name)
        for name in self._plan.remove:
            self._target.remove(name)
            self._told(name)
        served = self._target.get(TIMESTAMP)
        if served is None or digest(served) != self._plan.items[TIMESTAMP].sha256:
            raise self._not_alone()

    def _groups(self) -> Iterator[list[Item]]:
        """Yield what is sent together: the lock, then the stages of the format."""
        entries = [item for item in self._plan.send if kind_of(item.path) is tree.VERSION_ENTRY]
        lock = [item for item in entries if item.form == "identity"]
        lock = sorted(lock, key=lambda item: int(values_in(item.path)["version"]))[:1]
        yield from filter(None, [lock])
        for stage in get_args(Stage):
            group = [item for item in self._plan.send if item.stage == stage and item not in lock]
            yield from filter(None, [group])

    def _told(self, name: str) -> None:
        self._done += 1
        self._progress(self._done, len(self._plan.send) + len(self._plan.remove), name)

    def _send(self, item: Item) -> str:
        data, target = self._snapshot.read(item.path, item.form), self._target
        if not item.fixed:
            target.put(item.name, data, item.headers)
        elif not target.create(item.name, data, item.headers) and target.get(item.name) != data:
            raise self._lost(item)
        if target.get(item.name) != data:
            raise TargetError(
                f"{target.name}: {item.name} came back with other bytes than were sent", hint=_AGAIN
            )
        return item.name

    def _lost(self, item: Item) -> TargetError:
        """Return the error of who comes second: somebody has written what never changes."""
        if kind_of(item.path) is not tree.VERSION_ENTRY:
            return TargetError(
                f"{self._target.name}: {item.name} is there with other bytes, and it never changes",
                hint="if nobody can have read it, remove it there and run the same command again",
            )
        number = values_in(item.path)["version"]
        return TargetError(
            f"another publisher has begun to publish version {number} at {self._target.name};"
            " no head file was written",
            hint="if it can no longer be finished, and nobody can have read it, remove"
            f" {tree.VERSION_FOLDER.format(version=number)} there and run the same command again",
        )

    def _check_alone(self) -> None:
        """Refuse to write heads over those of somebody who has published meanwhile."""
        check_next_entry(self._snapshot, self._target)
        now = self._target.get(TIMESTAMP)
        if now != self._plan.timestamp and not (now and digest(now) == self._plan.items[TIMESTAMP].sha256):
            raise self._not_alone()

    def _not_alone(self) -> TargetError:
        return TargetError(
            f"another publisher has written to {self._target.name} in the meantime", hint=_AGAIN
        )


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
    wishes = Options(root_sha256=digest(snapshot.read(tree.ROOT.path(1))), history=history, wait=0)
    for pause in _PAUSES:
        time.sleep(pause)
        with HttpFetcher(url) as fetcher:
            kept = KeepingFetcher(fetcher)
            result = verify(url, wishes, now, progress, fetcher=kept)
        ours, found = kept.files.get(TIMESTAMP) == snapshot.read(TIMESTAMP), result.finding
        if not isinstance(found, _BETWEEN) and (ours or not (found is None or isinstance(found, Stale))):
            break  # no cache that still has what was before would explain what was found
    return result, ours
