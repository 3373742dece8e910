"""Epochs of a log: how it goes on under another origin when its key was stolen (docs/format/log.md).

A witness that has signed a thief's head refuses the log for ever, under that origin. So the log begins a
new epoch: the same leaves from the first, a fresh key, and the origin ``NAME#2``. Only the trust root can say
so, in its member ``x-log-epochs``; the list of keys has the new key under the new origin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from register_api.core import strict_base64
from register_api.core.documents import KeyList
from register_api.core.keys.key_list import log_key
from register_api.core.log.checkpoint import Checkpoint, open_checkpoint, peek_size
from register_api.core.log.note import parse_verifier_key
from register_api.core.printable import printable, quoted
from register_api.errors import Forked, Malformed, RolledBack, UntrustedKey

MEMBER = "x-log-epochs"
"""Member of the root's signed part; TUF lets further members stand (TUF 1.0.31 section 4.2)."""

MAX_EPOCHS = 100


class LogEpoch(msgspec.Struct, frozen=True, kw_only=True):
    """What the root keys say of an epoch after the first.

    Attributes:
        origin: Origin of the log from then on, the register's name with ``#2``, ``#3`` …
        size: How many entries the log had, the last that the publisher vouches for.
        root_hash: Root hash of those entries, base64.
        text: Why, for customers.
    """

    origin: str
    size: int
    root_hash: str
    text: str

    @property
    def root(self) -> bytes:
        """Return the root hash, 32 bytes."""
        return strict_base64.decode(self.root_hash)


def read_epochs(root: Mapping[str, Any]) -> tuple[LogEpoch, ...]:
    """Return the epochs after the first that a trust root names.

    Args:
        root: The ``signed`` part of a root as plain objects.

    Raises:
        Malformed: They are not of their form, do not count up from ``#2``, or shrink.
    """
    try:
        epochs = msgspec.convert(root.get(MEMBER, []), tuple[LogEpoch, ...])
    except (msgspec.ValidationError, RecursionError) as error:
        raise Malformed(f"the trust root's {MEMBER}: {printable(error)}") from None
    if len(epochs) > MAX_EPOCHS:
        raise Malformed(f"a trust root with more than {MAX_EPOCHS} epochs of the log")
    size = 1
    for number, epoch in enumerate(epochs, start=2):
        name, _, count = epoch.origin.rpartition("#")
        if not name or count != str(number) or name != epochs[0].origin.rpartition("#")[0]:
            raise Malformed(f"{quoted(epoch.origin)} is not the origin of epoch {number}")
        if epoch.size < size or len(epoch.root) != len(epochs[0].root) or len(epoch.root) != _HASH_BYTES:
            raise Malformed(f"the epoch {quoted(epoch.origin)} does not name a size and a root hash")
        size = epoch.size
    return epochs


_HASH_BYTES = 32


def next_origin(register: str, epochs: tuple[LogEpoch, ...]) -> str:
    """Return the origin of the epoch after those that there are."""
    return f"{register}#{len(epochs) + 2}"


def check_origins(root: Mapping[str, Any], keys: KeyList) -> None:
    """Refuse a log key under another origin than the root names for its versions."""
    epochs = read_epochs(root)
    if epochs and epochs[0].origin != next_origin(keys.register, ()):
        raise UntrustedKey(f"the trust root's {quoted(epochs[0].origin)} is of another register's log")
    for record in keys.keys:
        if record.use != "log":
            continue
        before = [epoch for epoch in epochs if epoch.size < record.first_version]
        expected = before[-1].origin if before else keys.register
        if parse_verifier_key(record.note_key or "").name != expected:
            raise UntrustedKey(
                f"the log key {quoted(record.kid)} is of another origin than {quoted(expected)},"
                " which the trust root names for its versions"
            )
        ends = [epoch.size for epoch in epochs if epoch.size >= record.first_version]
        if ends and (record.last_version is None or record.last_version > ends[0]):
            raise UntrustedKey(f"the log key {quoted(record.kid)} goes on into another epoch of the log")


def check_beginnings(epochs: Sequence[LogEpoch], size: int, root_at: Callable[[int], bytes]) -> None:
    """Check that a log begins with the entries of each epoch before it.

    Args:
        epochs: Those after the first.
        size: The log's size.
        root_at: From a size, at most that one, to the root hash that the log had there.

    Raises:
        Forked: It does not.
        RolledBack: It is smaller than an epoch's beginning.
    """
    for epoch in epochs:
        if size < epoch.size:
            raise RolledBack(f"the log has {size} entries, {epoch.size} before {epoch.origin} began")
        if root_at(epoch.size) != epoch.root:
            raise Forked(
                f"the log of size {size} does not begin with the {epoch.size} entries that the root keys"
                f" name for its epoch {epoch.origin}"
            )


def open_head(data: bytes, keys: KeyList, size: int | None = None) -> Checkpoint:
    """Verify a checkpoint of the register's log by the key that is good for its size, and read it.

    Args:
        data: The signed note as received.
        keys: The list of keys; its log keys name the origin of their epoch.
        size: The size it has to be good for; ``None``: the one it claims.

    Raises:
        VerificationError: As ``open_checkpoint`` and ``log_key``.
    """
    key = log_key(keys, peek_size(data) if size is None else size)
    return open_checkpoint(data, key.name, [key])
