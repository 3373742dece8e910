"""The publisher's private keys, one for each role, opened only when needed, and their signatures.

::

    var/keys/
      root-1.pem …      TUF root: which keys may sign; in a company on other machines, offline
      targets.pem       TUF targets
      online.pem        TUF snapshot and timestamp; the only key that ``refresh`` needs
      document.pem      registers, diffs, list of versions, feeds
      log.pem           checkpoints
      feed.pem          feeds, as XML signature (P-256)
      <role>.next.pem   the next key, not in force yet (``key_transaction``)

A file may hold the ``pkcs11:`` URI of a key in a token instead (``token_uri``). The content of a file,
except for root keys, may be in an environment variable instead (``key_file.VARIABLES``).
"""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import filelock
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from register_api.core import strict_base64
from register_api.core.format import tree
from register_api.core.format.kind import Signature
from register_api.core.format.paths import kind_of
from register_api.core.language.language import count
from register_api.core.signature import format_jws, jws_header, jws_signing_input
from register_api.core.xml_signature import COORDINATE_BYTES, SIGNATURE_SHAPE, build, canonical
from register_api.errors import KeyStoreError, UsageError
from register_api.files import durable
from register_api.publish.signing import key_file
from register_api.publish.signing.key_file import Passphrases
from register_api.publish.signing.signer import (
    Ed25519Signer,
    P256Signer,
    S,
    Signer,
    ephemeral,
    generate,
    load,
    parse,
)
from register_api.publish.signing.token_uri import Pins

WAIT_SECONDS = 20.0
"""How long to wait for another process that creates keys in the same folder."""

_LOCK = ".lock"

_ROOT = re.compile(r"root-[1-9][0-9]?")


def kind_of_role(role: str) -> type[Ed25519Signer | P256Signer]:
    """Return the type of key that a role has."""
    if role == "feed":
        return P256Signer
    if role in {"targets", "online", "document", "log"} or _ROOT.fullmatch(role):
        return Ed25519Signer
    raise UsageError(
        f"{role!r} is not a key role", hint="document, log, feed, targets, online, root-1, root-2 …"
    )


