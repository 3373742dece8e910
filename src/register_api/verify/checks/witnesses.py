"""Who else has seen the log: witnesses (V09, E14), and other customers with their checkpoints (V27)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from register_api.core.instant import format_instant
from register_api.core.keys.key_list import log_key
from register_api.core.log.checkpoint import open_checkpoint, peek_size
from register_api.core.log.cosignature import verify_cosignatures
from register_api.core.log.note import parse_verifier_key
from register_api.core.log.policy import NONE, printable_name
from register_api.errors import Document, Forked, RolledBack, Unwitnessed
from register_api.verify.checks.log import check_root, root_at
from register_api.verify.checks.recorder import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from register_api.core.log.cosignature import Cosignature
    from register_api.core.log.note import NoteKey
    from register_api.core.log.policy import WitnessPolicy
    from register_api.verify.checks.session import Options, Session


def check_others(session: Session) -> str:
    """Compare the log with every checkpoint that was handed in (V27)."""
    others = session.options.others
    if not others:
        raise NotApplicable("no other customer's checkpoint was given")
    for name, data in others:
        with session.record.recording("V27", name):
            check_same_history(session, data)
    return f"{len(others)} compared"


def check_same_history(session: Session, data: bytes) -> None:
    """Check that another customer's checkpoint is of the history that is served here."""
    log = session.checkpoint
    key = log_key(session.keys, peek_size(data))
    other = open_checkpoint(data, session.register.register, [key])
    if other.size > log.size:
        raise RolledBack(f"another customer has seen {other.size} entries, {log.size} are served here")
    if other.size < log.size:
        check_root(session)
    if root_at(session, other.size) != other.root:
        raise Forked(
            f"another customer's log of size {other.size} is not the beginning of the log of size {log.size}",
            hint="both checkpoints are signed: keep them, and ask the publisher which history holds",
            documents=[
                Document.of_checkpoint(log.size, log.root, session.checkpoint_data),
                Document.of_checkpoint(other.size, other.root, data),
            ],
        )


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, beyond which no date is written here."""


def witnesses_in_words(data: bytes, log_key: NoteKey, options: Options) -> str:
    """Check that enough of the customer's witnesses have cosigned a checkpoint; return who, and when."""
    if options.policy is not None:
        return _by_policy(data, log_key, options.policy)
    if not options.cosignatures:
        raise NotApplicable("no witnesses were asked for")
    found = verify_cosignatures(data, [parse_verifier_key(text) for text in options.witnesses])
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
    return ", ".join(f"{one.witness}{_when(one.at)}" for one in found)


def _when(at: int) -> str:
    """Say when a witness signed; it may have said nothing, or a time that no calendar has."""
    if not 0 < at <= _LAST_SECOND:
        return " at no known time"
    return f" at {format_instant(_EPOCH + dt.timedelta(seconds=at))}"
