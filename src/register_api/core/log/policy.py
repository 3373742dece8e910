"""Witness policies: the file that states which witnesses must have seen a log (C2SP tlog-policy).

::

    log <vkey>
    witness X1 <vkey> https://witness.example/x1
    witness X2 <vkey>
    group X any X1 X2
    quorum X

Names are local to the file and compared as bytes. Parsing is strict: a lenient reading could result in a
weaker policy than its author intended. A group may refer only to names defined before it, so the quorum is
evaluated in file order.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TypeVar

import msgspec

from register_api.core.log.note import COSIGNATURE, ED25519, NoteKey, parse_verifier_key
from register_api.core.text import escaped
from register_api.errors import Malformed, UntrustedKey

NONE = b"none"
"""The quorum that requires no cosignature; a reserved name."""

MAX_POLICY_BYTES = 256 * 2**10

MAX_OF_A_KIND = 256
"""Maximum number of logs, of witnesses and of groups; tlog-policy requires 32."""

_SPACE = re.compile(rb"[ \t]+")
_OTHER_OCTETS = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_THRESHOLD = re.compile(rb"[1-9][0-9]{0,5}")

_FORMS = {
    b"log": "log <vkey> [<url>]",
    b"witness": "witness <name> <vkey> [<url>]",
    b"group": "group <name> <k>|all|any <member>...",
    b"quorum": "quorum <name>",
}


class PolicyLog(msgspec.Struct, frozen=True, kw_only=True):
    """A log that the policy applies to: its key of type 0x01, and a URL that is not used."""

    key: NoteKey
    url: str | None = None


class PolicyWitness(msgspec.Struct, frozen=True, kw_only=True):
    """A witness: its name in the policy, its key of type 0x04, its submission prefix (tlog-witness)."""

    name: bytes
    key: NoteKey
    url: str | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Witnesses and groups, of which at least ``threshold`` must have seen a log."""

    name: bytes
    threshold: int
    members: tuple[bytes, ...]


T = TypeVar("T", PolicyLog, PolicyWitness)


class WitnessPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed policy, in file order: groups refer only to names before them.

    Without logs it applies to any log. ``quorum`` names the witness or group that must have seen a log, or is
    ``NONE``.
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
        """Return whether the public keys (32 bytes) of valid cosignatures meet the quorum."""
        holds = {NONE: True} | {witness.name: witness.key.public in seen for witness in self.witnesses}
        for group in self.groups:
            holds[group.name] = sum(holds[member] for member in group.members) >= group.threshold
        return holds[self.quorum]

    def missing(self, seen: Collection[bytes]) -> tuple[PolicyWitness, ...]:
        """Return the witnesses that could count towards the quorum and are not among those seen."""
        needed = {self.quorum}
        for group in reversed(self.groups):
            if group.name in needed:
                needed.update(group.members)
        return tuple(one for one in self.witnesses if one.name in needed and one.key.public not in seen)

    def check_log(self, key: NoteKey) -> None:
        """Raise ``UntrustedKey`` if the policy lists logs, but not this one."""
        if self.logs and (key.name, key.public) not in {(log.key.name, log.key.public) for log in self.logs}:
            raise UntrustedKey(f"the policy names other logs than {key.name} with the key it signs with")


def printable_name(name: bytes) -> str:
    """Return a policy's name for display, with non-UTF-8 and unprintable bytes escaped."""
    return escaped(name.decode("utf-8", "backslashreplace"))


