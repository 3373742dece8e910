"""Who has cosigned the newest checkpoint, and what a policy still misses."""

from __future__ import annotations

import msgspec

from register_api.core.canonical import decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.keys.key_list import log_key
from register_api.core.log.checkpoint import Cosignature, verify_cosignatures
from register_api.core.log.note import NoteKey, has_further_lines, parse_note
from register_api.core.log.policy import PolicyWitness, WitnessPolicy
from register_api.errors import StoreDamaged, VerificationError
from register_api.publish.trust import repository as trust_repository
from register_api.store.reader import Snapshot


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
    """Where a policy stands.

    Attributes:
        policy: The policy.
        found: Good cosignatures of its witnesses.
    """

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
    """Read the newest checkpoint of a publication.

    Raises:
        StoreDamaged: The store's parts contradict each other.
    """
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
    """Say where a policy stands.

    Raises:
        UntrustedKey: The policy is for other logs.
        VerificationError: A line of one of its witnesses is damaged.
    """
    policy.check_log(head.key)
    return WitnessStatus(policy=policy, found=verify_cosignatures(head.public, policy.keys))
