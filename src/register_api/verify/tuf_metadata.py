"""One file of TUF metadata: read in its one form, signed by who may, and what it means when it is not."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, TargetFile, Timestamp

from register_api.core.canonical import digest, is_digest
from register_api.core.format import tree
from register_api.core.instant import LONGEST, in_words, parse_instant
from register_api.core.text import printable
from register_api.errors import Forged, Inconsistent, Malformed, RolledBack, UntrustedKey, UsageError
from register_api.files.durable import read_bounded
from register_api.verify.fetcher import Fetcher
from register_api.verify.state import Beginning, Remembered, RootOrigin

CLOCK_TOLERANCE = dt.timedelta(minutes=5)
"""How far the clocks of those who sign, or of a customer, may differ and nobody is blamed."""


class _Signature(msgspec.Struct, forbid_unknown_fields=True):
    keyid: str
    sig: str


class _Signed(msgspec.Struct):
    version: int  # the TUF library takes true for 1, and names files by it


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """A signed part and signatures, and nothing else (TUF 1.0 section 4.2)."""

    signatures: tuple[_Signature, ...]
    signed: _Signed


def check_form(path: str, data: bytes) -> None:
    """Refuse metadata in any other form: compact ASCII JSON, no name twice, nothing beside what is signed.

    TUF signs what metadata says, not how it is spelled, and lets further members stand beside it. Where no
    digest covers the bytes either, they could hold anything under a good signature (docs/format/trust.md).
    """
    try:
        text = data.decode("ascii")
        document = json.loads(text, parse_float=_refuse, parse_constant=_refuse)
        msgspec.convert(document, _Envelope)
        spelled = json.dumps(document, separators=(",", ":"))
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise Malformed(f"{path} is not TUF metadata: {printable(error)}", path=path) from error
    if spelled != text:
        raise Malformed(f"{path} is not spelled as metadata is: compact ASCII JSON", path=path)


def _refuse(number: str) -> float:
    raise ValueError(f"{number[:20]!a} is not an integer")


def check_signed_at(timestamp: Timestamp) -> dt.datetime:
    """Return when a timestamp was signed."""
    try:
        signed_at = parse_instant(str(timestamp.unrecognized_fields.get("signed_at")))
    except ValueError as error:
        raise Malformed("the timestamp does not say when it was signed") from error
    lasts = timestamp.expires - signed_at
    if not dt.timedelta() < lasts <= LONGEST:
        raise Malformed(f"the timestamp is good for {lasts}; at most {in_words(LONGEST)} are allowed")
    return signed_at


_UNEXPECTED = (RepositoryError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What the TUF library raises on metadata of any form, its own and what escapes it."""

SignedPart = TypeVar("SignedPart", bound=Signed)


class Part(msgspec.Struct, Generic[SignedPart], frozen=True):
    """Metadata that was accepted."""

    path: str
    data: bytes
    signed: SignedPart


def read_part(
    path: str, data: bytes, role: type[SignedPart], signers: Sequence[Root | None], *, as_kept: bool = False
) -> Part[SignedPart]:
    """Read metadata as it is served, in its one form, and check who signed it: a root, or (``None``) itself.

    What a customer has kept may be in any spelling.
    """
    if not as_kept:
        check_form(path, data)
    try:
        metadata = Metadata[Any].from_bytes(data)
    except _UNEXPECTED as error:
        raise Malformed(f"{path} is not TUF metadata", path=path) from error
    signed = metadata.signed
    if not isinstance(signed, role):
        raise Malformed(f"{path} is metadata of the role {signed.type!a}, not of {role.type}", path=path)
    for signer in signers:
        _check_signed(path, metadata, signed if signer is None else signer)
    return Part(path=path, data=data, signed=signed)


def _check_signed(path: str, metadata: Metadata[Any], signer: Any) -> None:
    role = metadata.signed.type
    try:
        signer.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except UnsignedMetadataError as error:
        if role == Root.type:
            raise UntrustedKey(f"{path} is not signed by as many root keys as it takes", path=path) from error
        delegated = signer.roles[role]
        if len(set(metadata.signatures) & set(delegated.keyids)) >= delegated.threshold:
            raise Forged(f"{path}: a signature does not fit the bytes received", path=path) from error
        raise UntrustedKey(f"{path} is not signed by a key that the root names for it", path=path) from error
    except _UNEXPECTED as error:
        raise Malformed(
            f"{path} is not of the form that TUF has: {type(error).__name__}", path=path
        ) from error


def check_version(part: Part[Any], named: int) -> None:
    """Check that metadata has the version that its name and the metadata above it give."""
    found = part.signed.version
    if found > named:
        raise Inconsistent(f"{part.path} holds version {found}, newer than its name says", path=part.path)
    if found < named:
        raise RolledBack(f"{part.path} holds version {found}, older than what is named", path=part.path)


def fits(meta: MetaFile | TargetFile, data: bytes) -> bool:
    """Tell whether bytes have the length and digests that the metadata above them gives, if it gives any."""
    try:
        meta.verify_length_and_hashes(data)
    except LengthOrHashMismatchError:
        return False
    return True


def check_digest(path: str, data: bytes, meta: MetaFile, role: type[Signed], root: Root) -> None:
    """Check bytes against the metadata that names them (TUF 1.0 sections 5.5.2 and 5.6.2)."""
    if fits(meta, data):
        return
    with contextlib.suppress(Malformed, Forged, UntrustedKey):
        found = int(read_part(path, data, role, [root]).signed.version)
        if found < meta.version:
            raise RolledBack(f"{path} holds the older version {found}", path=path)
    raise Forged(f"{path}: the digest does not fit the bytes received", path=path)


FIRST_ROOT, _LARGEST = tree.ROOT.path(1), tree.ROOT.max_bytes


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What the TUF client begins with: a trusted root, and where it came from.

    Attributes:
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
    sha256 = None if root_sha256 is None else root_sha256.strip().lower()
    if sha256 is not None and not is_digest(sha256):
        raise UsageError("the root's SHA-256 is 64 hex digits", hint="sha256sum 1.root.json")
    given = None if root_file is None else read_bounded(root_file, _LARGEST, f"the root {root_file}")
    if given is not None and len(given) > _LARGEST:
        raise UsageError(f"the root {root_file} has more than {_LARGEST} bytes")
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
    data = fetcher.get(FIRST_ROOT, _LARGEST) if given is None else given
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
    signed = read_part("the trust root", data, Root, (), as_kept=True).signed
    if type(signed.version) is not int:
        raise Malformed("a trust root whose version is not a number")
    return signed
