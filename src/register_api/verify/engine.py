"""``register-api verify BASE``: run all checks, retry once if needed, save the state, report."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from register_api import clock
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.errors import Document, Forged, Inconsistent, RolledBack, Stale
from register_api.verify import state
from register_api.verify.checks import feeds, mirrors, version_history, witnesses
from register_api.verify.checks import round as head
from register_api.verify.checks.check_table import NotApplicable, worst
from register_api.verify.checks.round import Round, last_instant
from register_api.verify.checks.run import Step, make_checks
from register_api.verify.fetcher import HttpFetcher, NotServed
from register_api.verify.options import Options
from register_api.verify.outcome import make_report, make_verified
from register_api.verify.report import VerifyResult
from register_api.verify.state import Remembered

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from register_api.verify.checks.run import Progress
    from register_api.verify.fetcher import Fetcher

_IN_FULL = version_history.CHECKS[1:]

_OF_A_REGISTER: tuple[Step[Round], ...] = (
    Step("V01", head.choose_root),
    Step("V02", head.follow_trust, "V01"),
    Step("V03", head.read_key_list, "V02"),
    Step("V04", head.read_register, "V02 V03"),
    Step("V05", head.check_register_signatures, "V02 V03 V04"),
    Step("V06", head.check_same_register, "V04"),
    Step("V07", head.check_clock, "V04 V02"),
    Step("V08", head.open_log, "V02 V03 V04"),
    Step("V09", witnesses.check_witnesses, "V08"),
    Step("V10", version_history.check_continues, "V06 V08"),
    Step("V11", version_history.check_newest, "V02 V08 V04"),
    Step("V30", head.check_key_history, "V06 V11 V02 V03 V08"),
    Step("V12", version_history.check_versions, "V08", whole=True),
    Step("V13", version_history.check_history, "V02 V08", whole=True, also=_IN_FULL),
    Step("V20", feeds.check_feed, "V02 V03 V04", whole=True),
    Step("V21", feeds.check_feed_signatures, "V02 V08 V20", whole=True),
    Step("V22", feeds.check_feed_entries, "V02 V08 V20", whole=True),
    Step("V23", feeds.check_archive, "V08", whole=True),
    Step("V24", head.check_key_files, "V03", whole=True),
    Step("V26", mirrors.check_discovery, "V02 V04", whole=True),
    Step("V27", witnesses.check_others, "V08"),
    Step("V28", witnesses.check_time_stamp, "V08"),
    Step("V32", witnesses.check_dates, "V06 V11 V08 V04"),
    Step("V33", head.check_disowned, "V06 V30 V03 V08"),
    Step("V29", mirrors.check_upcoming, "V04", whole=True),
    Step("V34", mirrors.check_head_files, "V02 V03 V04", whole=True),
    Step("V25", mirrors.check_copies, "V02 V03 V04"),
)
"""The checks in order, with their prerequisites; a check whose prerequisites failed is skipped."""


def _check_times(run: Round) -> str:
    """Check that no role's metadata expired before the version was published (E02)."""
    trusted, found = run.targets.trusted, run.found
    if found is None:
        raise NotApplicable("the version's files are not valid")
    published = found.register.published_at
    for role, expires in trusted.expires.items():
        if expires <= published:
            raise Stale(
                f"the {role} metadata had expired on {expires:%Y-%m-%d}, before the version was published"
            )
    until = format_instant(trusted.fresh_until)
    return f"published at {format_instant(published)}, fresh until {until}"


_OF_A_PACKAGE: tuple[Step[Round], ...] = (
    Step("V01", head.choose_root),
    Step("V02", head.follow_trust, "V01"),
    Step("V03", head.read_key_list, "V02"),
    Step("V08", head.open_log, "V02 V03"),
    Step("V09", witnesses.check_witnesses, "V08"),
    Step("V13", version_history.check_history, "V02 V08", also=_IN_FULL),
    Step("V30", head.check_key_history, "V13 V02 V03 V08"),
    Step("V24", head.check_key_files, "V03"),
    Step("V25", mirrors.check_copies, "V02 V03 V08"),
    Step("V28", witnesses.check_time_stamp, "V08"),
    Step("E02", _check_times, "V02 V13"),
)

