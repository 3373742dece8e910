"""Reads TUF metadata files strictly, checks their signatures, and chooses the trust root."""

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

from register_api.core.canonical import decodable, digest, is_digest
from register_api.core.format import tree
from register_api.core.instant import LONGEST, format_instant, in_words, parse_instant
from register_api.core.text import printable
from register_api.errors import Forged, Inconsistent, Malformed, RolledBack, UntrustedKey, UsageError
from register_api.files.durable import read_bounded
from register_api.verify.fetcher import Fetcher
from register_api.verify.state import Beginning, Remembered, RootOrigin

CLOCK_TOLERANCE = dt.timedelta(minutes=5)
"""Accepted difference between the clocks of signers and customers."""


class _Signature(msgspec.Struct, forbid_unknown_fields=True):
    keyid: str
    sig: str


class _Signed(msgspec.Struct):
    version: int  # the TUF library takes true for 1, and names files by it


@decodable
class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """Exactly a signed part and signatures (TUF 1.0 section 4.2)."""

    signatures: tuple[_Signature, ...]
    signed: _Signed


def check_form(path: str, data: bytes) -> None:
    """Refuse all but compact ASCII JSON with unique names and nothing beside ``signed`` and ``signatures``.

    TUF signs the content, not the bytes, and allows further members. Without a digest over the bytes, a valid
    signature could cover a file with arbitrary additions (docs/format/trust.md).
    """
    try:
        text = data.decode("ascii")
        document = json.loads(text, parse_float=_refuse, parse_constant=_refuse)
        msgspec.convert(document, _Envelope)
        spelled = json.dumps(document, separators=(",", ":"))
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise Malformed(f"{path} is not TUF metadata: {printable(error)}", path=path) from error
    if spelled != text:
        raise Malformed(f"{path} is not compact ASCII JSON, the form of metadata", path=path)


def _refuse(number: str) -> float:
    raise ValueError(f"{number[:20]!a} is not an integer")


def check_signed_at(timestamp: Timestamp) -> dt.datetime:
    """Return when a timestamp was signed; refuse one that is valid for too long."""
    try:
        signed_at = parse_instant(str(timestamp.unrecognized_fields.get("signed_at")))
    except ValueError as error:
        raise Malformed("the timestamp does not say when it was signed") from error
    lasts = timestamp.expires - signed_at
    if not dt.timedelta() < lasts <= LONGEST:
        signed, until = format_instant(signed_at), format_instant(timestamp.expires)
        raise Malformed(
            f"the timestamp, signed at {signed}, expires at {until}; at most {in_words(LONGEST)} are allowed"
        )
    return signed_at


_UNEXPECTED = (RepositoryError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""Errors that the TUF library raises on malformed metadata, including unhandled ones."""

SignedPart = TypeVar("SignedPart", bound=Signed)


class Part(msgspec.Struct, Generic[SignedPart], frozen=True):
    """Accepted metadata."""

    path: str
    data: bytes
    signed: SignedPart


def read_part(
    path: str, data: bytes, role: type[SignedPart], signers: Sequence[Root | None], *, as_kept: bool = False
) -> Part[SignedPart]:
    """Read metadata and verify its signatures by each of ``signers``: a root, or ``None`` for itself.

    The strict form is required unless ``as_kept``: a file kept by the customer may be formatted differently.
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
            raise UntrustedKey(f"{path} is not signed by enough root keys", path=path) from error
        delegated = signer.roles[role]
        if len(set(metadata.signatures) & set(delegated.keyids)) >= delegated.threshold:
            raise Forged(f"{path}: a signature does not fit the bytes received", path=path) from error
        raise UntrustedKey(f"{path} is not signed by a key that the root names for it", path=path) from error
    except _UNEXPECTED as error:
        raise Malformed(f"{path} is not valid TUF metadata: {type(error).__name__}", path=path) from error


def check_version(part: Part[Any], named: int) -> None:
    """Check that metadata has the version given by its file name and by the role above."""
    found = part.signed.version
    if found > named:
        raise Inconsistent(f"{part.path} holds version {found}, newer than its name says", path=part.path)
    if found < named:
        raise RolledBack(f"{part.path} holds version {found}, older than what is named", path=part.path)


def fits(meta: MetaFile | TargetFile, data: bytes) -> bool:
    """Tell whether bytes match the length and digests in the metadata that names them, if it gives any."""
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
    """Where the TUF client starts: a trusted root and its origin.

    Attributes:
        metadata: Remembered metadata by role, against rollback; empty on first use.
        expected_roots: Versions and digests of roots that the chain must include.
    """

    root: bytes
    origin: RootOrigin
    metadata: dict[str, bytes] = {}
    expected_roots: dict[int, str] = {}


def choose_start(
    fetcher: Fetcher, root_file: Path | None, root_sha256: str | None, remembered: Remembered | None
) -> Start:
    """Choose the root to start from; a root given by the customer takes precedence over a remembered one."""
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
            raise Forged(f"the root in {source} does not have the given digest")
        raise Forged(f"{FIRST_ROOT} has the SHA-256 {digest(data)}, not the one that was given")
    if given is None:
        check_form(FIRST_ROOT, data)
    origin = RootOrigin(
        how=how,
        version=read_root(data, f"the trust root {source}").version,
        sha256=digest(data),
        source=source,
        first_use=how == "first use",
    )
    return Start(root=data, origin=origin, metadata=metadata, expected_roots=expected_roots)


def read_root(data: bytes, name: str = "the trust root") -> Root:
    """Read root metadata, unverified; ``name`` is for messages.

    Raises:
        Malformed: Not root metadata.
    """
    signed = read_part(name, data, Root, (), as_kept=True).signed
    if type(signed.version) is not int:
        raise Malformed(f"the version of {name} is not a number")
    return signed
