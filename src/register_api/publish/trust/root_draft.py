"""A trust root on its way from hand to hand, until enough people have signed it.

A draft is one JSON file with the root before, as published, and the next one with the signatures it
has so far. So a signer sees on a machine without network what would change, and can compare the
digest of what it starts from with a copy of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from tuf.api.metadata import Metadata, Root

from register_api.core.keys.trust_roles import check_root_roles
from register_api.core.printable import printable
from register_api.errors import KeyStoreError, UsageError, VerificationError
from register_api.files import durable
from register_api.publish.trust.metadata import encode, parse
from register_api.publish.trust.root_change import kid_of, missing_signatures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from register_api.publish.signing.signer import Ed25519Signer

MAX_BYTES = 1024 * 1024
"""A draft is a few thousand bytes."""


class RootDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file that goes round.

    Attributes:
        before: Text of the newest root as published; ``None`` for a first root.
        root: Text of the next root, with its signatures so far.
    """

    format: Literal["sub-processor-register-root-draft/1"] = "sub-processor-register-root-draft/1"
    before: str | None
    root: str

    def parsed(self) -> Metadata[Root]:
        """Return the next root.

        Raises:
            StoreError: It is no root.
        """
        return parse(self.root.encode(), Root)

    def parsed_before(self) -> Metadata[Root] | None:
        """Return the root before, if there is one.

        Raises:
            StoreError: It is no root.
        """
        return parse(self.before.encode(), Root) if self.before is not None else None

    def missing(self) -> dict[int, int]:
        """Return how many signatures are missing, by version of the root that asks for them."""
        before, draft = self.parsed_before(), self.parsed()
        return missing_signatures(before.signed if before else draft.signed, draft)

    def data(self) -> bytes:
        """Return the bytes of the next root as they are published."""
        return encode(self.parsed())


def new_draft(before: bytes | None, root: Root) -> RootDraft:
    """Begin a draft that nobody has signed."""
    text = before.decode() if before is not None else None
    return RootDraft(before=text, root=encode(Metadata(root)).decode())


def sign_draft(draft: RootDraft, signer: Ed25519Signer) -> RootDraft:
    """Add one person's signature.

    Args:
        draft: The draft, checked by ``check_draft``.
        signer: A root key of the root before or of the next one.

    Raises:
        KeyStoreError: The key is in neither, or has signed already.
    """
    metadata, before = draft.parsed(), draft.parsed_before()
    allowed = {*_kids(metadata.signed), *(_kids(before.signed) if before else ())}
    if signer.kid not in allowed:
        raise KeyStoreError(f"the key {signer.kid} is a root key neither before this draft nor after it")
    if signer.tuf_key.keyid in metadata.signatures:
        raise KeyStoreError(f"the key {signer.kid} has signed this draft already; one person counts once")
    metadata.sign(signer.tuf_signer(), append=True)
    return msgspec.structs.replace(draft, root=encode(metadata).decode())


def merge_drafts(drafts: Sequence[RootDraft]) -> RootDraft:
    """Bring together the signatures of copies that were signed at the same time.

    Args:
        drafts: The copies, at least one.

    Raises:
        UsageError: They are not copies of one draft.
        StoreError: One is no root.
    """
    first = drafts[0]
    metadata = first.parsed()
    for other in drafts[1:]:
        parsed = other.parsed()
        if other.before != first.before or parsed.signed_bytes != metadata.signed_bytes:
            raise UsageError("these are not copies of one draft: what they say differs")
        for keyid, signature in parsed.signatures.items():
            metadata.signatures.setdefault(keyid, signature)
    return msgspec.structs.replace(first, root=encode(metadata).decode())


def check_draft(draft: RootDraft) -> None:
    """Refuse a draft that no customer would take, whoever signs it.

    Raises:
        KeyStoreError: It does not follow the root before, or a key counts twice or has two roles.
        StoreError: It is no root.
    """
    after, before = draft.parsed().signed, draft.parsed_before()
    expected = before.signed.version + 1 if before else 1
    if after.version != expected:
        raise KeyStoreError(f"the draft is version {after.version} of the root; {expected} comes next")
    try:
        for root in (after, *((before.signed,) if before else ())):
            check_root_roles(root.to_dict())
    except VerificationError as error:
        raise KeyStoreError(f"customers would refuse this root: {error.message}") from error
    if not after.consistent_snapshot:
        raise KeyStoreError("customers would refuse this root: it does not ask for consistent snapshots")


def refuse_second_root_key(draft: RootDraft, signer: Ed25519Signer, others: Sequence[str]) -> None:
    """Refuse to sign where one person visibly holds two keys that a threshold counts as two people.

    Args:
        draft: The draft.
        signer: The key that is to sign.
        others: Thumbprints of what else lies in the same folder or token.

    Raises:
        KeyStoreError: Another key is a root key of the same root, and more than one has to sign.
    """
    before = draft.parsed_before()
    for root in (draft.parsed().signed, *((before.signed,) if before else ())):
        kids = _kids(root)
        second = [other for other in others if other in kids and other != signer.kid]
        if second and signer.kid in kids and root.roles[Root.type].threshold > 1:
            raise KeyStoreError(
                f"beside {signer.kid} lies a second root key, {second[0]}: one person would count twice",
                hint="root keys are kept by different people, on different machines",
            )


def read_draft(path: Path) -> RootDraft:
    """Read a draft that was brought here.

    Raises:
        UsageError: It cannot be read, or is something else.
    """
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_BYTES), type=RootDraft)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no draft of a trust root: {printable(error)}") from None


def write_draft(path: Path, draft: RootDraft) -> None:
    """Write a draft, whole or not at all.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        durable.replace(path, msgspec.json.format(msgspec.json.encode(draft), indent=1) + b"\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def _kids(root: Root) -> frozenset[str]:
    return frozenset(kid_of(root.keys[keyid]) for keyid in root.roles[Root.type].keyids)
