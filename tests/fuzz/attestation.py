"""Targets: what third parties say of the log, and what they are asked: witnesses and time stamps."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from fuzz.log import TOKENS, grown_log
from fuzz.target import Target, documented
from memory_folder import memory_folder
from memory_log import MemoryLog, private_key, witness_key
from register_api.core.log import policy, proofs, time_stamp
from register_api.core.log.checkpoint import verify_cosignatures
from register_api.core.log.tiles import consistency_proof
from register_api.errors import Malformed
from register_api.publish.time_authority import sort_certificates
from register_api.witness.witness import STATE_FILE, Record, WitnessState
from vectors_of_others import vector_bytes
from witnesses import AT, Partner, log_vkey

if TYPE_CHECKING:
    from register_api.witness.witness import WitnessReply

_FIRST, _LAST = 7, 300
_ANSWERS = {200, 400, 403, 404, 409, 422}
"""All that C2SP tlog-witness lets a witness answer."""


def _policies() -> tuple[bytes, ...]:
    log = log_vkey(grown_log().note_key)
    one, two = (log_vkey(witness_key(f"w{number}.example", private_key(number))) for number in (8, 9))
    nested = (
        f"log {log}\nwitness a {one} https://w.example/\nwitness b {two}\n\n# both\ngroup g 2 a b\nquorum g\n"
    )
    return (nested.encode(), f"witness a {one}\nquorum a\n".encode(), b"quorum none\n")


@functools.cache
def _requests() -> tuple[bytes, ...]:
    """Return a first request, and one that continues it."""
    first = MemoryLog(origin=grown_log().origin, key=grown_log().key).grow(_FIRST)
    proof = tuple(consistency_proof(_FIRST, _LAST, grown_log().read))
    requests = (
        proofs.AddCheckpoint(old_size=0, proof=(), checkpoint=first.checkpoint()),
        proofs.AddCheckpoint(old_size=_FIRST, proof=proof, checkpoint=grown_log().checkpoint()),
    )
    return tuple(map(proofs.format_request, requests))


def _decide(data: bytes) -> WitnessReply:
    """Ask a witness that has signed the log at its first size."""
    with memory_folder() as folder:
        witness = Partner(folder).open(grown_log().note_key)
        witness.add_checkpoint(_requests()[0], AT)
        answer = witness.add_checkpoint(data, AT)
        state = Record(folder).load()
    if answer.status == 200:
        assert state.logs[grown_log().origin].size in {_FIRST, _LAST}, "a size that the log never had"
        return answer
    assert answer.status in _ANSWERS, "an answer that the protocol has not"
    raise Malformed("refused")


def _state(data: bytes) -> WitnessState:
    with memory_folder() as folder:
        (folder / STATE_FILE).write_bytes(data)
        return Record(folder).load()


@functools.cache
def _states() -> tuple[bytes, ...]:
    with memory_folder() as folder:
        witness = Partner(folder).open(grown_log().note_key)
        witness.add_checkpoint(_requests()[0], AT)
        return ((folder / STATE_FILE).read_bytes(),)


def _stamp(data: bytes) -> time_stamp.TimeStamp:
    anchors = time_stamp.read_anchors(vector_bytes("time-stamp-root.pem"))
    return time_stamp.open_time_stamp(data, vector_bytes("c2sp-note.txt"), anchors)


def _sorted(data: bytes) -> bytes:
    found = sort_certificates(data)
    assert len(found) == len(data), "sorting has changed the length"
    assert sort_certificates(found) == found, "sorting twice is not sorting once"
    return found


def _policy_is_judged(data: bytes, policy: object) -> None:
    """Check that what was read can be asked for a verdict."""
    del data
    assert verify_cosignatures(grown_log().checkpoint(), [one.key for one in policy.witnesses]) == ()


TARGETS = (
    Target(
        name="policy file",
        parse=policy.parse_policy,
        refusals=documented(policy.parse_policy),
        seeds=_policies,
        tokens=(b"log ", b"witness ", b"group ", b"quorum ", b"none", b" any", b" all", b"#", b"\t", b"\n"),
        check=_policy_is_judged,
    ),
    Target(
        name="witness request",
        parse=proofs.parse_request,
        refusals=documented(proofs.parse_request),
        seeds=_requests,
        tokens=(*TOKENS, b"old "),
        printer=proofs.format_request,
    ),
    Target(
        name="witness decision",
        parse=_decide,
        refusals=(Malformed,),
        seeds=_requests,
        tokens=(*TOKENS, b"old ", b"old 0\n", b"old 7\n"),
        cost=10,
    ),
    Target(
        name="witness state",
        parse=_state,
        refusals=documented(Record.load),
        seeds=_states,
        json=True,
    ),
    Target(
        name="size last signed",
        parse=proofs.parse_size,
        refusals=documented(proofs.parse_size),
        seeds=lambda: (b"0\n", b"20852163\n"),
        tokens=(b"\n", b"0", b"-", b" "),
        printer=proofs.format_size,
    ),
    Target(
        name="time stamp",
        parse=_stamp,
        refusals=documented(time_stamp.open_time_stamp, time_stamp.read_anchors),
        seeds=lambda: (vector_bytes("time-stamp.tsr"),),
        tokens=(b"\x30\x82", b"\xa0\x82", b"\x02\x01", b"\x05\x00"),
    ),
    Target(
        name="time stamp's anchors",
        parse=time_stamp.read_anchors,
        refusals=documented(time_stamp.read_anchors),
        seeds=lambda: (vector_bytes("time-stamp-root.pem"),),
        tokens=(b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n", b"="),
    ),
    Target(
        name="order of certificates",
        parse=_sorted,
        refusals=(),
        seeds=lambda: (vector_bytes("time-stamp.tsr"),),
        tokens=(b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\xa0\x82"),
    ),
)
