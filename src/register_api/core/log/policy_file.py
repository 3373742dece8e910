"""Reads a policy file (C2SP tlog-policy).

::

    log <vkey>
    witness X1 <vkey> https://witness.example/x1
    witness X2 <vkey>
    group X any X1 X2
    quorum X

Names mean something within the file alone and are octets, compared as such. The file is read strictly:
what is read in another way than its writer meant would make a weaker promise than he believes.
"""

from __future__ import annotations

import re
from typing import TypeVar

from register_api.core.log.note import COSIGNATURE, ED25519, NoteKey, parse_verifier_key
from register_api.core.log.policy import NONE, Group, PolicyLog, PolicyWitness, WitnessPolicy, printable_name
from register_api.errors import Malformed, UntrustedKey

MAX_POLICY_BYTES = 256 * 2**10

MAX_OF_A_KIND = 256
"""So many logs, witnesses and groups are taken, each; tlog-policy asks for 32."""

_SPACE = re.compile(rb"[ \t]+")
_OTHER_OCTETS = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_THRESHOLD = re.compile(rb"[1-9][0-9]{0,5}")
_LEAST_GROUP = 3
"""Name, threshold, and one member."""

T = TypeVar("T", PolicyLog, PolicyWitness)


def parse_policy(data: bytes) -> WitnessPolicy:
    """Read a policy file.

    Raises:
        Malformed: Too large, an octet or a line that is not allowed, a name or key twice, a name that is
            not defined on a line before, a threshold that cannot be met, or not exactly one quorum. The
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
    return reader.policy()


class _Reader:
    """Reads line by line and knows what was defined before."""

    def __init__(self) -> None:
        self._logs: list[PolicyLog] = []
        self._witnesses: list[PolicyWitness] = []
        self._groups: list[Group] = []
        self._free: dict[bytes, bool] = {}
        self._quorum: bytes | None = None
        self._kinds = {b"log": self._log, b"witness": self._witness, b"group": self._group}

    def take(self, line: bytes) -> None:
        if _OTHER_OCTETS.search(line):
            raise Malformed("a control character other than tab")
        words = [word for word in _SPACE.split(line) if word]
        if not words or words[0].startswith(b"#"):
            return
        kind, *rest = words
        if kind == b"quorum":
            self._take_quorum(rest)
        elif kind in self._kinds:
            self._kinds[kind](rest)
        else:
            raise Malformed(f"{printable_name(kind[:40])!r} is none of log, witness, group and quorum")

    def policy(self) -> WitnessPolicy:
        if self._quorum is None:
            raise Malformed("a policy without a quorum")
        return WitnessPolicy(
            logs=tuple(self._logs),
            witnesses=tuple(self._witnesses),
            groups=tuple(self._groups),
            quorum=self._quorum,
        )

    def _log(self, words: list[bytes]) -> None:
        if len(words) not in (1, 2):
            raise Malformed("not log <vkey> [<url>]")
        _add(self._logs, PolicyLog(key=_key(words[0], ED25519, "log"), url=_url(words[1:])))

    def _witness(self, words: list[bytes]) -> None:
        if len(words) not in (2, 3):
            raise Malformed("not witness <name> <vkey> [<url>]")
        key = _key(words[1], COSIGNATURE, "witness")
        self._define(words[0])
        _add(self._witnesses, PolicyWitness(name=words[0], key=key, url=_url(words[2:])))

    def _group(self, words: list[bytes]) -> None:
        if len(words) < _LEAST_GROUP:
            raise Malformed("not group <name> <k>|all|any <member>...")
        if len(self._groups) >= MAX_OF_A_KIND:
            raise Malformed(f"more than {MAX_OF_A_KIND} groups")
        name, number, *members = words
        threshold = _threshold(number, len(members))
        for member in members:
            self._use(member)
        self._define(name)
        self._groups.append(Group(name=name, threshold=threshold, members=tuple(members)))

    def _take_quorum(self, words: list[bytes]) -> None:
        if len(words) != 1:
            raise Malformed("not quorum <name>")
        if self._quorum is not None:
            raise Malformed("a second quorum")
        if words[0] != NONE and words[0] not in self._free:
            raise Malformed(f"{printable_name(words[0])!r} is not defined on a line before")
        self._quorum = words[0]

    def _define(self, name: bytes) -> None:
        if name == NONE or name in self._free:
            raise Malformed(f"the name {printable_name(name)!r} is taken")
        self._free[name] = True

    def _use(self, name: bytes) -> None:
        """Let a name be a member: it must be defined, and a member of no other group."""
        if name not in self._free:
            raise Malformed(f"{printable_name(name)!r} is not defined on a line before")
        if not self._free[name]:
            raise Malformed(f"{printable_name(name)!r} is a member already")
        self._free[name] = False


def _add(known: list[T], one: T) -> None:
    if any(other.key.public == one.key.public for other in known):
        raise Malformed(f"the key of {one.key.name!r} stands on a line before")
    if len(known) >= MAX_OF_A_KIND:
        raise Malformed(f"more than {MAX_OF_A_KIND} lines of one kind")
    known.append(one)


def _key(word: bytes, algorithm: int, what: str) -> NoteKey:
    try:
        key = parse_verifier_key(word.decode("utf-8", "strict"))
    except UnicodeDecodeError as error:
        raise Malformed("a verifier key that is not UTF-8") from error
    if key.algorithm != algorithm:
        raise Malformed(f"a key of type 0x{key.algorithm:02x} for a {what}, not 0x{algorithm:02x}")
    return key


def _url(words: list[bytes]) -> str | None:
    """Return the address of a line, if it has one; the policy gives no meaning to it."""
    return words[0].decode("utf-8", "backslashreplace") if words else None


def _threshold(word: bytes, members: int) -> int:
    if word in (b"all", b"any"):
        return members if word == b"all" else 1
    if not _THRESHOLD.fullmatch(word) or int(word) > members:
        raise Malformed(f"{printable_name(word[:40])!r} is none of all, any and 1 to {members}")
    return int(word)