_MEMORABLE = ("V01", "V02", "V03", "V04", "V05", "V06", "V07", "V08", "V10", "V11", "V30", "V32")
"""Checks that must pass before the state is saved: later runs accept nothing older than it."""

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
    """Verify the register published at an address.

    Faults of the publisher or the host are reported, not raised. The call blocks; to verify many registers,
    use threads and a state folder for each register.

    Args:
        base: URL of the published tree: ``https://…`` or ``http://…``.
        options: Options of the run; ``None``: the defaults.
        now: Current time, UTC; ``None``: this machine's clock.
        progress: Called with the steps done, the steps known so far, and the name of the next step.
        fetcher: Reads the tree from elsewhere than HTTP, e.g. a folder; ``base`` is then only a label.

    Returns:
        The report, and the register if no check failed.

    Raises:
        UsageError: ``base``, the root or the state folder cannot be used, or this thread runs an event loop.
        Malformed: The saved state is damaged.
    """
    options = options or Options()
    now = now or clock.now()
    with contextlib.ExitStack() as stack:
        remembered = None
        if options.state is not None:
            stack.enter_context(state.locked(options.state))
            remembered = state.load(options.state)
        if fetcher is None:
            fetcher = stack.enter_context(HttpFetcher(base, options.limits))
        found = check_with_retry(fetcher, options, now, remembered, progress)
        evidence = _remember(options.state, found) if options.state is not None else ()
        report = make_report(base, found, now, evidence=evidence)
    errors = found.record.errors()
    if errors:
        return VerifyResult(report=report, verified=None, finding=worst(errors))
    verified = make_verified(found, now, _read_in_full(found))
    return VerifyResult(report=report, verified=verified, finding=None)


def check_with_retry(
    reader: Fetcher,
    options: Options,
    now: dt.datetime,
    remembered: Remembered | None,
    progress: Progress | None = None,
) -> Round:
    """Run all checks, and a second time if the files seem to be from two publications."""
    found = check_round(Round(reader, options, now, remembered, progress))
    between = any(isinstance(error, _MAY_BE_BETWEEN) for error in found.record.errors())
    if between and Round.targets.of(found) is not None:
        time.sleep(options.wait)
        found = check_round(Round(reader, options, now, remembered, progress))
    return found


def check_round(run: Round) -> Round:
    """Run the checks of a published register."""
    make_checks(run, _OF_A_REGISTER)
    return run


def check_package(run: Round, version: int) -> Round:
    """Run the checks of one version from the files of an evidence package.

    Expiry is reported but not enforced, since evidence is read long after publication.
    """
    run.version = version
    make_checks(run, _OF_A_PACKAGE)
    return run


def _remember(folder: Path, found: Round) -> tuple[str, ...]:
    """Save contradictory documents and return their paths, or else save the state if it is valid."""
    known, documents = found.remembered, found.record.contradicting()
    if documents and known is not None:
        documents += (Document.of_checkpoint(known.size, known.root_hash, known.checkpoint),)
    kept = tuple(str(state.keep_evidence(folder, document)) for document in documents)
    if kept or not all(map(found.record.passed, _MEMORABLE)):
        return kept
    register, log, metadata = found.register, found.log, found.targets.trusted.metadata
    checked_version = _read_in_full(found)
    nothing_new = known is not None and checked_version == known.checked_version
    promises = (known.promises, known.first_live) if known and nothing_new else found.history.to_remember()
    new_state = Remembered(
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
            tree.CHECKPOINT.target_name: log.target,
        },
        shown=_shown_for_longer(known, found),
        promises=promises[0],
        first_live=promises[1],
        disowned=found.disowned.all,
        acknowledged=found.disowned.acknowledged,
    )
    state.save(folder, new_state)
    return ()


def _shown_for_longer(known: Remembered | None, found: Round) -> dict[str, bytes]:
    """Return the remembered timestamp's metadata if it shows this version as the newest for longer."""
    if known is None or known.size != found.log.size:
        return {}
    signed_at, metadata = witnesses.latest_timestamp(known)
    return metadata if signed_at > found.targets.trusted.signed_at else {}


def _read_in_full(found: Round) -> int:
    """Return the number up to which every version has been checked in full without findings."""
    known, read = found.remembered, found.history.checked
    before = 0 if known is None else known.checked_version
    if read is None or read[1] <= before or not all(map(found.record.passed, version_history.CHECKS)):
        return before
    return read[1]
