"""What ``register-api verify BASE`` does: all checks, a second round if need be, memory, a report."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from register_api import clock
from register_api.core.format import tree
from register_api.errors import Forged, Inconsistent, RolledBack
from register_api.verify import state
from register_api.verify.checks.check_table import worst
from register_api.verify.checks.round import Round, last_instant
from register_api.verify.checks.steps import check_round
from register_api.verify.checks.version_history import CHECKS as HISTORY_CHECKS
from register_api.verify.fetcher import NotServed
from register_api.verify.options import Options
from register_api.verify.outcome import make_report, make_verified
from register_api.verify.result import VerifyResult
from register_api.verify.state import Remembered

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from register_api.bounded_http.limits import HttpLimits
    from register_api.verify.checks.run import Progress
    from register_api.verify.fetcher import Fetcher
    from register_api.verify.http_fetcher import HttpFetcher

_MEMORABLE = ("V01", "V02", "V03", "V04", "V05", "V06", "V07", "V08", "V10", "V11", "V30", "V32")
"""What must hold before a publication is remembered: after that, nothing older counts any more."""

_MAY_BE_BETWEEN = (Forged, Inconsistent, RolledBack, NotServed)
"""Findings that a publication in progress may cause."""


def verify(
    base: str,
    options: Options | None = None,
    now: dt.datetime | None = None,
    progress: Progress | None = None,
    *,
    fetcher: Fetcher | None = None,
) -> VerifyResult:
    """Check the register that is published at an address.

    What the register's publisher or host did wrong is reported, not raised: one run gives one result.
    The call blocks; many registers are checked in threads, each with a state folder of its own.

    Args:
        base: Where the tree is published: ``https://…`` or ``http://…``.
        options: What the customer asks for; without it, the usual.
        now: The present instant, UTC; without it, this machine's.
        progress: Called with steps done, steps known so far, and what comes next.
        fetcher: Reads the tree instead of HTTP, e.g. from a folder; ``base`` is then only its name.

    Returns:
        The report, and the register with what follows from it where every check has passed.

    Raises:
        UsageError: ``base``, the root or the state folder cannot be used, or a thread with a running event
            loop calls.
        Malformed: The remembered state is damaged.
    """
    options = options or Options()
    now = now or clock.now()
    with contextlib.ExitStack() as stack:
        remembered = None
        if options.state is not None:
            stack.enter_context(state.held(options.state))
            remembered = state.load(options.state)
        reader = fetcher or stack.enter_context(_over_http(base, options.limits))
        found = look(reader, options, now, remembered, progress)
        evidence = _remember(options.state, found) if options.state is not None else ()
        report = make_report(base, found, now, evidence=evidence)
    errors = found.record.errors()
    if errors:
        return VerifyResult(report=report, verified=None, finding=worst(errors))
    verified = make_verified(found, now, _read_in_full(found))
    return VerifyResult(report=report, verified=verified, finding=None)


def _over_http(base: str, limits: HttpLimits) -> HttpFetcher:
    # httpx takes a quarter of the time that importing all of this takes; a fetcher of one's own needs none.
    from register_api.verify.http_fetcher import HttpFetcher  # noqa: PLC0415

    return HttpFetcher(base, limits)


def look(
    reader: Fetcher,
    options: Options,
    now: dt.datetime,
    remembered: Remembered | None,
    progress: Progress | None = None,
) -> Round:
    """Make all checks, and once more where parts of two publications seem to have been met.

    Args:
        reader: Gives the tree.
        options: What the customer asks for.
        now: The present instant, UTC.
        remembered: State of an earlier run.
        progress: As for ``verify``.

    Returns:
        The last round, run to its end.
    """
    found = check_round(Round(reader, options, now, remembered, progress))
    between = any(isinstance(error, _MAY_BE_BETWEEN) for error in found.record.errors())
    if between and Round.targets.of(found) is not None:
        time.sleep(options.wait)
        found = check_round(Round(reader, options, now, remembered, progress))
    return found


def _remember(folder: Path, found: Round) -> tuple[str, ...]:
    """Keep evidence if there is some, and the state if what it says holds; return the evidence's files."""
    record, remembered = found.record, found.remembered
    documents = record.contradicting()
    if documents and remembered is not None:
        documents += (remembered.checkpoint_document,)
    kept = tuple(str(state.keep_evidence(folder, document)) for document in documents)
    if not kept and all(record.holds(check) for check in _MEMORABLE):
        state.save(folder, _new_state(found))
    return kept


def _new_state(found: Round) -> Remembered:
    known, metadata = found.remembered, found.targets.trusted.metadata
    register, log = found.register, found.log
    checked_version = _read_in_full(found)
    nothing_new = known is not None and checked_version == known.checked_version
    history = found.history.promises
    promises = (known.promises, known.first_live) if known and nothing_new else history.to_remember()
    return Remembered(
        register=register.document.register,
        origin=found.start.origin if known is None else known.origin,
        root=metadata["root"],
        timestamp=metadata["timestamp"],
        snapshot=metadata["snapshot"],
        targets=metadata["targets"],
        checkpoint=log.data,
        size=log.size,
        root_hash=log.head.root,
        last_instant=last_instant(known, register.document),
        checked_version=checked_version,
        kept={
            tree.KEYS.target_name: found.keys.data,
            tree.REGISTER.target_name: register.data,
            tree.CHECKPOINT.target_name: log.vouched,
        },
        promises=promises[0],
        first_live=promises[1],
        disowned=found.disowned.all,
        acknowledged=found.disowned.acknowledged,
    )


def _read_in_full(found: Round) -> int:
    """Return up to which version all were read in full and found good."""
    known, read = found.remembered, found.history.checked
    before = 0 if known is None else known.checked_version
    if read is None or read[1] <= before or not all(map(found.record.holds, HISTORY_CHECKS)):
        return before
    return read[1]
