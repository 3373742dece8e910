"""The checks in the order they are made, and what each rests on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from register_api.core.canonical import decode, parse
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.keys.key_list import log_key
from register_api.core.log.checkpoint import open_checkpoint, peek_size
from register_api.errors import Document, Forked, VerificationError
from register_api.verify.checks import (
    ahead,
    feeds,
    head,
    key_history,
    log,
    mirrors,
    time_stamp,
    version_history,
    witnesses,
)
from register_api.verify.checks.check_table import CHECKS
from register_api.verify.checks.recorder import NotApplicable
from register_api.verify.checks.session import Session
from register_api.verify.trust import chain as trust
from register_api.verify.trust import start as trust_start

if TYPE_CHECKING:
    from register_api.verify.trust.start import Start


class Step(msgspec.Struct, frozen=True):
    """One step of a round.

    Attributes:
        check: Number of the check it makes.
        needs: Checks that must hold before.
        run: Makes it: returns a sentence, or raises what it finds.
        always: Whether it is made even when no history is asked for.
        also: Further checks that it makes on the way.
    """

    check: str
    needs: tuple[str, ...]
    run: Callable[[Session], str]
    always: bool = False
    also: tuple[str, ...] = ()


def begin(session: Session) -> str:
    """Choose the root to begin from (V01).

    Raises:
        VerificationError: It cannot be had, or is not the one that was given.
    """
    options = session.options
    session.start = trust_start.choose_start(
        session.fetcher, options.root, options.root_sha256, session.remembered
    )
    origin = session.start.origin
    session.origin = origin
    return f"version {origin.version}, {origin.how}"


def follow_trust(session: Session) -> str:
    """Follow the chain of trust to the newest targets (V02)."""
    start: Start = session.start
    try:
        session.trusted = trust.follow(session.fetcher, start, session.now)
    except VerificationError as error:
        if session.remembered is not None:
            served = _served_name(session)
            if served not in (None, session.remembered.register):
                raise head.another_register(session.remembered.register, str(served)) from error
        if isinstance(error, Forked):
            error.documents += _served_checkpoint(session)
        raise
    trusted = session.trusted
    return f"root version {max(trusted.roots)}, fresh until {format_instant(trusted.fresh_until)}"


def _served_name(session: Session) -> str | None:
    """Return the register's name as served, vouched for by nobody: good enough to explain a failure."""
    try:
        name = parse(session.get(tree.REGISTER.path()))["register"]
    except (VerificationError, KeyError, TypeError, IndexError):
        return None
    return name if isinstance(name, str) else None


def _served_checkpoint(session: Session) -> tuple[Document, ...]:
    """Return the checkpoint that is served, if a log key of the remembered list has signed it."""
    known = session.remembered
    if known is None:
        return ()
    try:
        data = session.get(tree.CHECKPOINT.path())
        keys = decode(known.kept[tree.KEYS.target_name], KeyList)
        log = open_checkpoint(data, known.register, [log_key(keys, peek_size(data))])
    except (VerificationError, KeyError):
        return ()
    return (Document.of_checkpoint(log.size, log.root, data),)


STEPS: tuple[Step, ...] = (
    Step("V01", (), begin, always=True),
    Step("V02", ("V01",), follow_trust, always=True),
    Step("V03", ("V02",), head.check_key_list, always=True),
    Step("V04", ("V03",), head.check_register, always=True),
    Step("V05", ("V04",), head.check_register_signatures, always=True),
    Step("V06", ("V04",), head.check_same_register, always=True),
    Step("V07", ("V04",), head.check_clock, always=True),
    Step("V08", ("V04",), head.check_checkpoint, always=True),
    Step("V09", ("V08",), head.check_witnesses, always=True),
    Step("V10", ("V06", "V08"), log.check_continues, always=True),
    Step("V11", ("V08",), log.check_newest, always=True),
    Step("V30", ("V06", "V11"), key_history.check_key_history, always=True),
    Step("V12", ("V08",), log.check_versions),
    Step("V13", ("V08",), version_history.check_history, also=version_history.CHECKS[1:]),
    Step("V20", ("V04",), feeds.check_feed),
    Step("V21", ("V08", "V20"), feeds.check_feed_signatures),
    Step("V22", ("V08", "V20"), feeds.check_feed_entries),
    Step("V23", ("V08",), feeds.check_archive),
    Step("V24", ("V03",), mirrors.check_key_files),
    Step("V25", ("V04",), mirrors.check_copies, always=True),
    Step("V26", ("V04",), mirrors.check_discovery),
    Step("V27", ("V08",), witnesses.check_others, always=True),
    Step("V28", ("V08",), time_stamp.check_time_stamp, always=True),
    Step("V29", ("V04",), ahead.check_upcoming),
)


def run_all(session: Session) -> None:
    """Make every step whose ground holds; findings go to the session's recorder."""
    titles = {check.id: check.title for check in CHECKS}
    session.expect(len(STEPS))
    for step in STEPS:
        session.advance(titles[step.check])
        _run(session, step)


def _run(session: Session, step: Step) -> None:
    record = session.record
    if session.options.newest_alone and not step.always:
        reason = "a quick run leaves it out" if session.options.quick else "no history was asked for"
        _skip(session, step, reason)
        return
    if missing := [need for need in step.needs if not record.holds(need)]:
        _skip(session, step, f"it rests on {' and '.join(missing)}, which did not hold")
        return
    with record.recording(step.check):
        try:
            record.passed(step.check, step.run(session))
        except NotApplicable as reason:
            for check in (step.check, *step.also):
                record.not_applicable(check, str(reason))


def _skip(session: Session, step: Step, reason: str) -> None:
    for check in (step.check, *step.also):
        session.record.skip(check, reason)