def parse_policy(data: bytes) -> WitnessPolicy:
    """Parse a policy file.

    Raises:
        Malformed: Too large, an octet or a line that is not allowed, a duplicate name or key, a name not
            defined on an earlier line, a threshold that cannot be met, or not exactly one quorum. The
            message names the line.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise Malformed(f"a policy of more than {MAX_POLICY_BYTES} bytes")
    if data and not data.endswith(b"\n"):
        raise Malformed("a policy whose last line has no end")
    reader = _Reader()
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            reader.take(line)
        except (Malformed, UntrustedKey) as error:
            raise Malformed(f"line {number} of the policy: {error.message}") from error
    if reader.quorum is None:
        raise Malformed("a policy without a quorum")
    return WitnessPolicy(
        logs=tuple(reader.logs),
        witnesses=tuple(reader.witnesses),
        groups=tuple(reader.groups),
        quorum=reader.quorum,
    )


class _Reader:
    """Parses line by line and tracks the names defined so far."""

    def __init__(self) -> None:
        self.logs: list[PolicyLog] = []
        self.witnesses: list[PolicyWitness] = []
        self.groups: list[Group] = []
        self.quorum: bytes | None = None
        self._free: dict[bytes, bool] = {}

    def take(self, line: bytes) -> None:
        if _OTHER_OCTETS.search(line):
            raise Malformed("a control character other than tab")
        kind, *words = [word for word in _SPACE.split(line) if word] or [b"#"]
        match kind, *words:
            case [b"log", key, *url] if len(url) <= 1:
                _add(self.logs, PolicyLog(key=_key(key, ED25519, "log"), url=_url(url)))
            case [b"witness", name, key, *url] if len(url) <= 1:
                witness = PolicyWitness(name=name, key=_key(key, COSIGNATURE, "witness"), url=_url(url))
                self._define(name)
                _add(self.witnesses, witness)
            case [b"group", name, number, *members] if members:
                self._group(name, number, members)
            case [b"quorum", name]:
                if self.quorum is not None:
                    raise Malformed("a second quorum")
                if name != NONE:
                    self._check_defined(name)
                self.quorum = name
            case _ if kind in _FORMS:
                raise Malformed(f"not {_FORMS[kind]}")
            case _ if not kind.startswith(b"#"):
                raise Malformed(f"{printable_name(kind[:40])!r} is none of log, witness, group and quorum")

    def _group(self, name: bytes, number: bytes, members: list[bytes]) -> None:
        if len(self.groups) >= MAX_OF_A_KIND:
            raise Malformed(f"more than {MAX_OF_A_KIND} groups")
        if number in (b"all", b"any"):
            threshold = len(members) if number == b"all" else 1
        elif _THRESHOLD.fullmatch(number) and int(number) <= len(members):
            threshold = int(number)
        else:
            raise Malformed(f"{printable_name(number[:40])!r} is none of all, any and 1 to {len(members)}")
        for member in members:
            self._check_defined(member)
            if not self._free[member]:
                raise Malformed(f"{printable_name(member)!r} is a member already")
            self._free[member] = False
        self._define(name)
        self.groups.append(Group(name=name, threshold=threshold, members=tuple(members)))

    def _define(self, name: bytes) -> None:
        if name == NONE or name in self._free:
            raise Malformed(f"the name {printable_name(name)!r} is taken")
        self._free[name] = True

    def _check_defined(self, name: bytes) -> None:
        if name not in self._free:
            raise Malformed(f"{printable_name(name)!r} is not defined on a line before")


def _add(known: list[T], one: T) -> None:
    if any(other.key.public == one.key.public for other in known):
        raise Malformed(f"the key of {one.key.name!r} is on an earlier line")
    if len(known) >= MAX_OF_A_KIND:
        raise Malformed(f"more than {MAX_OF_A_KIND} lines of one kind")
    known.append(one)


def _key(word: bytes, algorithm: int, what: str) -> NoteKey:
    try:
        key = parse_verifier_key(word.decode())
    except UnicodeDecodeError as error:
        raise Malformed("a verifier key that is not UTF-8") from error
    if key.algorithm != algorithm:
        raise Malformed(f"a key of type 0x{key.algorithm:02x} for a {what}, not 0x{algorithm:02x}")
    return key


def _url(words: list[bytes]) -> str | None:
    return words[0].decode("utf-8", "backslashreplace") if words else None
