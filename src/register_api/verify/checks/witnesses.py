"""Who else has seen the log: witnesses (V09), and other customers with their checkpoints (V27)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from register_api.core.instant import format_instant
from register_api.core.log.checkpoint import Cosignature, verify_cosignatures
from register_api.core.log.note import NoteKey, parse_verifier_key
from register_api.core.log.policy import NONE, WitnessPolicy, printable_name
from register_api.errors import Document, Forked, RolledBack, Unwitnessed
from register_api.verify.checks.log import TWO_HISTORIES, Log
from register_api.verify.checks.recorder import NotApplicable
from register_api.verify.checks.run import Run
from register_api.verify.options import Options


def check_others(run: Run, log: Log) -> str:
    """Compare the log with every checkpoint that was handed in (V27)."""
    others = run.options.others
    if not others:
        raise NotApplicable("no other customer's checkpoint was given")
    for name, data in others:
        with run.record.recording("V27", name):
            check_same_history(log, data)
    return f"{len(others)} compared"


def check_same_history(log: Log, data: bytes) -> None:
    """Check that another customer's checkpoint is of the history that is served here."""
    other = log.open(data)
    if other.size > log.size:
        raise RolledBack(f"another customer has seen {other.size} entries, {log.size} are served here")
    if other.size < log.size:
        log.check_root()
    if log.root_at(other.size) != other.root:
        raise Forked(
            f"another customer's log of size {other.size} is not the beginning of the log of size {log.size}",
            hint=TWO_HISTORIES,
            documents=[log.document, Document.of_checkpoint(other.size, other.root, data)],
        )


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, beyond which no date is written here."""


def check_witnesses(log: Log, options: Options) -> str:
    """Check that enough of the customer's witnesses have cosigned the head; return who, and when (V09)."""
    if options.policy is not None:
        return _by_policy(log.data, log.key, options.policy)
    if not options.cosignatures:
        raise NotApplicable("no witnesses were asked for")
    found = verify_cosignatures(log.data, [parse_verifier_key(text) for text in options.witnesses])
    if len(found) < options.cosignatures:
        raise Unwitnessed(f"{len(found)} good cosignatures where {options.cosignatures} were asked for")
    return _in_words(found)


def _by_policy(data: bytes, log_key: NoteKey, policy: WitnessPolicy) -> str:
    policy.check_log(log_key)
    found = verify_cosignatures(data, policy.keys)
    seen = {cosignature.public for cosignature in found}
    if not policy.is_met(seen):
        names = ", ".join(f"{printable_name(one.name)} ({one.key.name})" for one in policy.missing(seen))
        raise Unwitnessed(
            f"the quorum {printable_name(policy.quorum)} of the policy is not met; missing: {names}"
            + (f"; there: {_in_words(found)}" if found else "")
        )
    if policy.quorum == NONE and not found:
        raise NotApplicable("the policy asks for no witnesses")
    return _in_words(found)


def _in_words(found: Iterable[Cosignature]) -> str:
    return ", ".join(f"{one.witness}{_when(signed_when(one))}" for one in found)


def signed_when(one: Cosignature) -> dt.datetime | None:
    """Return when a witness signed; it may have said nothing, or a time that no calendar has."""
    return _EPOCH + dt.timedelta(seconds=one.at) if 0 < one.at <= _LAST_SECOND else None


def _when(at: dt.datetime | None) -> str:
    return " at no known time" if at is None else f" at {format_instant(at)}"
