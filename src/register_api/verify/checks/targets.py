"""The files that TUF vouches for, as everybody is served them; the document key's signatures beside files."""

from __future__ import annotations

from dataclasses import dataclass, field

from register_api.core.documents import KeyList, KeyRecord
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.key_list import document_key, good_key
from register_api.core.signature import ed25519_public, verify_jws, verify_raw
from register_api.errors import Forged, UntrustedKey, VerificationError
from register_api.verify.checks.run import Run
from register_api.verify.tuf_client import Trusted


@dataclass
class Targets:
    """The files that the targets metadata names.

    Attributes:
        others: What lies at the public path of a target and is not the target, by its kind.
        checkpoint: The checkpoint as it is served: the target, with further signature lines below it.
    """

    run: Run
    trusted: Trusted
    others: dict[FileKind, bytes] = field(default_factory=dict)
    checkpoint: bytes | None = None

    def kept(self, kind: FileKind) -> bytes | None:
        """Return a target as an earlier run kept it, if it is still the one that is vouched for.

        Only a quick run goes by this; others also look at what everybody is served.
        """
        if not self.run.options.quick or self.run.remembered is None:
            return None
        data = self.run.remembered.kept.get(kind.target_name)
        return data if data is not None and self.trusted.is_target(kind, data) else None

    def read(self, kind: FileKind) -> bytes:
        """Return the bytes of a target: as kept, else from its public path, else from its copy.

        Where witnesses are asked for, the public checkpoint is looked at in any case: they may have
        signed it since it was kept.
        """
        kept = self.kept(kind)
        if kept is not None and not (kind is tree.CHECKPOINT and self.run.options.asks_for_witnesses):
            return kept
        with self.run.record.recording("V25", kind.path()):
            data = self.run.get(kind.path())
            if (vouched := self.trusted.vouched_part(kind, data)) is not None:
                self.checkpoint = data if kind is tree.CHECKPOINT else self.checkpoint
                return vouched
            self.others[kind] = data
        return self.copy(kind) if kept is None else kept

    def copy(self, kind: FileKind) -> bytes:
        """Return a target's copy below ``/trust/targets/``."""
        path = self.trusted.copy_path(kind)
        data = self.run.get(path)
        if not self.trusted.is_target(kind, data):
            raise Forged(f"{path} has not the digest that the targets metadata gives", path=path)
        return data


def check_signatures(run: Run, keys: KeyList, check: str, path: str, data: bytes, version: int) -> None:
    """Check both signatures beside a document; findings go to a check."""
    raw, jws = tree.RAW_SIGNATURE.of(path), tree.JWS.of(path)
    with run.record.recording(check, raw):
        _check_raw(keys, data, run.get(raw), version)
    with run.record.recording(check, jws):
        verify_jws(data, run.get(jws), lambda kid: document_key(keys, kid, version))


def is_signed(run: Run, keys: KeyList, path: str, data: bytes, version: int) -> bool:
    """Tell whether bytes carry a good raw signature of the document key."""
    key = good_key(keys, "document", None, version)
    return _fits(data, run.get(tree.RAW_SIGNATURE.of(path)), key)


def _check_raw(keys: KeyList, data: bytes, signature: bytes, version: int) -> None:
    """Check a raw signature; it names no key, so one out of its range is found by trying."""
    good = good_key(keys, "document", None, version)
    try:
        verify_raw(data, signature, ed25519_public(good.jwk))
    except Forged:
        for key in keys.keys:
            if key.use == "document" and _fits(data, signature, key):
                raise UntrustedKey(f"signed with {key.kid}, not good for version {version}") from None
        raise


def _fits(data: bytes, signature: bytes, key: KeyRecord) -> bool:
    try:
        verify_raw(data, signature, ed25519_public(key.jwk))
    except VerificationError:
        return False
    return True