class Keyring:
    """The keys of one folder; ``create`` makes missing ones, for a new register only."""

    def __init__(
        self, folder: Path, *, create: bool = False, root_keys: int = 1, root_threshold: int = 1
    ) -> None:
        if not 1 <= root_threshold <= root_keys:
            hint = f"--root-keys {root_threshold} or more, or a lower --root-threshold"
            raise UsageError(
                f"a threshold of {root_threshold} is not possible with {count(root_keys, 'root key')}",
                hint=hint,
            )
        self.folder = folder
        self.create = create
        self.root_keys = root_keys
        self.root_threshold = root_threshold
        self._opened: dict[str, Signer] = {}
        self._passphrases = Passphrases()
        self._pins = Pins()

    def __repr__(self) -> str:
        return f"Keyring({str(self.folder)!r})"

    @classmethod
    def ephemeral(cls) -> Keyring:
        """Return new keys for documents, log and feed that are never stored, for unpublished previews."""
        keyring = cls(Path(os.devnull))
        keyring._opened = {f"{use}.pem": ephemeral(kind_of_role(use)) for use in ("document", "log", "feed")}
        return keyring

    def reopen(self) -> Keyring:
        """Return a copy that re-reads key files but keeps passphrases and PINs."""
        other = copy.copy(self)
        other.create, other._opened = False, {}  # noqa: SLF001  (of its own class)
        return other

    @property
    def document(self) -> Ed25519Signer:
        """The key for registers, diffs, the list of versions and feeds."""
        return self._signer("document.pem", Ed25519Signer)

    @property
    def log(self) -> Ed25519Signer:
        """The key for checkpoints."""
        return self._signer("log.pem", Ed25519Signer)

    @property
    def feed(self) -> P256Signer:
        """The key for XML signatures over feeds."""
        return self._signer("feed.pem", P256Signer)

    @property
    def targets(self) -> Ed25519Signer:
        """The key for TUF targets."""
        return self._signer("targets.pem", Ed25519Signer)

    @property
    def online(self) -> Ed25519Signer:
        """The key for TUF snapshot and timestamp."""
        return self._signer("online.pem", Ed25519Signer)

    @property
    def roots(self) -> tuple[Ed25519Signer, ...]:
        """All root keys, which only a machine that creates roots has."""
        return tuple(self.root(number) for number in range(1, self.root_keys + 1))

    def root(self, number: int) -> Ed25519Signer:
        """Return one root key, counted from 1."""
        return self._signer(f"root-{number}.pem", Ed25519Signer)

    def signer(self, role: str) -> Signer:
        """Return the key of a role by its name, e.g. ``document`` or ``root-2``."""
        return self._signer_of(role, f"{role}.pem", create=False)

    def following(self, role: str) -> Signer:
        """Return the next key of a role, created if there is none.

        A next key in a file is not created for a key in a token or in the environment: it needs an explicit
        decision.
        """
        path, following = self.folder / f"{role}.pem", self.folder / f"{role}.next.pem"
        if (given := key_file.from_environment(path)) is not None:
            raise UsageError(
                f"the {role} key is in {given[0]}: the one that follows it would be lost with this job",
                hint="make it where the key files are, then give the job the new one",
            )
        if key_file.exists(path) and not key_file.exists(following):
            with contextlib.suppress(KeyStoreError):  # an unreadable file may be the key to replace
                if key_file.is_reference(path):
                    new = f"register-api keys new {following}"
                    raise UsageError(
                        f"the {role} key is in a token; make the one that follows it first",
                        hint=f"{new} --token pkcs11:…, or without --token in a file",
                    )
        return self._signer_of(role, f"{role}.next.pem", create=True)

    def adopt_next(self, role: str) -> Signer:
        """Use the next key for its role in this keyring from now on; files are not changed."""
        signer = self.following(role)
        self._opened[f"{role}.pem"] = self._opened.pop(f"{role}.next.pem")
        return signer

    def _signer_of(self, role: str, name: str, *, create: bool) -> Signer:
        if kind_of_role(role) is P256Signer:
            return self._signer(name, P256Signer, create=create)
        return self._signer(name, Ed25519Signer, create=create)

    def _signer(self, name: str, kind: type[S], *, create: bool = False) -> S:
        opened = self._opened.get(name)
        if isinstance(opened, kind):
            return opened
        path = self.folder / name
        if (given := key_file.from_environment(path)) is not None:
            signer = parse(*given, kind, self._passphrases, self._pins)
        else:
            if (create or self.create) and not key_file.exists(path):
                self._make(path, kind)
            signer = load(path, kind, self._passphrases, self._pins)
        # Compare with every key opened so far: a raw signature does not state its purpose.
        for other, found in self._opened.items():
            if found.public == signer.public:
                raise KeyStoreError(
                    f"{self.folder / other} and {self.folder / name} hold the same key",
                    hint="each role has its own key; remove the copy",
                )
        self._opened[name] = signer
        return signer

    def _make(self, path: Path, kind: type[S]) -> None:
        """Create a key, unless another process created it while we waited for the lock."""
        key_file.make_folder(self.folder)
        try:
            with filelock.UnixFileLock(self.folder / _LOCK, timeout=WAIT_SECONDS, mode=0o600):
                durable.remove_leftovers(self.folder)
                if not key_file.exists(path):
                    generate(path, kind, self._passphrases)
        except filelock.Timeout as error:
            raise KeyStoreError(f"another process is making keys in {self.folder}") from error
        except OSError as error:
            raise KeyStoreError(f"{self.folder} cannot be locked or tidied: {error.strerror}") from error


def sign_feed(data: bytes, uri: str, signer: P256Signer) -> bytes:
    """Sign a feed's exact bytes (docs/format/feeds.md), deterministically.

    signxml is not suitable: it digests a parsed copy instead of the file's bytes, and is not deterministic.
    """
    digest = strict_base64.encode(hashlib.sha256(data).digest())
    root = build(SIGNATURE_SHAPE, {"URI": uri, "DigestValue": digest, "KeyName": signer.kid})
    r, s = decode_dss_signature(signer.sign(canonical(root[0])))
    # ``r ‖ s`` (RFC 9231 section 2.3.6)
    fixed = r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")
    root[1].text = strict_base64.encode(fixed)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def sign_jws(data: bytes, signer: Ed25519Signer) -> bytes:
    """Return the detached JWS over a document (RFC 7515 appendix F): one line without newline."""
    header = jws_header(signer.kid)
    return format_jws(header, signer.sign(jws_signing_input(header, data)))


SIGN: dict[Signature, Callable[[str, bytes, Keyring], bytes]] = {
    tree.RAW_SIGNATURE: lambda _, data, keyring: keyring.document.sign(data),
    tree.JWS: lambda _, data, keyring: sign_jws(data, keyring.document),
    tree.XML_SIGNATURE: lambda name, data, keyring: sign_feed(data, name, keyring.feed),
}
"""Signs in each form of signature, from the file name, its bytes and the keys."""


def signatures(files: Mapping[str, bytes], keyring: Keyring) -> dict[str, bytes]:
    """Return the signatures of files, by path."""

    @functools.cache  # the newest register has two paths with the same file name
    def made(signature: Signature, name: str, data: bytes) -> bytes:
        return SIGN[signature](name, data, keyring)

    return {
        signature.of(path): made(signature, path.rpartition("/")[2], data)
        for path, data in files.items()
        for signature in kind_of(path).signatures
    }
