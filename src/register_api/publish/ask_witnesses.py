"""Asks witnesses for their signatures (C2SP tlog-witness), all at once and not for long.

A witness is a stranger's machine: it may be down, slow, wrong, or lie. What it answers is read up to a
bound and kept only if it is a good cosignature of its own key on the very checkpoint that was sent; no
redirect is followed. Whatever else happens becomes an outcome with a sentence, never an exception.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

import msgspec

from register_api.bounded_http.client import OK, BoundedClient, Reply, Url, read_url
from register_api.bounded_http.limits import HttpLimits
from register_api.core.log.checkpoint import verify_cosignatures
from register_api.core.log.note import SignatureLine, has_further_lines, parse_note
from register_api.core.log.policy import PolicyWitness
from register_api.core.log.proofs import PATH, AddCheckpoint, format_request, parse_size
from register_api.core.log.tiles import ReadTile, consistency_proof
from register_api.errors import (
    Forked,
    Malformed,
    RegisterError,
    RolledBack,
    Unreachable,
    UntrustedKey,
    UsageError,
)

SECONDS = 15.0
"""For all witnesses together, from the first connection to the last answer."""

MAX_ANSWER_BYTES = 16 * 2**10

MAX_CLOCK_APART = dt.timedelta(minutes=10)
"""How far a witness's clock may be from ours."""

_TRIES = 3
"""The size that a witness has signed last is guessed, then told by it, and may grow meanwhile."""

_CONFLICT = 409
_HEADERS = {"Content-Type": "text/plain; charset=utf-8"}


class CosigningRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What witnesses are asked to sign.

    Attributes:
        checkpoint: The checkpoint as it was vouched for, without lines of witnesses.
    """

    checkpoint: bytes
    size: int
    published_at: dt.datetime
    read: ReadTile
    now: dt.datetime


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking one witness: its line, or a sentence why there is none."""

    witness: PolicyWitness
    line: SignatureLine | None = None
    at: dt.datetime | None = None
    problem: str = ""


def ask_all(
    witnesses: Sequence[PolicyWitness], question: CosigningRequest, seconds: float = SECONDS
) -> tuple[Outcome, ...]:
    """Ask witnesses, all at once."""
    return asyncio.run(_ask_all(witnesses, question, seconds))


async def _ask_all(
    witnesses: Sequence[PolicyWitness], question: CosigningRequest, seconds: float
) -> tuple[Outcome, ...]:
    limits = HttpLimits(connect=seconds, read=seconds, exchange=seconds, run=seconds, attempts=1)
    async with BoundedClient(limits, command="refresh") as client:
        asked = (_outcome(client, witness, question) for witness in witnesses)
        return tuple(await asyncio.gather(*asked))


async def _outcome(client: BoundedClient, witness: PolicyWitness, question: CosigningRequest) -> Outcome:
    try:
        line, at = await _ask(client, _address(witness), witness, question)
    except RegisterError as error:
        return Outcome(witness=witness, problem=error.message)
    except Exception as error:  # noqa: BLE001  (whatever a stranger's machine causes stops nothing here)
        return Outcome(witness=witness, problem=f"cannot be reached ({type(error).__name__})")
    return Outcome(witness=witness, line=line, at=at)


def _address(witness: PolicyWitness) -> Url:
    """Return where a witness takes checkpoints: below the submission prefix that the policy gives."""
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


async def _ask(
    client: BoundedClient, url: Url, witness: PolicyWitness, question: CosigningRequest
) -> tuple[SignatureLine, dt.datetime]:
    """Ask one witness; when it has signed another size than was guessed, once more from there."""
    old_size = max(question.size - 1, 0)
    for _ in range(_TRIES):
        consistent = 0 < old_size < question.size
        proof = consistency_proof(old_size, question.size, question.read) if consistent else ()
        asked = AddCheckpoint(old_size=old_size, proof=tuple(proof), checkpoint=question.checkpoint)
        reply = await _post(client, url, format_request(asked))
        if reply.status == OK:
            return _checked(reply.body, witness, question)
        if reply.status != _CONFLICT:
            raise Unreachable(f"it answered with status {reply.status}")
        old_size = _next_size(parse_size(reply.body), old_size, question.size)
    raise Unreachable("it names another size each time")


def _next_size(told: int, sent: int, size: int) -> int:
    if told > size:
        raise RolledBack(
            f"it has signed size {told}, larger than what is published here: is this store the newest?"
        )
    if told == sent:
        raise Forked(f"it refuses size {size}: it may have signed ANOTHER checkpoint of this log")
    return told


async def _post(client: BoundedClient, url: Url, body: bytes) -> Reply:
    """Send one request; the body of a conflict names the size that the witness has signed."""
    return await client.post(
        url, MAX_ANSWER_BYTES, content=body, headers=_HEADERS, body_of=frozenset({OK, _CONFLICT})
    )


def _checked(
    body: bytes, witness: PolicyWitness, question: CosigningRequest
) -> tuple[SignatureLine, dt.datetime]:
    """Return the witness's line and its time, if it is a good one."""
    signed = question.checkpoint + body
    if not body or not has_further_lines(signed, question.checkpoint):
        raise Malformed("it answered with something else than signature lines")
    found = verify_cosignatures(signed, [witness.key])
    if not found:
        raise UntrustedKey("it answered with signatures of other keys than the policy gives")
    signed_at, earliest = found[0].at, (question.published_at - MAX_CLOCK_APART).timestamp()
    if not earliest <= signed_at <= (question.now + MAX_CLOCK_APART).timestamp():
        raise Malformed("it signed with a time that cannot be: one of the clocks is wrong")
    line = next(
        line
        for line in parse_note(signed).signatures
        if (line.name, line.key_id) == (witness.key.name, witness.key.key_id)
        and int.from_bytes(line.signature[:8], "big") == signed_at
    )
    return line, dt.datetime.fromtimestamp(signed_at, dt.UTC)
