"""The roots before a draft, checked as a customer follows them, and the root that a signer knows.

A draft comes from a machine that publishes, or on a stick: neither is believed about what was before.
A signer therefore brings a root of their own. It is the newest one that their key signed, kept beside the
key, or one whose digest they have from elsewhere, as from a contract. It has to lie in the chain, and the
chain has to lead from it to the draft by the signatures that customers ask for (TUF 1.0.31 section 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from tuf.api.metadata import Metadata, Root

from register_api.core.canonical import digest
from register_api.core.printable import printable
from register_api.errors import Forged, Forked, KeyStoreError, UntrustedKey, UsageError
from register_api.files import durable
from register_api.publish.signing import key_file


class KnownRoot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest root that a key has signed, as it is kept beside the key.

    Attributes:
        version: Its version.
        sha256: SHA-256 (hex) of what was signed; signatures, which join later, are not in it.
    """

    version: int
    sha256: str


def known_file(key: Path) -> Path:
    """Return where the root that a key has signed is kept: ``root-2.known.json`` for ``root-2.pem``."""
    return key.with_name(f"{key.name.removesuffix('.pem')}.known.json")


def read_known(key: Path) -> KnownRoot | None:
    """Return the newest root that a key has signed, or ``None`` if none is kept."""
    path = known_file(key)
    if not key_file.exists(path):
        return None
    try:
        return msgspec.json.decode(key_file.read(path).reveal(), type=KnownRoot)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise KeyStoreError(f"{path} is not a record of a signed root: {printable(error)}") from None


def write_known(key: Path, root: Metadata[Root]) -> None:
    """Keep beside a key which root it has signed; durable on return.

    Raises:
        KeyStoreError: The file cannot be written.
    """
    known = KnownRoot(version=root.signed.version, sha256=signed_sha256(root))
    try:
        durable.replace(known_file(key), msgspec.json.encode(known) + b"\n", secret=True)
    except OSError as error:
        raise KeyStoreError(f"{known_file(key)} cannot be written: {error.strerror}") from error


def signed_sha256(root: Metadata[Root]) -> str:
    """Return the SHA-256 (hex) of what the signatures of a root are over."""
    return digest(root.signed_bytes)


def check_chain(chain: Sequence[Metadata[Root]]) -> None:
    """Check that each root is signed as it and the one before it ask for, the first as it asks itself."""
    for root, before in zip(chain, (None, *chain), strict=False):
        previous = before.signed if before else None
        if root.signed.get_root_verification_result(previous, root.signed_bytes, root.signatures):
            continue
        asking = f"of version {previous.version} and of its own" if previous else "of its own"
        raise UntrustedKey(
            f"version {root.signed.version} of the trust root, on which the draft builds, is not signed"
            f" by enough root keys {asking}: it was never published",
            hint="do not sign, and tell the other holders of root keys by telephone",
        )


def check_known(chain: Sequence[Metadata[Root]], draft: Metadata[Root], known: KnownRoot) -> int:
    """Check that a draft continues what a key has signed before."""
    roots = [*chain, draft]
    if 1 <= known.version <= len(roots) and signed_sha256(roots[known.version - 1]) == known.sha256:
        return min(known.version, len(chain))
    number, what = known.version, f"with SHA-256 {known.sha256}"
    found = "the draft has another version of that number" if number <= len(roots) else "the draft is older"
    raise Forked(
        f"this key has signed version {number} of the trust root, {what}; {found}",
        hint="do not sign, and ask the other holders of root keys by telephone. Only if that version was"
        " given up before it was published: remove the .known.json beside the key, and give --root-sha256",
    )


def check_sha256(chain: Sequence[bytes], draft: Metadata[Root], sha256: str) -> int:
    """Check that a draft continues a root whose digest the signer has from elsewhere."""
    found = [digest(data) for data in chain] or [signed_sha256(draft)]
    if sha256 in found:
        return found.index(sha256) + 1 if chain else 0
    tried = f"versions 1 to {len(chain)}" if len(chain) > 1 else "version 1"
    raise Forged(
        f"no root of the draft has the SHA-256 {sha256}: tried {tried}, {', '.join(found)}",
        hint="do not sign, and ask the other holders of root keys by telephone",
    )


def nothing_known(chain: Sequence[bytes], draft: Metadata[Root], key: Path) -> UsageError:
    """Return the refusal of a signer who brings nothing to compare a draft with."""
    if chain:
        what = (
            "with the SHA-256 of 1.root.json in your contracts, or of a root file that you keep yourself:"
            f" the first root of the draft has {digest(chain[0])}"
        )
    else:
        what = (
            "by telephone what each holder's own machine says:"
            f" all have to see the SHA-256 {signed_sha256(draft)}"
        )
    return UsageError(
        f"nothing says that this draft is your register's: this is the first signature of {key}",
        hint=f"compare {what}. Then repeat with --root-sha256 HEX",
    )
