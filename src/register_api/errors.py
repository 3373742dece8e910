"""Every error this program raises on purpose, split by who is at fault.

The tree::

    RegisterError
    ├── UsageError               the caller: wrong arguments, a missing folder        exit 2
    │   ├── NotInstalled         a part of the distribution that a command needs       exit 2
    │   └── StateInUse           another run holds the state folder: try again         exit 3
    ├── Refused                  the source: findings of the numbered rules           exit 1
    ├── KeyStoreError            the publisher's private keys: missing, readable      exit 1
    │                            by others, damaged
    ├── StoreError               the publisher's store                                exit 1
    │   ├── StoreLocked          another publisher is at work
    │   └── StoreDamaged         files that contradict each other
    ├── TargetError              where a tree is deployed to: refuses, is not ours   exit 1
    ├── WitnessError             a witness's state or clock: missing, damaged         exit 1
    ├── SendingError             database or mail server that messages go through     exit 1
    ├── NotifyError              notices: their contacts, or what was asked for       exit 1
    ├── WatchError               the watcher: its vendors, or what was asked for       exit 1
    ├── NotStamped               a time-stamping authority: no answer, or no good one  told, ends nothing
    ├── PromiseNotKept           notice that was late or short, where a customer asks  exit 20
    ├── DeadlineNear             days left to object, where a customer asks            exit 21
    ├── NewerVersion             a newer version, where a customer asks                exit 22
    └── VerificationError        what a customer was served                           exit 10-19
        ├── Unreachable          10  no answer, or something vouched for is missing
        ├── Malformed            11  over a limit, or not of the promised form
        ├── Forged               12  a signature or digest that does not fit
        ├── Stale                13  freshness has expired
        ├── RolledBack           14  older than what was seen before
        ├── Forked               15  another history than the remembered one
        ├── UntrustedKey         16  a key that may not speak here
        ├── Unwitnessed          17  too few cosignatures
        ├── Inconsistent         18  parts that do not belong together
        └── ClockBehind          19  this machine's clock cannot judge freshness

The exit codes from 10 on are part of the format (docs/format/commands.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar, Literal

import msgspec

Severity = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, or worth a second look, in the source.

    Attributes:
        rule: Number of the rule, ``R01`` to ``R33`` (docs/rules.md).
        severity: ``error`` stops publishing, ``warning`` does not.
        file: File below the source folder, with ``/``, e.g. ``subprocessors/acme.toml``.
        key: Key path in that file, e.g. ``engagements[0].starts_on``; empty for the whole file.
        message: What is wrong, in one sentence.
        hint: What to do about it, or an empty string.
        line: Line in the file, counted from 1, where it is known.
        column: Place in that line, in characters, counted from 1, where it is known.
        excerpt: That line as it stands in the file, where it helps: in a file that is not TOML.
        accepted: The publisher's reason for living with it, where the source gives one; else empty.
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
    """Base of all errors raised on purpose; its text is fit for a person to read.

    Attributes:
        exit_code: What the command line ends with.
        word: One or two words that name the kind of failure.
        hint: What the person can do next, or an empty string.
    """

    exit_code: ClassVar[int] = 1
    word: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the sentence and the hint."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RegisterError):
    """The command was called in a way that cannot be carried out."""

    exit_code = 2
    word = "wrong use"


class NotInstalled(UsageError):
    """The command needs an optional part of the distribution that is not installed."""

    word = "not installed"


class StateInUse(UsageError):
    """Another run holds the state folder; nothing was looked at."""

    exit_code = 3
    word = "state in use"


class Refused(RegisterError):
    """The source, or what is imported into it, breaks rules; nothing was published or written.

    Attributes:
        findings: Every finding, errors and warnings, in the order of the source.
    """

    word = "refused by rules"

    def __init__(self, findings: Sequence[Finding], not_done: str = "published") -> None:
        """Keep the findings, count the errors among them, and say what was not done."""
        errors = sum(1 for finding in findings if finding.severity == "error")
        super().__init__(f"{errors} error{'' if errors == 1 else 's'} in the source; nothing was {not_done}")
        self.findings = tuple(findings)


class KeyStoreError(RegisterError):
    """A private key is missing, damaged, or may be read by others."""

    word = "keys"


class StoreError(RegisterError):
    """The store cannot be read or written."""

    word = "store"


class StoreLocked(StoreError):
    """Another process is publishing into this store."""

    word = "store is locked"


class StoreDamaged(StoreError):
    """The store's files contradict each other."""

    word = "store is damaged"


class TargetError(RegisterError):
    """A place that a tree is deployed to does not take it, or holds what is not to be written over."""

    word = "target"


