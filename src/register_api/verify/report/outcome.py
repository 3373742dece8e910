"""From what a round found to the report, with what nobody should take from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.format.paths import FILES, address_of
from register_api.errors import PromiseNotKept
from register_api.verify.checks.check_table import worst
from register_api.verify.report.notices import notices_told
from register_api.verify.report.report import LogHead, Report, StampSeen
from register_api.verify.report.text import skipped_in_words
from register_api.verify.result import Trust, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.errors import RegisterError, VerificationError
    from register_api.verify.checks.session import Session
    from register_api.verify.report.report import CheckResult


_MOST_NOT_JUDGED = 20
"""So many things that were not judged are named; of more only the number."""


def make_report(base: str, session: Session, evidence: tuple[str, ...]) -> Report:
    """Return the report of a round."""
    record, errors = session.record, session.record.errors()
    checks = record.results()
    trusted = session.trusted if record.holds("V02") else None
    register = session.register if record.holds("V04") else None
    remembered = session.remembered
    end = _end(session, errors)
    return Report(
        base=base,
        checked_at=session.now,
        exit_code=end.exit_code if end else 0,
        word=end.word if end else "verified",
        register=register.register if register else None,
        version=register.version if register else None,
        sha256=digest(session.register_data) if register else None,
        since=register.published_at if register else None,
        fresh_until=trusted.fresh_until if trusted else None,
        root=session.origin,
        root_version=max(trusted.roots) if trusted else None,
        root_sha256=trusted.roots[max(trusted.roots)] if trusted else None,
        log=_log_head(session) if record.holds("V08") else None,
        time_stamp=StampSeen.of(*session.time_stamp) if session.time_stamp else None,
        remembered=remembered.size if remembered is not None else None,
        versions_checked=session.versions_checked,
        lifecycle=register.lifecycle if register else None,
        checks=checks,
        not_checked=tuple(_not_checked(session, checks)),
        new_keys=session.new_keys,
        evidence=evidence,
        notices=tuple(notices_told(session.promises.given)),
    )


def _end(session: Session, errors: list[VerificationError]) -> RegisterError | None:
    """Return what the run ends with: the worst finding, else a promise not kept if that was asked for."""
    if errors:
        return worst(errors)
    if any(given.outcome in session.options.fail_on for given in session.promises.given):
        return PromiseNotKept("a promise of notice was not kept")
    return None


def make_verified(session: Session, checked_version: int) -> Verified:
    """Return what a program may rely on after a round without findings.

    Args:
        session: The round.
        checked_version: All versions up to this one have been read in full.

    Raises:
        ValueError: No root was chosen, so that nothing was checked.
    """
    if session.origin is None:
        raise ValueError("a round that has checked nothing")
    trusted, remembered = session.trusted, session.remembered
    newest_root = max(trusted.roots)
    return Verified(
        register=session.register,
        data=session.register_data,
        sha256=digest(session.register_data),
        checked_at=session.now,
        trust=Trust(
            root=session.origin,
            root_version=newest_root,
            root_sha256=trusted.roots[newest_root],
            log=_log_head(session),
            fresh_until=trusted.fresh_until,
            time_stamp=StampSeen.of(*session.time_stamp) if session.time_stamp else None,
        ),
        remembered_version=remembered.size if remembered is not None else None,
        checked_version=checked_version,
        updates=session.versions_read.updates,
    )


def _log_head(session: Session) -> LogHead:
    log = session.checkpoint
    return LogHead(size=log.size, root_hash=strict_base64.encode(log.root))


def _not_checked(session: Session, checks: tuple[CheckResult, ...]) -> Iterator[str]:
    """Yield the limits of this report, the weightiest first."""
    yield "Whether what the register says is true or complete: only that the publisher said it."
    if session.origin is not None and session.origin.first_use:
        yield (
            "Whether the trust root is the publisher's own: it was taken on trust at first use. Compare its "
            "SHA-256 with your contract, or give it with --root-sha256."
        )
    if session.remembered is None:
        yield _nothing_remembered(session)
    if not session.options.asks_for_witnesses and not session.options.others:
        yield "Whether other customers are shown the same log: compare its size and root with theirs."
    if session.options.quick:
        yield (
            "Whether feeds, the list of versions and the files of every version hold: this was a quick run. "
            "Let one without --quick follow from time to time."
        )
    yield from _history(session)
    unsigned = ", ".join(f"/{address_of(kind.template)}" for kind in FILES if kind.unchecked)
    yield (
        f"Files that no signature covers ({unsigned}), and answers that the service computes "
        "(/v1/subprocessors, /v1/diff)."
    )
    for sentence in session.promises.not_judged[:_MOST_NOT_JUDGED]:
        yield f"Not judged: {sentence}."
    if (more := len(session.promises.not_judged) - _MOST_NOT_JUDGED) > 0:
        yield f"Not judged: {more} more of this kind."
    for check in checks:
        if check.result == "skipped":
            yield skipped_in_words(check)


def _nothing_remembered(session: Session) -> str:
    unknown = "Whether history was rewritten before this run"
    if session.options.state is None:
        return f"{unknown}: nothing was remembered (--state DIR remembers)."
    where = session.options.state
    return f"{unknown}: {where} held no state. If it has been used before, the state was taken away."


def _history(session: Session) -> Iterator[str]:
    checked = session.versions_checked
    if checked is None:
        yield "History: no version was looked at in full in this run."
    elif checked[0] > 1:
        yield f"Versions 1 to {checked[0] - 1} in full: they were looked at in an earlier run."
