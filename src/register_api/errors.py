"""Every error this program raises on purpose, grouped by who is at fault.

The tree, with the exit status of commands (1 if none is given)::

    RegisterError
    ├── UsageError 2             the caller
    │   ├── NotInstalled 2
    │   └── StateInUse 3
    ├── Refused                  the source
    ├── KeyStoreError, StoreError (StoreLocked, StoreDamaged), TargetError, WitnessError, SendingError,
    │   NotifyError, WatchError  the environment: keys, store, target, witness, mail server, settings
    ├── NotStamped               a time-stamping authority: reported, publishing continues
    ├── PromiseNotKept 20, DeadlineNear 21, NewerVersion 22    nobody: requested with --fail-on
    └── VerificationError        the files served to a customer
        └── Unreachable 10, Malformed 11, Forged 12, Stale 13, RolledBack 14, Forked 15, UntrustedKey 16,
            Unwitnessed 17, Inconsistent 18, ClockBehind 19

The exit codes from 10 on are part of the format (docs/format/commands.md).
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from typing import ClassVar, Literal

import msgspec

Severity = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """An error or a warning about the source.

    Attributes:
        rule: Number of the rule, ``R01`` to ``R33`` (docs/rules.md).
        severity: ``error`` stops publishing, ``warning`` does not.
        file: File relative to the source folder, with ``/``, e.g. ``subprocessors/acme.toml``.
        key: Key path in that file, e.g. ``engagements[0].starts_on``; empty for the whole file.
        message: What is wrong, in one sentence.
        hint: What to do about it, or an empty string.
        line: Line in the file, counted from 1, if known.
        column: Column in that line, in characters, counted from 1, if known.
        excerpt: The line itself, for files that are not valid TOML.
        accepted: The publisher's reason for accepting the warning, or an empty string.
    """

    rule: str
    severity: Severity
    file: str
    key: str
    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None
    excerpt: str = ""
    accepted: str = ""


class RegisterError(Exception):
    """Base of all errors raised on purpose; the message is meant for users.

    ``word`` names the kind of failure; ``hint`` says what to do next, or is empty.
    """

    exit_code: ClassVar[int] = 1
    word: ClassVar[str] = "error"

    def __init_subclass__(cls, *, word: str = "", code: int = 0) -> None:
        if word:
            cls.word = word
        if code:
            cls.exit_code = code

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RegisterError, word="usage error", code=2):
    """The command was called with invalid arguments."""


class NotInstalled(UsageError, word="not installed"):
    """The command needs an extra of the distribution that is not installed."""


class StateInUse(UsageError, word="state in use", code=3):
    """Another run has locked the state folder; nothing was checked."""


class Refused(RegisterError, word="refused by rules"):
    """The source, or an import into it, violates rules; nothing was published or written.

    ``findings`` lists all errors and warnings in the order of the source.
    """

    def __init__(self, findings: Sequence[Finding], not_done: str = "published") -> None:
        errors = sum(1 for finding in findings if finding.severity == "error")
        super().__init__(f"{errors} error{'' if errors == 1 else 's'} in the source; nothing was {not_done}")
        self.findings = tuple(findings)


class KeyStoreError(RegisterError, word="keys"):
    """A private key is missing, damaged, or readable by others."""


class StoreError(RegisterError, word="store"):
    """The store cannot be read or written."""


class StoreLocked(StoreError, word="store is locked"):
    """Another process is publishing into this store."""


class StoreDamaged(StoreError, word="store is damaged"):
    """The store's files contradict each other."""


class TargetError(RegisterError, word="target"):
    """A deployment target cannot be written to, or contains files that must not be overwritten."""


class WitnessError(RegisterError, word="witness"):
    """A witness cannot sign: its state is missing, damaged or another witness's, or its clock is wrong."""


class SendingError(RegisterError, word="sending"):
    """Messages cannot be sent or recorded: the database, or the mail server."""


class NotifyError(RegisterError, word="notify"):
    """Notices cannot be created or recorded as requested."""


class WatchError(RegisterError, word="watch"):
    """Registers cannot be watched as requested."""


class NotStamped(RegisterError, word="not time-stamped"):
    """A time-stamping authority returned no valid timestamp; the next refresh tries again."""


class PromiseNotKept(RegisterError, word="promise not kept", code=20):
    """Verification passed, but the publisher gave less notice than promised (``verify --fail-on``)."""


class DeadlineNear(RegisterError, word="deadline near", code=21):
    """Verification passed, but an objection deadline is near (``verify --fail-on``)."""


class NewerVersion(RegisterError, word="changed", code=22):
    """Verification passed, but there is a newer version than in the last run (``verify --fail-on``)."""


class VerificationError(RegisterError, word="not verified", code=11):
    """Verification failed; ``path`` is the file named in the message, if any."""

    def __init__(self, message: str, *, hint: str = "", path: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path

    def of_file(self, path: str) -> VerificationError:
        """Return the error with a file's path before its message, unless it already names a file."""
        if self.path or not path:
            return self
        named = copy.copy(self)
        named.message, named.path = f"{path}: {self.message}", path
        named.args = (named.message,)
        return named


class Unreachable(VerificationError, word="unreachable, withheld", code=10):
    """No connection, too slow, another origin, a server error, or a signed-for file is missing."""


class Malformed(VerificationError, word="malformed", code=11):
    """Over a limit or in the wrong format: encoding, JSON, note, tile, header."""


class Forged(VerificationError, word="forged", code=12):
    """A signature or a digest does not match the bytes received."""


class Stale(VerificationError, word="stale", code=13):
    """Timestamp, snapshot or targets metadata has expired."""


class RolledBack(VerificationError, word="rolled back", code=14):
    """Older than what this customer has already seen, or than its own index states."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A signed document, or one with a signed digest, that contradicts another; ``name`` is its file name."""

    name: str
    data: bytes

    @classmethod
    def of(cls, kind: str, data: bytes, suffix: str = ".json") -> Document:
        """Return a document named by its kind and digest."""
        return cls(name=f"{kind}-{hashlib.sha256(data).hexdigest()[:16]}{suffix}", data=data)

    @classmethod
    def of_checkpoint(cls, size: int, root: bytes, data: bytes) -> Document:
        """Return a checkpoint (the whole signed note) named by size and root hash."""
        return cls(name=f"{size}-{root.hex()[:16]}.checkpoint", data=data)


class Forked(VerificationError, word="forked", code=15):
    """A history that contradicts the remembered one, or two root hashes for one size.

    ``documents`` contradict each other and are signed, so together they are proof.
    """

    def __init__(
        self, message: str, *, hint: str = "", path: str = "", documents: Sequence[Document] = ()
    ) -> None:
        super().__init__(message, hint=hint, path=path)
        self.documents = tuple(documents)


class UntrustedKey(VerificationError, word="untrusted key", code=16):
    """A key that is unknown, used outside its range or in two roles, or a root below its threshold."""


class Unwitnessed(VerificationError, word="unwitnessed", code=17):
    """Fewer valid cosignatures than the customer requires."""


class Inconsistent(VerificationError, word="inconsistent", code=18):
    """Files of two publications, or files that contradict each other."""


class ClockBehind(VerificationError, word="clock", code=19):
    """This machine's clock is behind a signed time that it has already seen."""
