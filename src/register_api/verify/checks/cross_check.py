"""The log against checkpoints that other customers were shown (V27)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.keys.key_list import log_key
from register_api.core.log.checkpoint import open_checkpoint, peek_size
from register_api.errors import Forked, RolledBack
from register_api.verify.checks.log import check_root, root_at
from register_api.verify.checks.recorder import NotApplicable

if TYPE_CHECKING:
    from register_api.verify.checks.session import Session


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
        session.evidence.append((log.size, log.root, session.checkpoint_data))
        session.evidence.append((other.size, other.root, data))
        raise Forked(
            f"another customer's log of size {other.size} is not the beginning of the log of size {log.size}",
            hint="both checkpoints are signed: keep them, and ask the publisher which history holds",
        )
