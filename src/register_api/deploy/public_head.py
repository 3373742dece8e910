"""Checks before publishing that the public register is neither ahead of the store nor another history.

A store restored from a backup, together with its key state, looks intact. What customers have seen is at the
register's URL and its deployment targets. Only data signed by this register counts: an attacker on the
network can prevent the check, but not change its result.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable

import msgspec

from register_api.bounded_http.limits import HttpLimits
from register_api.core.canonical import decode, digest
from register_api.core.format import tree
from register_api.core.log import tiles
from register_api.core.log.checkpoint import parse_checkpoint
from register_api.core.log.note import parse_note
from register_api.core.model import Register
from register_api.errors import Forged, Forked, Malformed, RolledBack, StoreError, VerificationError
from register_api.store.reader import Snapshot
from register_api.verify.fetcher import Fetcher, HttpFetcher, NotServed
from register_api.verify.state import RootOrigin
from register_api.verify.tuf_client import Trusted, follow
from register_api.verify.tuf_metadata import Start, read_root

LIMITS = HttpLimits(connect=3.0, read=3.0, exchange=5.0, run=8.0, requests=100, redirects=3, attempts=1)
"""Short, since publishing waits for it; after a timeout the result is "unknown"."""


class PublicHead(msgspec.Struct, frozen=True, kw_only=True):
    """Result of the check at the register's URL."""

    url: str
    unknown: str = ""
    """Why the check was not possible; empty if the store is not behind."""


def address_of_register(snapshot: Snapshot) -> str | None:
    """Return the URL stated in the register."""
    return decode(snapshot.read(tree.REGISTER.path()), Register).url


def ask_public(snapshot: Snapshot | None, url: str) -> PublicHead:
    """Fetch the register published at a URL and compare it with a store.

    Raises:
        UsageError: The URL is not valid.
        RolledBack: The public register is ahead of the store.
        Forked: It has another history.
        StoreError: The store's own files cannot be read.
    """
    with HttpFetcher(url, LIMITS) as fetcher:
        try:
            if snapshot is None:
                read_root(fetcher.get(tree.ROOT.path(1), tree.ROOT.max_bytes))
                message = f"a register is published at {url} already, and the store is empty"
                raise RolledBack(message, hint=_recover(url))  # noqa: TRY301 - as compare() does
            compare(snapshot, fetcher, url)
        except (RolledBack, Forked):
            raise
        except VerificationError as error:
            return PublicHead(url=url, unknown=error.message)
    return PublicHead(url=url)


def compare(snapshot: Snapshot, fetcher: Fetcher, where: str, hint: str = "") -> None:
    """Compare a published register with a store, starting from the newest root that both have."""
    hint = hint or _recover(where)
    start = _shared_start(snapshot, fetcher, where)
    public = follow(fetcher, start, None)
    known = snapshot.manifest.files
    ours = follow(CallbackFetcher(lambda path: snapshot.read(path) if path in known else None), start, None)
    for role, number in public.versions.items():
        own = ours.versions[role]
        if number > own:
            raise RolledBack(
                f"the {role} metadata at {where} has version {number}, that of the store {own}:"
                " the store is older than what is public",
                hint=hint,
            )
        if number == own and public.metadata[role] != ours.metadata[role]:
            message = f"the {role} metadata at {where} is another version {number} than that of the store"
            raise Forked(message, hint=hint)
    _check_log(snapshot, fetcher, public, where, hint)


def _shared_start(snapshot: Snapshot, fetcher: Fetcher, where: str) -> Start:
    """Return the newest of the store's roots that is also served; newer ones may not be deployed yet."""
    paths = itertools.takewhile(snapshot.manifest.files.__contains__, map(tree.ROOT.path, itertools.count(1)))
    for version, path in reversed(list(enumerate(paths, 1))):
        root = snapshot.read(path)
        with contextlib.suppress(NotServed):
            if fetcher.get(path, tree.ROOT.max_bytes) == root:
                origin = RootOrigin(
                    how="remembered", version=version, sha256=digest(root), source="", first_use=False
                )
                return Start(root=root, origin=origin)
    raise Forged(f"{where} does not have the trust root of this register")


class CallbackFetcher:
    """A ``Fetcher`` that reads the files of a tree with a function."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        """``read`` returns the file at a path, or ``None`` if there is none."""
        self._read = read

    def get(self, path: str, max_bytes: int) -> bytes:
        """Implement ``Fetcher.get``."""
        data = self._read(path)
        if data is None:
            raise NotServed(f"{path} not found", path=path)
        if len(data) > max_bytes:
            raise Malformed(f"{path} has more than {max_bytes} bytes", path=path)
        return data


def _check_log(snapshot: Snapshot, fetcher: Fetcher, public: Trusted, where: str, hint: str) -> None:
    path = public.copy_path(tree.CHECKPOINT)
    data = fetcher.get(path, tree.CHECKPOINT.max_bytes)
    if not public.is_target(tree.CHECKPOINT, data):
        raise Forged(f"{path} is not the file that its name says")

    def tile(path: str) -> bytes:
        try:
            return snapshot.read(path)
        except KeyError as error:
            raise StoreError(f"{path} is missing in the store") from error

    log, size = parse_checkpoint(parse_note(data).text), snapshot.state.version
    if log.size > size:
        raise RolledBack(
            f"version {log.size} is public at {where}, and the store holds version {size}", hint=hint
        )
    if tiles.root(log.size, tile, tree_size=size) != log.root:
        raise Forked(
            f"another version {log.size} is public at {where} than the store has: the histories diverge",
            hint=hint,
        )


def _recover(url: str) -> str:
    return (
        f"nothing was signed; register-api recover --from {url} restores it"
        " (a store that has another history has to be moved away first)"
    )
