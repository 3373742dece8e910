"""Cosignatures of witnesses on the newest checkpoint (C2SP tlog-witness), requested in parallel.

A witness is not trusted: it may be down, slow, wrong or malicious. Its response is kept only if it is a valid
cosignature by its own key on the checkpoint sent; anything else is reported as a problem.

A version is durable and visible *before* its checkpoint goes to a witness. Otherwise, after a crash in
between, other content could get the same number, and every witness would rightly report a fork.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import msgspec

from register_api.bounded_http.client import OK, BoundedClient, Url, read_url
from register_api.bounded_http.limits import HttpLimits
from register_api.core.canonical import decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.key_list import log_key
from register_api.core.log.checkpoint import MAX_CHECKPOINT_BYTES, Cosignature, verify_cosignatures
from register_api.core.log.note import NoteKey, SignatureLine, format_lines, has_further_lines, parse_note
from register_api.core.log.policy import PolicyWitness, WitnessPolicy
from register_api.core.log.proofs import PATH, AddCheckpoint, format_request, parse_size
from register_api.core.log.tiles import consistency_proof
from register_api.errors import (
    Forked,
    Malformed,
    RegisterError,
    RolledBack,
    StoreDamaged,
    StoreError,
    Unreachable,
    UntrustedKey,
    UsageError,
    VerificationError,
)
from register_api.publish.building import required_snapshot
from register_api.publish.trust import repository as trust_repository
from register_api.store.reader import Snapshot
from register_api.store.transaction import commit, locked, recover

SECONDS = 15.0
"""Time limit for all witnesses together, from the first connection to the last response."""

MAX_ANSWER_BYTES = 16 * 2**10

MAX_CLOCK_APART = dt.timedelta(minutes=10)
"""How far a witness's clock may differ from ours."""

_TRIES = 3
"""The first try guesses the size last signed by a witness; a 409 response states it, and it may grow."""

_CONFLICT = 409
_HEADERS = {"Content-Type": "text/plain; charset=utf-8"}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one witness: its signature line, or the reason why there is none."""

    witness: PolicyWitness
    line: SignatureLine | None = None
    at: dt.datetime | None = None
    problem: str = ""


def ask_all(
    witnesses: Sequence[PolicyWitness],
    snapshot: Snapshot,
    checkpoint: bytes,
    now: dt.datetime,
    seconds: float = SECONDS,
) -> tuple[Outcome, ...]:
    """Ask witnesses in parallel to cosign a checkpoint, which must not have cosignatures yet."""
    limits = HttpLimits(connect=seconds, read=seconds, exchange=seconds, run=seconds, attempts=1)

    async def outcome(client: BoundedClient, witness: PolicyWitness) -> Outcome:
        try:
            body = await _ask(client, _address(witness), snapshot, checkpoint)
            earliest = snapshot.state.published_at - MAX_CLOCK_APART
            line, at = _checked(body, witness, checkpoint, (earliest, now + MAX_CLOCK_APART))
        except RegisterError as error:
            return Outcome(witness=witness, problem=error.message)
        except Exception as error:  # noqa: BLE001  (one failing witness must not stop the others)
            return Outcome(witness=witness, problem=f"cannot be reached ({type(error).__name__})")
        return Outcome(witness=witness, line=line, at=at)

    async def outcomes() -> tuple[Outcome, ...]:
        async with BoundedClient(limits, command="refresh") as client:
            return tuple(await asyncio.gather(*(outcome(client, each) for each in witnesses)))

    return asyncio.run(outcomes())


def _address(witness: PolicyWitness) -> Url:
    """Return the URL for checkpoints, below the submission prefix in the policy."""
    if witness.url is None:
        raise UsageError("not asked: the policy gives no address")
    try:
        url = read_url(witness.url)
    except UsageError as error:
        raise UsageError(
            "not asked: its address in the policy is not a plain https:// or http:// address"
        ) from error
    prefix = url.raw_path.partition(b"?")[0].rstrip(b"/")
    return url.copy_with(raw_path=prefix + b"/" + PATH.encode("ascii"))


async def _ask(client: BoundedClient, url: Url, snapshot: Snapshot, checkpoint: bytes) -> bytes:
    """Ask one witness; on 409 Conflict, retry from the size that it states."""
    size = snapshot.state.version
    old_size = max(size - 1, 0)
    for _ in range(_TRIES):
        proof = consistency_proof(old_size, size, snapshot.read) if 0 < old_size < size else ()
        asked = AddCheckpoint(old_size=old_size, proof=tuple(proof), checkpoint=checkpoint)
        reply = await client.post(
            url,
            MAX_ANSWER_BYTES,
            content=format_request(asked),
            headers=_HEADERS,
            body_of=frozenset({OK, _CONFLICT}),  # 409 states the size that the witness has signed
        )
        if reply.status == OK:
            return reply.body
        if reply.status != _CONFLICT:
            raise Unreachable(f"it answered with status {reply.status}")
        signed = parse_size(reply.body)
        if signed > size:
            raise RolledBack(
                f"it has signed size {signed}, larger than what is published here: is this store the newest?"
            )
        if signed == old_size:
            raise Forked(f"it refuses size {size}: it may have signed ANOTHER checkpoint of this log")
        old_size = signed
    raise Unreachable("it names another size each time")


def _checked(
    body: bytes, witness: PolicyWitness, checkpoint: bytes, between: tuple[dt.datetime, dt.datetime]
) -> tuple[SignatureLine, dt.datetime]:
    signed = checkpoint + body
    if not body or not has_further_lines(signed, checkpoint):
        raise Malformed("it answered with something else than signature lines")
    found = verify_cosignatures(signed, [witness.key])
    if not found:
        raise UntrustedKey("it answered with signatures of other keys than the policy gives")
    signed_at, (earliest, latest) = found[0].at, between
    if not earliest.timestamp() <= signed_at <= latest.timestamp():
        raise Malformed("it signed with a time that cannot be: one of the clocks is wrong")
    line = next(
        line
        for line in parse_note(signed).signatures
        if (line.name, line.key_id) == (witness.key.name, witness.key.key_id)
        and int.from_bytes(line.signature[:8], "big") == signed_at
    )
    return line, dt.datetime.fromtimestamp(signed_at, dt.UTC)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The newest checkpoint: as the signed TUF target, and with the lines added since."""

    vouched: bytes
    public: bytes
    key: NoteKey

    @property
    def further_lines(self) -> int:
        """Number of signature lines added since."""
        return len(parse_note(self.public).signatures) - len(parse_note(self.vouched).signatures)


class WitnessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A witness policy with the cosignatures found for it."""

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
        """The witnesses that have not cosigned, whether or not the quorum needs them."""
        return tuple(one for one in self.policy.witnesses if one.key.public not in self.seen)


def read_head(snapshot: Snapshot) -> Head:
    """Read the newest checkpoint of a publication."""
    vouched, public = (
        trust_repository.vouched(snapshot.read, "checkpoint"),
        snapshot.read(tree.CHECKPOINT.path()),
    )
    if not has_further_lines(public, vouched):
        raise StoreDamaged(
            f"{tree.CHECKPOINT.path()} does not begin with the checkpoint that the targets metadata names"
        )
    try:
        key = log_key(decode(snapshot.read(tree.KEYS.path()), KeyList), snapshot.state.version)
    except VerificationError as error:
        raise StoreDamaged(
            f"{tree.KEYS.path()} has no log key for the newest version: {error.message}"
        ) from error
    return Head(vouched=vouched, public=public, key=key)


def witness_status(head: Head, policy: WitnessPolicy) -> WitnessStatus:
    """Return which cosignatures of a policy the newest checkpoint has."""
    policy.check_log(head.key)
    return WitnessStatus(policy=policy, found=verify_cosignatures(head.public, policy.keys))


class CosigningResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome for each witness, and the status afterwards."""

    outcomes: tuple[Outcome, ...]
    after: WitnessStatus


def ask_witnesses(
    store: Path, policy: WitnessPolicy, now: dt.datetime, seconds: float = SECONDS
) -> CosigningResult:
    """Ask the witnesses of a policy that have not yet cosigned the newest checkpoint.

    The store must not be locked; ``seconds`` is the limit for all witnesses together.
    """
    snapshot = required_snapshot(store)
    head = read_head(snapshot)
    before = witness_status(head, policy)
    if not before.absent:
        return CosigningResult(outcomes=(), after=before)
    outcomes = ask_all(before.absent, snapshot, head.vouched, now, seconds)
    lines = [outcome.line for outcome in outcomes if outcome.line is not None]
    if lines:
        with locked(store):
            recover(store)
            snapshot = required_snapshot(store)
            current = read_head(snapshot)
            if current.vouched != head.vouched:
                raise StoreError("a newer version was published while witnesses were asked")
            data = current.public
            for line in map(format_lines, ([one] for one in lines)):
                is_new = line not in data.splitlines(keepends=True)
                if is_new and len(data) + len(line) <= MAX_CHECKPOINT_BYTES:
                    data += line
            path = tree.CHECKPOINT.path()
            snapshot = commit(store, {path: data}, snapshot.state, now=now, before=snapshot)
    return CosigningResult(outcomes=outcomes, after=witness_status(read_head(snapshot), policy))
