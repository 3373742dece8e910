"""Where trust begins: a root given by file, by digest, remembered, or taken on trust at first use."""

from __future__ import annotations

from pathlib import Path

import msgspec
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

from register_api.core.canonical import digest, is_digest
from register_api.core.format import tree
from register_api.errors import Forged, Malformed, UsageError
from register_api.verify.fetcher import Fetcher
from register_api.verify.state import Beginning, Remembered, RootOrigin
from register_api.verify.trust.metadata import check_form

FIRST_ROOT = tree.ROOT.path(1)


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What the TUF client begins with.

    Attributes:
        root: Bytes of the root that is trusted.
        origin: Where it came from.
        metadata: Remembered metadata by role, the guard against rollback; empty at first.
        expected_roots: Version and digest of roots that the chain must pass through.
    """

    root: bytes
    origin: RootOrigin
    metadata: dict[str, bytes] = {}
    expected_roots: dict[int, str] = {}


def choose_start(
    fetcher: Fetcher, root_file: Path | None, root_sha256: str | None, remembered: Remembered | None
) -> Start:
    """Decide what to begin with; a root that is given counts before a remembered one."""
    sha256 = _read_digest(root_sha256)
    given = None if root_file is None else _read_file(root_file)
    metadata, expected_roots = dict[str, bytes](), dict[int, str]()
    if remembered is not None:
        metadata = {role: getattr(remembered, role) for role in ("timestamp", "snapshot", "targets")}
        known, newest = read_root(remembered.root).version, digest(remembered.root)
        asked_for = {one for one in (sha256, given and digest(given)) if one}
        if len(asked_for) <= 1 and asked_for <= {remembered.origin.sha256, newest}:
            origin = msgspec.structs.replace(
                remembered.origin, how="remembered", version=known, sha256=newest
            )
            return Start(root=remembered.root, origin=origin, metadata=metadata)
        expected_roots = {known: newest}
    how: Beginning = "file" if root_file else "digest" if sha256 is not None else "first use"
    source = FIRST_ROOT if root_file is None else root_file.name
    data = fetcher.get(FIRST_ROOT, tree.ROOT.max_bytes) if given is None else given
    if sha256 not in (None, digest(data)):
        if given is not None:
            raise Forged(f"the root in {source} has not the digest that was given with it")
        raise Forged(f"{FIRST_ROOT} has the SHA-256 {digest(data)}, not the one that was given")
    if given is None:
        check_form(FIRST_ROOT, data)
    origin = RootOrigin(
        how=how,
        version=read_root(data).version,
        sha256=digest(data),
        source=source,
        first_use=how == "first use",
    )
    return Start(root=data, origin=origin, metadata=metadata, expected_roots=expected_roots)


def read_root(data: bytes) -> Root:
    """Read root metadata, unverified.

    Raises:
        Malformed: It is something else.
    """
    try:
        signed = Metadata[Root].from_bytes(data).signed
    except DeserializationError as error:
        raise Malformed("the trust root is not TUF metadata") from error
    if not isinstance(signed, Root):
        raise Malformed(f"metadata of the role {signed.type!a} where a trust root was expected")
    if type(signed.version) is not int:
        raise Malformed("a trust root whose version is not a number")
    return signed


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(tree.ROOT.max_bytes + 1)
    except OSError as error:
        raise UsageError(f"the root {path} cannot be read: {error.strerror}") from error
    if len(data) > tree.ROOT.max_bytes:
        raise UsageError(f"the root {path} has more than {tree.ROOT.max_bytes} bytes")
    return data


def _read_digest(text: str | None) -> str | None:
    if text is None:
        return None
    lower = text.strip().lower()
    if not is_digest(lower):
        raise UsageError("the root's SHA-256 is 64 hex digits", hint="sha256sum 1.root.json")
    return lower
