"""Where trust begins: a root given by file, by digest, remembered, or taken on trust at first use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

from register_api.core.canonical import digest, is_digest
from register_api.core.format import tree
from register_api.errors import Forged, Malformed, UntrustedKey, UsageError
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
    if remembered is not None and _is_known(remembered, root_file, sha256):
        return _remembered_start(remembered)
    if root_file is not None:
        data, source = _read_file(root_file), root_file.name
        if sha256 is not None and digest(data) != sha256:
            raise Forged(f"the root in {root_file.name} has not the digest that was given with it")
    else:
        data, source = fetcher.get(FIRST_ROOT, tree.ROOT.max_bytes), FIRST_ROOT
        if sha256 is not None and digest(data) != sha256:
            raise Forged(f"{FIRST_ROOT} has the SHA-256 {digest(data)}, not the one that was given")
        check_form(FIRST_ROOT, data)
    how: Beginning = "file" if root_file is not None else "digest" if sha256 is not None else "first use"
    return _given_start(data, how, source, remembered)


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


def check_expected(start: Start, roots: Mapping[int, str]) -> None:
    """Check that the chain of roots passes through what was remembered."""
    for version, sha256 in start.expected_roots.items():
        if version >= min(roots) and roots.get(version) != sha256:
            raise UntrustedKey(f"the root that was given does not lead to the remembered version {version}")


def _given_start(data: bytes, how: Beginning, source: str, remembered: Remembered | None) -> Start:
    origin = RootOrigin(
        how=how,
        version=read_root(data).version,
        sha256=digest(data),
        source=source,
        first_use=how == "first use",
    )
    if remembered is None:
        return Start(root=data, origin=origin)
    known = read_root(remembered.root).version
    return Start(
        root=data,
        origin=origin,
        metadata=_metadata(remembered),
        expected_roots={known: digest(remembered.root)},
    )


def _remembered_start(remembered: Remembered) -> Start:
    origin = RootOrigin(
        how="remembered",
        version=read_root(remembered.root).version,
        sha256=digest(remembered.root),
        source=remembered.origin.source,
        first_use=remembered.origin.first_use,
    )
    return Start(root=remembered.root, origin=origin, metadata=_metadata(remembered))


def _metadata(remembered: Remembered) -> dict[str, bytes]:
    return {
        "timestamp": remembered.timestamp,
        "snapshot": remembered.snapshot,
        "targets": remembered.targets,
    }


def _is_known(remembered: Remembered, root_file: Path | None, sha256: str | None) -> bool:
    """Tell whether nothing else was given than the root that is remembered, or was begun from."""
    given = {digest(_read_file(root_file))} if root_file is not None else set[str]()
    given |= {sha256} if sha256 is not None else set()
    return given <= {remembered.origin.sha256, digest(remembered.root)} and len(given) <= 1


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
