"""Uploads changed files in an order that is safe for concurrent readers (docs/format/tree.md).

No target can replace a whole tree atomically. The log entry of the first new version is uploaded first, as a
lock: only one publisher can create it. Then follow the other immutable files, head files, the checkpoint and
the timestamp, each group after the previous one was read back; removed files are deleted last. The next run
completes an interrupted one. Finally the register's public URL is verified, starting from its first root.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import time
from collections.abc import Callable
from typing import get_args

from register_api.bounded_http.limits import HttpLimits
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.format.kind import Stage
from register_api.core.format.paths import kind_of, values_in
from register_api.core.headers import CACHE_CONTROL
from register_api.deploy.plan import (
    TIMESTAMP,
    Deployed,
    Item,
    Plan,
    check_next_entry,
    each,
    load_deployed,
    make_plan,
    save_deployed,
)
from register_api.deploy.target import DeployTarget, probe
from register_api.errors import Inconsistent, RolledBack, Stale, StoreDamaged, StoreError, TargetError
from register_api.store.reader import Snapshot, current
from register_api.verify import Options, VerifyResult, verify
from register_api.verify.checks.run import Progress
from register_api.verify.fetcher import RUN_LIMITS, HttpFetcher, KeepingFetcher
from register_api.verify.options import History

_RERUN = "run the same command again; it goes on where it stopped"
_PAUSES = (0, 2, 5, 10, 20, 30)
"""Seconds before each attempt; caches expire after the 60 seconds of ``CACHE_CONTROL``."""
_PARTIAL = (Inconsistent, RolledBack)
"""Errors reported for a mixture of two publications."""


@dataclasses.dataclass
class Deployment:
    """Deploys a store's snapshot to a target, whose state the store records under ``address``."""

    snapshot: Snapshot
    target: DeployTarget
    address: str
    progress: Progress
    on_save_error: Callable[[OSError], None]
    """Called if the store cannot record what was sent."""

    def run(self, *, repair: bool = False, dry_run: bool = False) -> Plan:
        """Update the target from the store, and return what was done, or with ``dry_run`` would be.

        Raises:
            TargetError: The target cannot be read or written, or somebody else publishes there.
            RolledBack: The target is ahead of the store.
            Forked: It contains another history.
            StoreError: The store's own files cannot be read.
        """
        try:
            known = load_deployed(self.snapshot.store, self.address)
            plan = make_plan(self.snapshot, self.target, known, repair=repair, progress=self.progress)
            if not dry_run:
                self._carry_out(plan, known)
        except OSError as error:
            raise TargetError(
                f"{self.target.name}: {error.strerror}", hint=f"fix that, then {_RERUN}"
            ) from error
        except StoreDamaged as error:
            if current(self.snapshot.store) == self.snapshot.generation:
                raise
            raise StoreError("something was published into the store in the meantime", hint=_RERUN) from error
        return plan

    def _carry_out(self, plan: Plan, known: Deployed) -> None:
        timestamp = plan.items[TIMESTAMP].sha256
        if plan.send or plan.remove:
            if plan.timestamp is None and not known.timestamps:
                probe(self.target)
            # Until all is done, files being sent or removed may or may not be there.
            under_way = dict.fromkeys([*(item.name for item in plan.send), *plan.remove], "")
            self._keep(known.files | under_way, *dict.fromkeys((*known.timestamps, timestamp)))
            with self.target.writing():
                self._send_groups(plan)
        self._keep({name: item.sha256 for name, item in plan.items.items()}, timestamp)

    def _keep(self, files: dict[str, str], *timestamps: str) -> None:
        """Record the target's state in the store; if that fails, the next run compares all files."""
        try:
            save_deployed(self.snapshot.store, Deployed(self.address, files, timestamps))
        except OSError as error:
            self.on_save_error(error)

    def _send_groups(self, plan: Plan) -> None:
        """Send the lock, then each stage of the format, and delete removed files."""
        entries = [item for item in plan.send if kind_of(item.path) is tree.VERSION_ENTRY]
        lock = [item for item in entries if item.form == "identity"]
        lock = sorted(lock, key=lambda item: int(values_in(item.path)["version"]))[:1]
        stages = [
            [item for item in plan.send if kind_of(item.path).stage == stage and item not in lock]
            for stage in get_args(Stage)
        ]
        done, total = itertools.count(1), len(plan.send) + len(plan.remove)
        for group in filter(None, [lock, *stages]):
            if kind_of(group[0].path).stage in ("head", "timestamp"):
                self._check_no_other_publisher(plan)
            for name in each(self._send, group):
                self.progress(next(done), total, name)
        for name in plan.remove:
            self.target.remove(name)
            self.progress(next(done), total, name)
        served = self.target.get(TIMESTAMP)
        if served is None or digest(served) != plan.items[TIMESTAMP].sha256:
            raise self._other_publisher()

    def _send(self, item: Item) -> str:
        data, target = self.snapshot.read(item.path, item.form), self.target
        headers = {"Content-Type": item.entry.media_type, "Cache-Control": CACHE_CONTROL[item.entry.cache]}
        if not item.fixed:
            target.put(item.name, data, headers)
        elif not target.create(item.name, data, headers) and target.get(item.name) != data:
            # Another publisher has already written this immutable file.
            if kind_of(item.path) is not tree.VERSION_ENTRY:
                raise TargetError(
                    f"{target.name}: {item.name} is there with other bytes, and it never changes",
                    hint="if nobody can have read it, remove it there and run the same command again",
                )
            number = values_in(item.path)["version"]
            raise TargetError(
                f"another publisher has begun to publish version {number} at {target.name};"
                " no head file was written",
                hint="if it can no longer be finished, and nobody can have read it, remove"
                f" {tree.VERSION_FOLDER.format(version=number)} there and run the same command again",
            )
        if target.get(item.name) != data:
            raise TargetError(
                f"{target.name}: {item.name} came back with other bytes than were sent", hint=_RERUN
            )
        return item.name

    def _check_no_other_publisher(self, plan: Plan) -> None:
        """Refuse to overwrite head files if another publisher has written since the comparison."""
        check_next_entry(self.snapshot, self.target)
        now = self.target.get(TIMESTAMP)
        if now != plan.timestamp and not (now and digest(now) == plan.items[TIMESTAMP].sha256):
            raise self._other_publisher()

    def _other_publisher(self) -> TargetError:
        return TargetError(
            f"another publisher has written to {self.target.name} in the meantime", hint=_RERUN
        )


def verify_public(
    snapshot: Snapshot,
    url: str,
    now: dt.datetime,
    history: History = "none",
    limits: HttpLimits = RUN_LIMITS,
    progress: Progress | None = None,
) -> tuple[VerifyResult, bool]:
    """Verify the register at a URL; return the result, and whether it is the store's current timestamp."""
    options = Options(root_sha256=digest(snapshot.read(tree.ROOT.path(1))), history=history, wait=0)
    with HttpFetcher(url, limits) as fetcher:
        kept = KeepingFetcher(fetcher)
        result = verify(url, options, now, progress, fetcher=kept)
    return result, kept.files.get(TIMESTAMP) == snapshot.read(TIMESTAMP)


def verify_deployment(
    snapshot: Snapshot, url: str, now: dt.datetime, history: History, progress: Progress
) -> tuple[VerifyResult, bool]:
    """Verify the public URL, with retries while a cache may serve the previous state."""
    for pause in _PAUSES:
        time.sleep(pause)
        result, ours = verify_public(snapshot, url, now, history, progress=progress)
        found = result.finding
        if not isinstance(found, _PARTIAL) and (ours or not (found is None or isinstance(found, Stale))):
            break  # a stale cache would not explain this result
    return result, ours
