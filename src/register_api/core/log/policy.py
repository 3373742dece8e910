"""Which witnesses must have seen a log: a policy as it was read (C2SP tlog-policy).

``policy_file`` reads one. Whether a quorum is met is worked out group by group in the order of the file:
each refers to what stands before it, so that nothing nests deeper than a loop can follow.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from register_api.core.log.note import NoteKey
from register_api.core.printable import escaped
from register_api.errors import UntrustedKey

NONE = b"none"
"""The quorum that asks for no cosignature; no witness or group may be called so."""


class PolicyLog(msgspec.Struct, frozen=True, kw_only=True):
    """A log that the policy is for: its key of type 0x01, and an address of no meaning here."""

    key: NoteKey
    url: str | None = None


class PolicyWitness(msgspec.Struct, frozen=True, kw_only=True):
    """A witness.

    Attributes:
        name: What the policy calls it.
        key: Its key of type 0x04.
        url: Its submission prefix (C2SP tlog-witness), if the policy gives one.
    """

    name: bytes
    key: NoteKey
    url: str | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Witnesses and groups of which at least ``threshold`` must have seen a log."""

    name: bytes
    threshold: int
    members: tuple[bytes, ...]


class WitnessPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy file that was read.

    Attributes:
        logs: The logs that it accepts; none means that it does not say.
        witnesses: In the order of the file.
        groups: In the order of the file: each refers to names before it only.
        quorum: Name of the witness or group that must have seen a log, or ``NONE``.
    """

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[Group, ...]
    quorum: bytes

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        """The keys of all witnesses."""
        return tuple(witness.key for witness in self.witnesses)

    def is_met(self, seen: Collection[bytes]) -> bool:
        """Tell whether the quorum is met.

        Args:
            seen: Public keys (32 bytes) of the witnesses whose cosignatures are good.
        """
        holds = {NONE: True} | {witness.name: witness.key.public in seen for witness in self.witnesses}
        for group in self.groups:
            holds[group.name] = sum(holds[member] for member in group.members) >= group.threshold
        return holds[self.quorum]

    def missing(self, seen: Collection[bytes]) -> tuple[PolicyWitness, ...]:
        """Return the witnesses that could count for the quorum and are not among those seen."""
        needed = {self.quorum}
        for group in reversed(self.groups):
            if group.name in needed:
                needed.update(group.members)
        return tuple(one for one in self.witnesses if one.name in needed and one.key.public not in seen)

    def check_log(self, key: NoteKey) -> None:
        """Check that the policy is for a log.

        Args:
            key: The key that has signed the log's checkpoint.

        Raises:
            UntrustedKey: It names logs, and this is none of them.
        """
        if self.logs and (key.name, key.public) not in {(log.key.name, log.key.public) for log in self.logs}:
            raise UntrustedKey(f"the policy names other logs than {key.name} with the key it signs with")


def printable_name(name: bytes) -> str:
    """Return a name of a policy for a person: what is not UTF-8 or not printable is escaped."""
    return escaped(name.decode("utf-8", "backslashreplace"))