class WitnessError(RegisterError):
    """A witness cannot sign: its state is missing, damaged or not its own, or its clock is wrong."""

    word = "witness"


class SendingError(RegisterError):
    """Messages cannot be sent or recorded: the database, or the mail server."""

    word = "sending"


class NotifyError(RegisterError):
    """Notices cannot be made or recorded as was asked."""

    word = "notify"


class WatchError(RegisterError):
    """Registers cannot be watched as was asked."""

    word = "watch"


class NotStamped(RegisterError):
    """A time-stamping authority gave no stamp that can be kept; the next refresh asks again."""

    word = "not time-stamped"


class PromiseNotKept(RegisterError):
    """All is genuine, and the publisher gave less notice than promised (``verify --fail-on``)."""

    exit_code = 20
    word = "promise not kept"


class DeadlineNear(RegisterError):
    """All is genuine, and the last day to object is near (``verify --fail-on``)."""

    exit_code = 21
    word = "deadline near"


class NewerVersion(RegisterError):
    """All is genuine, and there is a newer version than the last run saw (``verify --fail-on``)."""

    exit_code = 22
    word = "changed"


class VerificationError(RegisterError):
    """What was served could not be vouched for; subclasses carry the exit codes.

    Attributes:
        path: The file that the message names, or an empty string.
    """

    exit_code = 11
    word = "not verified"

    def __init__(self, message: str, *, hint: str = "", path: str = "") -> None:
        """Keep the sentence, the hint, and the file that the sentence names, if it names one."""
        super().__init__(message, hint=hint)
        self.path = path

    def of_file(self, path: str) -> VerificationError:
        """Return the error with a file's path before its message, unless it names a file already."""
        if self.path or not path:
            return self
        return type(self)(f"{path}: {self.message}", hint=self.hint, path=path)


class Unreachable(VerificationError):
    """No connection, too slow, another origin, a server error, or a vouched-for file is missing."""

    exit_code = 10
    word = "unreachable, withheld"


class Malformed(VerificationError):
    """Over a limit or not of the promised form: encoding, JSON, note, tile, header."""

    exit_code = 11
    word = "malformed"


class Forged(VerificationError):
    """A signature or a digest does not fit the bytes received."""

    exit_code = 12
    word = "forged"


class Stale(VerificationError):
    """Timestamp, snapshot or targets metadata has expired."""

    exit_code = 13
    word = "stale"


class RolledBack(VerificationError):
    """Older than what this customer has seen, or than its own index says."""

    exit_code = 14
    word = "rolled back"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A signed or vouched-for document that contradicts another one.

    Attributes:
        name: Name of the file that keeps it.
        data: Its bytes.
    """

    name: str
    data: bytes

    @classmethod
    def of(cls, kind: str, data: bytes, suffix: str = ".json") -> Document:
        """Return a document that is called by its kind and its digest."""
        return cls(name=f"{kind}-{hashlib.sha256(data).hexdigest()[:16]}{suffix}", data=data)

    @classmethod
    def of_checkpoint(cls, size: int, root: bytes, data: bytes) -> Document:
        """Return a checkpoint, the whole signed note, that is called by size and root hash."""
        return cls(name=f"{size}-{root.hex()[:16]}.checkpoint", data=data)


class Forked(VerificationError):
    """Another history than the remembered one, or two roots for one size.

    Attributes:
        documents: What contradicts each other: each is signed, so that together they are proof.
    """

    exit_code = 15
    word = "forked"

    def __init__(
        self, message: str, *, hint: str = "", path: str = "", documents: Sequence[Document] = ()
    ) -> None:
        """Keep the sentence, and the documents that prove it."""
        super().__init__(message, hint=hint, path=path)
        self.documents = tuple(documents)

    def of_file(self, path: str) -> VerificationError:
        """Return the error with a file's path before its message, as the base does."""
        named = super().of_file(path)
        if isinstance(named, Forked):
            named.documents = self.documents
        return named


class UntrustedKey(VerificationError):
    """A key that is unknown, out of its range, in two roles, or a root without its threshold."""

    exit_code = 16
    word = "untrusted key"


class Unwitnessed(VerificationError):
    """Fewer good cosignatures than the customer asked for."""

    exit_code = 17
    word = "unwitnessed"


class Inconsistent(VerificationError):
    """Parts of two publications, or parts that contradict each other."""

    exit_code = 18
    word = "inconsistent"


class ClockBehind(VerificationError):
    """This machine's clock lies before an instant it has already seen signed."""

    exit_code = 19
    word = "clock"
