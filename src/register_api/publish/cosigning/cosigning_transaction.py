"""Asking witnesses after a publication, and adding what they sign in a transaction of its own.

A version is durable and visible *before* its checkpoint goes to a witness. The other way round, a crash
in between would let the next publication give the same number to other content, and every witness would
rightly take that for a fork. So the lines come second, and the publication never waits for them: no lock
is held while witnesses are asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import msgspec

from register_api.core.format import tree
from register_api.core.log.checkpoint import MAX_CHECKPOINT_BYTES
from register_api.core.log.note import SignatureLine, format_lines
from register_api.core.log.policy import WitnessPolicy
from register_api.errors import StoreError
from register_api.publish.cosigning.ask import SECONDS, CosigningRequest, Outcome, ask_all
from register_api.publish.cosigning.witness_status import WitnessStatus, read_head, witness_status
from register_api.store.reader import Snapshot, open_snapshot
from register_api.store.transaction import commit, locked, recover


class CosigningResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking.

    Attributes:
        outcomes: One for each witness that was missing.
        after: Where the policy stands now.
    """

    outcomes: tuple[Outcome, ...]
    after: WitnessStatus


def ask_witnesses(
    store: Path, policy: WitnessPolicy, now: dt.datetime, seconds: float = SECONDS
) -> CosigningResult:
    """Ask those witnesses of a policy that have not cosigned the newest checkpoint yet.

    Args:
        store: Folder of the store; its lock must not be held.
        policy: Whom to ask, and where.
        now: The present instant, UTC.
        seconds: For all witnesses together.

    Raises:
        StoreError: Nothing was published yet, the store is damaged, or a newer version came meanwhile.
        StoreLocked: A publisher is at work for too long; what was signed can be asked for again.
        UntrustedKey: The policy is for other logs.
        VerificationError: A line of one of its witnesses is damaged.
    """
    snapshot = _open(store)
    head = read_head(snapshot)
    before = witness_status(head, policy)
    if not before.absent:
        return CosigningResult(outcomes=(), after=before)
    question = CosigningRequest(
        checkpoint=head.vouched,
        size=snapshot.state.version,
        published_at=snapshot.state.published_at,
        read=snapshot.read,
        now=now,
    )
    outcomes = ask_all(before.absent, question, seconds)
    lines = [outcome.line for outcome in outcomes if outcome.line is not None]
    if lines:
        snapshot = _add(store, head.vouched, lines, now)
    return CosigningResult(outcomes=outcomes, after=witness_status(read_head(snapshot), policy))


def _add(store: Path, vouched: bytes, lines: Sequence[SignatureLine], now: dt.datetime) -> Snapshot:
    """Add lines to the public checkpoint, unless another one has taken its place or has them already."""
    with locked(store):
        recover(store)
        snapshot = _open(store)
        head = read_head(snapshot)
        if head.vouched != vouched:
            raise StoreError("a newer version was published while witnesses were asked")
        data = head.public
        for line in map(format_lines, ([one] for one in lines)):
            if line not in data.splitlines(keepends=True) and len(data) + len(line) <= MAX_CHECKPOINT_BYTES:
                data += line
        return commit(store, {tree.CHECKPOINT.path(): data}, snapshot.state, now=now, before=snapshot)


def _open(store: Path) -> Snapshot:
    snapshot = open_snapshot(store)
    if snapshot is None:
        raise StoreError(f"nothing was published into {store} yet", hint="register-api publish")
    return snapshot
