"""What others attest of the newest checkpoint: cosignatures of witnesses, and a trusted timestamp.

A version is durable and visible *before* its checkpoint goes to a witness. The other way round, a crash
in between would let the next publication give the same number to other content, and every witness would
rightly take that for a fork. So both join later, each in a transaction of its own, and the publication never
waits for them: no lock is held while a witness or an authority is asked.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from register_api.core.canonical import decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.key_list import log_key
from register_api.core.log.checkpoint import MAX_CHECKPOINT_BYTES, Cosignature, verify_cosignatures
from register_api.core.log.note import NoteKey, SignatureLine, format_lines, has_further_lines, parse_note
from register_api.core.log.policy import PolicyWitness, WitnessPolicy
from register_api.core.log.proofs import parse_proof
from register_api.core.log.time_stamp import CLOCK_TOLERANCE, TimeStamp, check_plausible, open_time_stamp
from register_api.errors import Inconsistent, NotStamped, StoreDamaged, StoreError, VerificationError
from register_api.publish.ask_witnesses import SECONDS, CosigningRequest, Outcome, ask_all
from register_api.publish.building import nothing_published
from register_api.publish.time_authority import TimeAuthority, ask
from register_api.publish.trust import repository as trust_repository
from register_api.store.reader import Snapshot, open_snapshot
from register_api.store.transaction import commit, locked, recover


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The newest checkpoint in a store.

    Attributes:
        vouched: As the publisher vouched for it: the TUF target.
        public: What everybody reads: the same, and further signature lines below.
        key: The log key that signed it.
    """

    vouched: bytes
    public: bytes
    key: NoteKey

    @property
    def further_lines(self) -> int:
        """How many signature lines joined since it was vouched for."""
        return len(parse_note(self.public).signatures) - len(parse_note(self.vouched).signatures)


class WitnessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a policy stands."""

    policy: WitnessPolicy
    found: tuple[Cosignature, ...]

    @property
    def seen(self) -> frozenset[bytes]:
        """Public keys of the witnesses that have cosigned."""
        return frozenset(cosignature.public for cosignature in self.found)

    @property
    def is_met(self) -> bool:
        """Whether the quorum is met."""
        return self.policy.is_met(self.seen)

    @property
    def absent(self) -> tuple[PolicyWitness, ...]:
        """The witnesses that have not cosigned, whether the quorum needs them or not."""
        return tuple(one for one in self.policy.witnesses if one.key.public not in self.seen)


def read_head(snapshot: Snapshot) -> Head:
    """Read the newest checkpoint of a publication."""
    vouched, public = (
        trust_repository.vouched(snapshot.read, "checkpoint"),
        snapshot.read(tree.CHECKPOINT.path()),
    )
    if not has_further_lines(public, vouched):
        raise StoreDamaged(
            f"{tree.CHECKPOINT.path()} does not begin with what the targets metadata vouches for"
        )
    try:
        key = log_key(decode(snapshot.read(tree.KEYS.path()), KeyList), snapshot.state.version)
    except VerificationError as error:
        raise StoreDamaged(
            f"{tree.KEYS.path()} has no log key for the newest version: {error.message}"
        ) from error
    return Head(vouched=vouched, public=public, key=key)


def witness_status(head: Head, policy: WitnessPolicy) -> WitnessStatus:
    """Say where a policy stands."""
    policy.check_log(head.key)
    return WitnessStatus(policy=policy, found=verify_cosignatures(head.public, policy.keys))


class CosigningResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking."""

    outcomes: tuple[Outcome, ...]
    after: WitnessStatus


def ask_witnesses(
    store: Path, policy: WitnessPolicy, now: dt.datetime, seconds: float = SECONDS
) -> CosigningResult:
    """Ask those witnesses of a policy that have not cosigned the newest checkpoint yet.

    The lock of the store must not be held; the seconds are for all witnesses together.
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
        raise nothing_published(store)
    return snapshot


_CLOCKS = "compare this machine's clock with the authority's"


class Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where history is stamped: the version whose checkpoint it is, and what the stamp says."""

    version: int
    stamp: TimeStamp


def stamp_newest(store: Path, authority: TimeAuthority, now: dt.datetime) -> Stamped | None:
    """Have the newest checkpoint stamped, once, and keep the stamp; ``None``: there is nothing to stamp.

    The store is not locked while the authority is asked: nobody who publishes waits for it.
    """
    seen = open_snapshot(store)
    if seen is None or (path := tree.TIME_STAMP.path(seen.state.version)) in seen.manifest.files:
        return None
    began = time.monotonic()
    data, stamp = ask(authority, _stamped(seen, seen.state.version))
    _check_time(stamp, seen.state.published_at, now + dt.timedelta(seconds=time.monotonic() - began))
    with locked(store):
        recover(store)
        snapshot = open_snapshot(store)
        if snapshot is None or path in snapshot.manifest.files:
            return None
        commit(store, {path: data}, snapshot.state, now=now, before=snapshot)
    return Stamped(version=seen.state.version, stamp=stamp)


def newest_stamped(snapshot: Snapshot) -> Stamped | None:
    """Return up to where the history of a publication is stamped, or ``None``."""
    for version in range(snapshot.state.version, 0, -1):
        if (path := tree.TIME_STAMP.path(version)) in snapshot.manifest.files:
            stamp = open_time_stamp(snapshot.read(path), _stamped(snapshot, version))
            return Stamped(version=version, stamp=stamp)
    return None


def _stamped(snapshot: Snapshot, version: int) -> bytes:
    """Return the bytes that are stamped: the checkpoint in the version's proof."""
    return parse_proof(snapshot.read(tree.VERSION_PROOF.path(version))).checkpoint


def _check_time(stamp: TimeStamp, published_at: dt.datetime, now: dt.datetime) -> None:
    """Refuse a time that customers would object to for ever: a stamp is never replaced."""
    try:
        check_plausible(stamp, published_at)
    except Inconsistent as error:
        raise NotStamped(f"{error.message}: {_CLOCKS}") from error
    if stamp.at - now > CLOCK_TOLERANCE:
        raise NotStamped(
            f"stamped at {format_instant(stamp.at)}, which this machine's clock has still to reach: {_CLOCKS}"
        )
