"""Whether what is public is ahead of a store, or another history: asked before anything is signed over it.

A store that came back from a backup, with the keys' memory from the same backup, looks whole. What customers
have seen lies at the register's own address. Nothing is concluded from what is not signed by this register:
whoever stands between can keep the question from being answered, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from tuf.api.metadata import Root

from register_api.bounded_http.limits import HttpLimits
from register_api.core.canonical import decode, digest
from register_api.core.format import tree
from register_api.core.log import tile_proofs
from register_api.core.log.checkpoint import parse_checkpoint
from register_api.core.log.note import parse_note
from register_api.core.model import Register
from register_api.errors import Forged, Forked, RolledBack, StoreError, VerificationError
from register_api.publish.trust import metadata as trust_metadata
from register_api.verify.fetch.fetcher import NotServed
from register_api.verify.fetch.http import HttpFetcher
from register_api.verify.state import RootOrigin
from register_api.verify.trust.chain import follow
from register_api.verify.trust.start import Start, read_root

if TYPE_CHECKING:
    from register_api.store.reader import Snapshot
    from register_api.verify.fetch.fetcher import Fetcher
    from register_api.verify.trust.chain import Trusted

LIMITS = HttpLimits(connect=3.0, read=3.0, exchange=5.0, run=8.0, requests=100, redirects=3, attempts=1)
"""Nobody who publishes waits for long: what cannot be had in this time is told, and not waited for."""


class PublicHead(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at the register's address.

    Attributes:
        url: The address.
        unknown: Why nothing can be said of it, or an empty string where the store is not behind it.
    """

    url: str
    unknown: str = ""


def address_of_register(snapshot: Snapshot) -> str | None:
    """Return the address that a register gives as its own.

    Raises:
        StoreDamaged: The newest register is missing, or has other bytes than the store wrote.
        Malformed: It cannot be read.
    """
    return decode(snapshot.read(tree.REGISTER.path()), Register).url


def ask_public(snapshot: Snapshot | None, url: str) -> PublicHead:
    """Ask an address what is published there, and compare it with a store.

    Args:
        snapshot: What the store holds; ``None``: nothing.
        url: Where the register's tree is published.

    Raises:
        UsageError: Not such an address.
        RolledBack: What is public is ahead of the store.
        Forked: It is another history.
        StoreError: The store's own files cannot be read.
    """
    with HttpFetcher(url, LIMITS) as fetcher:
        try:
            if snapshot is None:
                _check_nothing(fetcher, url)
            else:
                _compare(snapshot, fetcher, url)
        except (RolledBack, Forked):
            raise
        except VerificationError as error:
            return PublicHead(url=url, unknown=error.message)
    return PublicHead(url=url)


def _check_nothing(fetcher: Fetcher, url: str) -> None:
    """Refuse a first publication where a register is public already."""
    read_root(fetcher.get(tree.ROOT.path(1), tree.ROOT.max_bytes))
    raise RolledBack(
        f"a register is published at {url} already, and the store is empty",
        hint=_recover(url),
    )


def _compare(snapshot: Snapshot, fetcher: Fetcher, url: str) -> None:
    root = trust_metadata.roots(snapshot.read)[-1]
    version = trust_metadata.parse(root, Root).signed.version
    origin = RootOrigin(how="remembered", version=version, sha256=digest(root), source="", first_use=False)
    start = Start(root=root, origin=origin)
    public = follow(fetcher, start, None)
    ours = follow(_Stored(snapshot), start, None)
    for role, number in public.versions.items():
        _check_role(url, role, (number, public.metadata[role]), (ours.versions[role], ours.metadata[role]))
    _check_log(snapshot, fetcher, public, url)


class _Stored:
    """The store's own tree, as a ``Fetcher``."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def get(self, path: str, max_bytes: int) -> bytes:  # noqa: ARG002  (as the protocol has it)
        """Return a file, as ``Fetcher.get`` says."""
        try:
            return self._snapshot.read(path)
        except KeyError as error:
            raise NotServed(f"{path} is missing", path=path) from error


def _check_role(url: str, role: str, public: tuple[int, bytes], ours: tuple[int, bytes]) -> None:
    if public[0] > ours[0]:
        raise RolledBack(
            f"the {role} metadata at {url} has version {public[0]}, that of the store {ours[0]}:"
            " the store is older than what is public",
            hint=_recover(url),
        )
    if public[0] == ours[0] and public[1] != ours[1]:
        raise Forked(
            f"the {role} metadata at {url} is another version {public[0]} than that of the store",
            hint=_recover(url),
        )


def _check_log(snapshot: Snapshot, fetcher: Fetcher, public: Trusted, url: str) -> None:
    path = public.copy_path(tree.CHECKPOINT)
    data = fetcher.get(path, tree.CHECKPOINT.max_bytes)
    if not public.is_target(tree.CHECKPOINT, data):
        raise Forged(f"{path} is not the file that its name says")
    log, size = parse_checkpoint(parse_note(data).text), snapshot.state.version
    if log.size > size:
        raise RolledBack(
            f"version {log.size} is public at {url}, and the store holds version {size}", hint=_recover(url)
        )
    if tile_proofs.root(log.size, _tile_reader(snapshot), tree_size=size) != log.root:
        raise Forked(
            f"another version {log.size} is public at {url} than the store has: the histories went apart",
            hint=_recover(url),
        )


def _tile_reader(snapshot: Snapshot) -> trust_metadata.Read:
    def read(path: str) -> bytes:
        try:
            return snapshot.read(path)
        except KeyError as error:
            raise StoreError(f"{path} is missing in the store") from error

    return read


def _recover(url: str) -> str:
    return (
        f"nothing was signed; register-api recover --from {url} takes it over"
        " (a store that has another history has to be moved away first)"
    )
