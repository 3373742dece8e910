"""The draft of a trust root, passed on until enough people have signed it.

A draft contains all published roots, so that an offline machine that knows one of them can verify all later
ones (``root``), and display what the next one would change.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from tuf.api.metadata import Metadata, Root

from register_api.core.canonical import digest
from register_api.core.text import printable
from register_api.core.trust_root import check_root_roles, read_epochs
from register_api.errors import Forged, KeyStoreError, StoreError, UsageError, VerificationError
from register_api.files import durable
from register_api.publish.signing import key_file
from register_api.publish.signing.signer import Ed25519Signer, load
from register_api.publish.trust.metadata import encode, parse
from register_api.publish.trust.root import check_chain, check_known, read_known, root_kids, signed_sha256

MAX_BYTES = 1024 * 1024
"""A draft has a few thousand bytes for each root."""


class RootDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft file: the text of each published root, and the next root with its signatures so far."""

    format: Literal["sub-processor-register-root-draft/1"] = "sub-processor-register-root-draft/1"
    chain: tuple[str, ...]
    root: str

    def parsed(self) -> Metadata[Root]:
        """Return the next root."""
        return parse(self.root.encode(), Root)

    def parsed_chain(self) -> tuple[Metadata[Root], ...]:
        """Return the published roots, oldest first."""
        return tuple(parse(text, Root) for text in self.published())

    def published(self) -> tuple[bytes, ...]:
        """Return the bytes of the published roots, oldest first."""
        return tuple(text.encode() for text in self.chain)

    def newest(self) -> tuple[Root, ...]:
        """Return the roots whose keys sign the draft: the newest published one, if any, and the next."""
        before = self.parsed_chain()[-1:]
        return (*(root.signed for root in before), self.parsed().signed)

    def missing(self) -> dict[int, int]:
        """Return the number of missing signatures, by version of the root that requires them."""
        draft, missing = self.parsed(), {}
        for root in self.newest():
            result = root.get_verification_result(Root.type, draft.signed_bytes, draft.signatures)
            missing[root.version] = max(0, result.threshold - len(result.signed))
        return missing

    def data(self) -> bytes:
        """Return the bytes of the next root, as published."""
        return encode(self.parsed())


def new_draft(chain: Sequence[bytes], root: Root) -> RootDraft:
    """Return an unsigned draft."""
    texts = tuple(data.decode() for data in chain)
    return RootDraft(chain=texts, root=encode(Metadata(root)).decode())


def sign_draft(draft: RootDraft, signer: Ed25519Signer) -> RootDraft:
    """Return the draft with one more signature."""
    metadata = draft.parsed()
    if not any(signer.kid in root_kids(root) for root in draft.newest()):
        raise KeyStoreError(f"the key {signer.kid} is a root key neither before this draft nor after it")
    if signer.tuf_key.keyid in metadata.signatures:
        raise KeyStoreError(f"the key {signer.kid} has signed this draft already; one person counts once")
    signer.sign_metadata(metadata)
    return msgspec.structs.replace(draft, root=encode(metadata).decode())


def merge_drafts(drafts: Sequence[RootDraft]) -> RootDraft:
    """Merge the signatures of copies that were signed in parallel."""
    first = drafts[0]
    metadata = first.parsed()
    for other in drafts[1:]:
        parsed = other.parsed()
        if other.chain != first.chain or parsed.signed_bytes != metadata.signed_bytes:
            raise UsageError("these are not copies of one draft: what they say differs")
        for keyid, signature in parsed.signatures.items():
            metadata.signatures.setdefault(keyid, signature)
    return msgspec.structs.replace(first, root=encode(metadata).decode())


def check_draft(draft: RootDraft) -> None:
    """Refuse a draft that no customer would accept, whoever signs it.

    Raises:
        KeyStoreError: A version is missing, or a key counts twice or has two roles.
        UntrustedKey: An earlier root is not signed as customers require.
        StoreError: A root cannot be parsed.
    """
    chain = draft.parsed_chain()
    for expected, root in enumerate((*(each.signed for each in chain), draft.parsed().signed), start=1):
        if root.version != expected:
            raise KeyStoreError(
                f"the draft has version {root.version} of the root where {expected} comes next"
            )
        try:
            check_root_roles(root.to_dict())
            read_epochs(root.to_dict())
        except VerificationError as error:
            raise KeyStoreError(f"customers would refuse this root: {error.message}") from error
        if not root.consistent_snapshot:
            raise KeyStoreError("customers would refuse this root: it does not ask for consistent snapshots")
    check_chain(chain)


def check_start(draft: RootDraft, key: Path, sha256: str | None) -> int:
    """Check that a draft continues a root that its signer knows, by the record beside the key or by digest.

    Return the newest published version that the signer knows; 0 before a first root.
    """
    root, chain, known = draft.parsed(), draft.published(), read_known(key)
    digests = [digest(data) for data in chain] or [signed_sha256(root)]
    if known is None and sha256 is None:
        what = (
            "with the SHA-256 of 1.root.json in your contracts, or of a root file that you keep yourself:"
            f" the first root of the draft has {digests[0]}"
            if chain
            else f"by telephone what each holder's own machine says: all have to see the SHA-256 {digests[0]}"
        )
        raise UsageError(
            f"nothing says that this draft is your register's: this is the first signature of {key}",
            hint=f"compare {what}. Then repeat with --root-sha256 HEX",
        )
    by_digest = 0
    if sha256 is not None:
        if (given := sha256.lower()) not in digests:
            tried = f"versions 1 to {len(chain)}" if len(chain) > 1 else "version 1"
            raise Forged(
                f"no root of the draft has the SHA-256 {given}: tried {tried}, {', '.join(digests)}",
                hint="do not sign, and ask the other holders of root keys by telephone",
            )
        by_digest = digests.index(given) + 1 if chain else 0
    return max(by_digest, check_known(draft.parsed_chain(), root, known)) if known else by_digest


def refuse_second_root_key(draft: RootDraft, signer: Ed25519Signer, path: Path) -> None:
    """Refuse to sign if one person evidently holds two keys that a threshold counts as two people."""
    beside = (
        other
        for other in sorted(path.parent.glob("root-*.pem"))
        if not (other.samefile(path) or key_file.is_encrypted(other) or key_file.is_reference(other))
    )
    others = [*signer.others_in_token(), *(load(other, Ed25519Signer).kid for other in beside)]
    for root in draft.newest():
        kids = root_kids(root)
        second = [other for other in others if other in kids and other != signer.kid]
        if second and signer.kid in kids and root.roles[Root.type].threshold > 1:
            raise KeyStoreError(
                f"beside {signer.kid} lies a second root key, {second[0]}: one person would count twice",
                hint="root keys are kept by different people, on different machines",
            )


def read_draft(path: Path) -> RootDraft:
    """Read the draft of a trust root from a file.

    Raises:
        UsageError: The file cannot be read, or does not contain a draft.
    """
    try:
        draft = msgspec.json.decode(durable.read_bounded(path, MAX_BYTES), type=RootDraft)
        draft.newest()
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a draft of a trust root: {printable(error)}") from None
    except StoreError as error:
        raise UsageError(f"{path} is not a draft of a trust root: it holds something else") from error
    return draft


def write_draft(path: Path, draft: RootDraft) -> None:
    """Write a draft atomically."""
    with durable.failing_as(UsageError, f"{path} cannot be written"):
        durable.replace(path, msgspec.json.format(msgspec.json.encode(draft), indent=1) + b"\n")
