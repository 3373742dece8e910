"""A publisher in memory with fixed keys, for tests of verification, which can easily be made to lie.

It shares only the core and the XML signature with the real publisher. Every file can be replaced in
``files``; each step of a publication is a method, so that an attack is a line or two.
"""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, MetaFile, Role, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from feed_keys import OURS
from memory_log import MemoryLog, private_key
from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.canonical import decode, digest, encode, encoded
from register_api.core.changes import Diff, DiffEnd
from register_api.core.diff.affected import changes_by_feed, tag_of
from register_api.core.diff.document import changes_between
from register_api.core.documents import (
    Discovery,
    Ended,
    Entry,
    FileDigest,
    HeadFiles,
    KeyList,
    KeyRecord,
    KeyUse,
    RegisterReference,
    RootReference,
    VersionList,
)
from register_api.core.format import tree
from register_api.core.format.paths import FILES, TARGETS_BY_NAME, is_path, kind_of
from register_api.core.instant import format_instant
from register_api.core.judging import context_of, draft_of
from register_api.core.log.note import format_verifier_key
from register_api.core.model import (
    Category,
    Notice,
    Previous,
    Publisher,
    Reason,
    Register,
    StatusText,
    Subprocessor,
)
from register_api.core.notice_period import promises_of
from register_api.core.patch import make_patch
from register_api.core.signature import (
    ed25519_jwk,
    format_jws,
    jws_header,
    jws_signing_input,
    p256_jwk,
    public_pem,
    thumbprint,
)
from register_api.core.struct_fields import to_plain
from register_api.core.trust_root import MEMBER, LogEpoch
from register_api.core.upcoming_events import upcoming_document
from register_api.core.versioning import make_version
from register_api.errors import Malformed
from register_api.publish.signing.keyring import sign_feed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from register_api.core.changes import Change
    from register_api.core.notice_period import Promises
    from register_api.publish.signing.signer import P256Signer

NAME = "register.example/sub-processors"
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
"""The TUF client reads the system clock, so these tests use the current time."""

FIRST = NOW - dt.timedelta(days=25)
STEP = dt.timedelta(minutes=30)
PAGE = 50


class DocumentKey:
    """A document key and its id."""

    def __init__(self, number: int) -> None:
        self.private = private_key(number)
        self.jwk = ed25519_jwk(self.private.public_key().public_bytes_raw())
        self.kid = thumbprint(self.jwk)

    def signatures(self, path: str, data: bytes) -> dict[str, bytes]:
        """Return both signature files of a document."""
        header = jws_header(self.kid)
        jws = format_jws(header, self.private.sign(jws_signing_input(header, data)))
        return {tree.RAW_SIGNATURE.of(path): self.private.sign(data), tree.JWS.of(path): jws}


class MemoryPublisher:
    """A register and all files published with it.

    Attributes:
        files: The published tree.
        registers: Every version, oldest first.
        log: The log.
        records: The key list, as it will be published.
        now: The time at which freshness is signed.
    """

    def __init__(self, name: str = NAME, *, keys: int = 10, now: dt.datetime = NOW) -> None:
        self.name = name
        self.now = now
        self.files: dict[str, bytes] = {}
        self.registers: list[Register] = []
        self.epochs: tuple[LogEpoch, ...] = ()
        self.log = MemoryLog(origin=name, key=private_key(keys))
        self.document = DocumentKey(keys + 1)
        self.root_keys = [private_key(keys + 4)]
        self.feed_signer = OURS
        self.targets_key, self.online_key = private_key(keys + 2), private_key(keys + 3)
        self.records: list[KeyRecord] = []
        self.list_keys_from_the_first()
        self.roots: list[Root] = []
        self.targets_version = self.snapshot_version = self.timestamp_version = 0
        self.add_root()

    def copy(self) -> MemoryPublisher:
        """Return an independent publisher with the same keys and history."""
        other = copy.copy(self)
        for name in ("files", "registers", "records", "roots", "root_keys", "log", "document"):
            setattr(other, name, copy.copy(getattr(self, name)))
        other.log.entries, other.log.files = list(self.log.entries), dict(self.log.files)
        return other

    def publish(self, **changed: Any) -> MemoryPublisher:
        """Publish one more version, with all derived fields correct."""
        register = self.derived(self.next_register(**changed))
        return self.publish_made(register, self.diff(register))

    def publish_made(self, register: Register, diff: Any, entry: bytes | None = None) -> MemoryPublisher:
        """Publish a version with an arbitrary register, diff and log entry."""
        self.registers.append(register)
        self.write_version(register, diff, entry)
        self.write_log()
        self.write_heads()
        self.vouch()
        return self

    def publish_many(self, count: int) -> MemoryPublisher:
        """Publish several versions, but write and sign the head files only once."""
        for _ in range(count):
            register = self.next_register()
            self.registers.append(register)
            self.write_version(register, self.diff(register))
            self.write_log()
            if register.version % PAGE == 0:
                self.write_archive(register.version // PAGE)
        self.write_heads()
        self.vouch()
        return self

    def next_register(self, **changed: Any) -> Register:
        """Return the next version, in which the name of the only vendor changes."""
        version = len(self.registers) + 1
        before = self.registers[-1] if self.registers else None
        fields: dict[str, Any] = {
            "register": self.name,
            "version": version,
            "published_at": FIRST + version * STEP,
            "previous": Previous(version=version - 1, sha256=digest(encode(before))) if before else None,
            "recorded": "live",
            "updated_on": FIRST.date(),
            "reason": Reason(kind="change" if before else "initial"),
            "publisher": Publisher(name="Example", time_zone="UTC", language="en"),
            "notice": Notice(days=30, applies_to=("addition",)),
            "statuses": (StatusText(id="active", title="Active"),),
            "categories": (Category(id="hosting", title="Hosting"),),
            "subprocessors": (Subprocessor(id="acme", name=f"Acme {version}"),),
            **changed,
        }
        return Register(**fields)

    def derived(self, register: Register) -> Register:
        """Return a version with its derived fields set."""
        before = self.registers[-1] if self.registers else None
        made = make_version(draft_of(register), context_of(before, register, self.promises(register)))
        return msgspec.structs.replace(register, subprocessors=made.subprocessors, notice=made.notice)

    def promises(self, register: Register) -> Promises:
        """Return the promises before a version, in UTC if its time zone is invalid."""
        zone: dt.tzinfo = dt.UTC
        with contextlib.suppress(Malformed):
            zone = zone_of(register.publisher.time_zone)
        return promises_of(self.registers[: register.version - 1], zone)

    def diff(self, register: Register, changes: tuple[Change, ...] | None = None) -> Diff:
        """Return the diff of a version, optionally with other changes."""
        older = self.registers[register.version - 2] if register.version > 1 else None
        if changes is None:
            changes = changes_between(older, register, self.promises(register))
        start = DiffEnd(version=older.version, sha256=digest(encode(older))) if older else None
        return Diff(
            register=self.name,
            older=start,
            newer=DiffEnd(version=register.version, sha256=digest(encode(register))),
            changes=changes,
            patch=tuple(make_patch(to_plain(older) if older else None, to_plain(register))),
        )

    def write_version(self, register: Register, diff: Any, entry: bytes | None = None) -> None:
        """Write a version's immutable files and append its entry, or another, to the log."""
        version = register.version
        documents = {
            tree.VERSION_DIFF.path(version): diff if isinstance(diff, bytes) else encode(diff),
            tree.VERSION_REGISTER.path(version): encode(register),
        }
        for path, data in documents.items():
            self.write_signed(path, data)
        self.files[tree.VERSION_KEYS.path(version)] = self.key_list()
        entry = encode(self.entry(register)) if entry is None else entry
        self.files[tree.VERSION_ENTRY.path(version)] = entry
        self.log.append(entry)

    def list_keys_from_the_first(self) -> None:
        """List only the current keys, as valid from version 1 on."""
        self.records = [
            self._record("document", self.document.jwk, 1),
            self._record("log", ed25519_jwk(self.log.key.public_key().public_bytes_raw()), 1),
            self._record("feed", feed_jwk(self.feed_signer), 1),
        ]

    def key_list(self) -> bytes:
        """Return the key list as it will be published."""
        return encode(KeyList(register=self.name, keys=tuple(self.records)))

    def entry(self, register: Register) -> Entry:
        """Return the log entry of a version whose files are written."""
        paths = sorted(kind.path(register.version) for kind in FILES if kind.in_entry)
        return Entry(
            files=tuple(
                FileDigest(path=path, sha256=digest(self.files[path]), size=len(self.files[path]))
                for path in paths
            ),
            published_at=register.published_at,
            register=self.name,
            version=register.version,
        )

    def write_log(self) -> None:
        """Write tiles, checkpoint, and the newest version's inclusion proof."""
        self.files |= self.log.files
        self.files[tree.CHECKPOINT.path()] = self.log.checkpoint()
        self.files[tree.VERSION_PROOF.path(self.log.size)] = self.log.proof(self.log.size - 1)

    def write_signed(self, path: str, data: bytes) -> None:
        """Write a document with the document key's signatures."""
        self.files |= {path: data, **self.document.signatures(path, data)}

    def write_heads(self) -> None:
        """Write the head files, which change with each publication."""
        newest = self.registers[-1]
        self.write_signed(tree.REGISTER.path(), encode(newest))
        self.write_signed(tree.VERSIONS.path(), self.versions())
        self.write_signed(tree.UPCOMING.path(), self.upcoming(newest))
        self.files[tree.KEYS.path()] = self.key_list()
        for record in self.records:
            self.files[tree.PUBLIC_KEY.path(record.kid)] = record.pem.encode()
        shown = self.registers[-PAGE:][::-1]
        self.write_feed(tree.FEED_ATOM.path(), self.atom(shown))
        self.write_signed(tree.FEED_JSON.path(), self.json_feed(shown))
        self.write_interest_feeds()
        if newest.version % PAGE == 0:
            self.write_archive(newest.version // PAGE)
        root = RootReference(
            version=len(self.roots), sha256=digest(self.files[f"trust/{len(self.roots)}.root.json"])
        )
        reference = RegisterReference(
            register=self.name,
            title="Example",
            tree_url="../",
            register_url="../v1/register.json",
            feed_url="../feed.atom",
            trust_url="../trust/",
            targets_url="../trust/targets/",
            root=root,
        )
        self.files[tree.DISCOVERY.path()] = encode(Discovery(registers=(reference,)))

    def versions(self) -> bytes:
        """Return the list of versions as it will be published."""
        entries = b",".join(self.files[tree.VERSION_ENTRY.path(one.version)] for one in self.registers)
        return encode(VersionList(register=self.name, versions=())).removesuffix(b"]}") + entries + b"]}"

    def upcoming(self, register: Register) -> bytes:
        """Return the upcoming changes of a version, or an empty list if the version is invalid."""
        try:
            zone = zone_of(register.publisher.time_zone)
            return encode(upcoming_document(encoded(register), zone))
        except (Malformed, ValueError):
            return encode([])

    def write_archive(self, page: int) -> None:
        """Write an archive page of the feed."""
        self.write_feed(
            tree.FEED_ARCHIVE.path(page), self.atom(self.registers[PAGE * page - PAGE : PAGE * page][::-1])
        )

    def write_interest_feeds(self) -> None:
        """Write the feeds by interest."""
        told: dict[str, list[tuple[Register, list[str]]]] = {tree.FEED_IMPORTANT.path(): []}
        for register in self.registers[::-1]:
            for path, changes in changes_by_feed(register, self._changes(register.version)).items():
                told.setdefault(path, []).append((register, _types(changes)))
        for path, entries in told.items():
            self.files[path] = self.interest_feed(path, entries)

    def write_feed(self, path: str, data: bytes) -> None:
        """Write an Atom feed and its signatures."""
        self.write_signed(path, data)
        self.files[tree.XML_SIGNATURE.of(path)] = sign_feed(data, path.rpartition("/")[2], self.feed_signer)

    def feed_id(self) -> str:
        """Return the feed's tag URI."""
        domain, _, path = self.name.partition("/")
        return f"tag:{domain},{FIRST.year}:{path}"

    def atom(self, registers: list[Register]) -> bytes:
        """Return a minimal Atom feed of versions."""
        return _atom(self.feed_id(), [(one, self._types(one.version)) for one in registers])

    def interest_feed(self, path: str, entries: list[tuple[Register, list[str]]]) -> bytes:
        """Return a minimal feed by interest, with versions and the types of their changes."""
        return _atom(self.feed_id() + tag_of(path), entries[:PAGE])

    def json_feed(self, registers: list[Register]) -> bytes:
        """Return a minimal JSON Feed of versions."""
        items = [
            {
                "id": f"{self.feed_id()}/versions/{one.version}",
                "title": f"Version {one.version}",
                "summary": "",
                "content_html": "",
                "date_modified": _instant(one.published_at),
                "date_published": _instant(one.published_at),
                "tags": self._types(one.version),
                "_log": {
                    "size": one.version,
                    "root_hash": strict_base64.encode(self.log.reference_root(one.version)),
                },
            }
            for one in registers
        ]
        about = {"format": "sub-processor-register-feed/1", "register": self.name}
        return encode({"version": "https://jsonfeed.org/version/1.1", "items": items, "_register": about})

    def _types(self, version: int) -> list[str]:
        """Return the types of a version's changes."""
        return _types(self._changes(version))

    def _changes(self, version: int) -> Sequence[Change]:
        """Return a version's changes, or none if its diff is invalid."""
        with contextlib.suppress(Malformed, KeyError):
            return decode(self.files[tree.VERSION_DIFF.path(version)], Diff).changes
        return ()

    def rotate_document_key(self, number: int) -> None:
        """Sign with another document key from the next version on."""
        self._end("document")
        self.document = DocumentKey(number)
        self.records.append(self._record("document", self.document.jwk, len(self.registers) + 1))

    def rotate_log_key(self, number: int) -> None:
        """Sign checkpoints with another log key from the next version on."""
        self._end("log")
        self.log.key = private_key(number)
        jwk = ed25519_jwk(self.log.key.public_key().public_bytes_raw())
        self.records.append(self._record("log", jwk, len(self.registers) + 1))

    def begin_log_epoch(self, number: int, **said: Any) -> None:
        """Begin a log epoch in the root, with another origin and log key; ``said`` overrides its fields."""
        newest = len(self.registers)
        epoch = LogEpoch(
            origin=f"{self.name}#{len(self.epochs) + 2}",
            size=newest,
            root_hash=strict_base64.encode(self.log.reference_root()),
            text="The log key was stolen",
        )
        self.log.origin = epoch.origin
        self.rotate_log_key(number)
        self.epochs = (*self.epochs, msgspec.structs.replace(epoch, **said))
        self.add_root()

    def rotate_feed_key(self, signer: P256Signer) -> None:
        """Sign with another feed key from the next version on."""
        self._end("feed")
        self.feed_signer = signer
        self.records.append(self._record("feed", feed_jwk(signer), len(self.registers) + 1))

    def disown_after(self, version: int, number: int) -> None:
        """End the document key at a version; add a successor that has signed nothing yet."""
        record = self.records[0]
        ended = Ended(at=self.now, reason="compromised", text="The laptop was stolen")
        self.records[0] = msgspec.structs.replace(record, last_version=version, ended=ended)
        self.document = DocumentKey(number)
        self.records.append(self._record("document", self.document.jwk, version + 1))
        self.files[tree.KEYS.path()] = self.key_list()
        self.files[tree.PUBLIC_KEY.path(self.document.kid)] = self.records[-1].pem.encode()
        self.vouch()

    def _end(self, use: KeyUse) -> None:
        last = len(self.registers)
        self.records = [
            msgspec.structs.replace(one, last_version=last, ended=Ended(at=self.now, reason="rotated"))
            if one.use == use and one.last_version is None
            else one
            for one in self.records
        ]

    def _record(self, use: KeyUse, jwk: dict[str, str], first: int) -> KeyRecord:
        public = self.log.key.public_key().public_bytes_raw()
        return KeyRecord(
            kid=thumbprint(jwk),
            use=use,
            jwk=jwk,
            pem=public_pem(jwk),
            note_key=format_verifier_key(self.log.origin, public) if use == "log" else None,
            first_version=first,
            last_version=None,
            ended=None,
        )

    def add_root(self, **changed: Any) -> Root:
        """Publish another root version, signed by the previous and the current keys."""
        signers = list(self.root_keys)
        roots = changed.pop("root_keys", self.root_keys)
        root = self.make_root(roots, **changed)
        self.roots.append(root)
        self.root_keys = roots
        self.write_root(root, [*signers, *(key for key in roots if key not in signers)])
        return root

    def make_root(
        self, keys: list[Ed25519PrivateKey], *, expires: dt.datetime | None = None, threshold: int = 1
    ) -> Root:
        """Return the next root, unsigned."""
        roles = {"root": keys, "targets": [self.targets_key]}
        roles |= {"snapshot": [self.online_key], "timestamp": [self.online_key]}
        public = {role: [tuf_signer(key).public_key for key in held] for role, held in roles.items()}
        return Root(
            version=len(self.roots) + 1,
            expires=expires or self.now + dt.timedelta(days=400),
            keys={key.keyid: key for held in public.values() for key in held},
            roles={
                role: Role([key.keyid for key in held], threshold if role == "root" else 1)
                for role, held in public.items()
            },
            consistent_snapshot=True,
            unrecognized_fields={MEMBER: msgspec.to_builtins(self.epochs)} if self.epochs else None,
        )

    def write_root(self, root: Root, signers: list[Ed25519PrivateKey]) -> None:
        """Sign and write a root."""
        self.files[f"trust/{root.version}.root.json"] = sign_metadata(root, *signers)

    def list_heads(self) -> None:
        """Write the list of the current head files."""
        files = tuple(
            FileDigest(path=path, sha256=digest(data), size=len(data))
            for path, data in sorted(self.files.items())
            if is_path(path) and kind_of(path).listed
        )
        newest = len(self.registers)
        self.write_signed(
            tree.HEADS.path(), encode(HeadFiles(files=files, register=self.name, version=newest))
        )

    def vouch(self, *, expires: dt.datetime | None = None, relist: bool = True) -> None:
        """Write the list of head files and the targets with their copies, snapshot and timestamp."""
        if relist:
            self.list_heads()
        targets = {}
        for name, kind in TARGETS_BY_NAME.items():
            path = kind.path()
            data = self.files[path]
            targets[name] = TargetFile(len(data), {"sha256": digest(data)}, name)
            self.files[f"trust/targets/{digest(data)}.{name}"] = data
        self.targets_version += 1
        listed = Targets(self.targets_version, expires=expires or self._far(), targets=targets)
        self.write_metadata(f"trust/{self.targets_version}.targets.json", listed, self.targets_key)
        self.vouch_snapshot()

    def vouch_snapshot(self, *, expires: dt.datetime | None = None) -> None:
        """Write a snapshot of the targets, then the timestamp."""
        self.snapshot_version += 1
        meta = self._meta(f"trust/{self.targets_version}.targets.json", self.targets_version)
        snapshot = Snapshot(
            self.snapshot_version, expires=expires or self._far(), meta={"targets.json": meta}
        )
        self.write_metadata(f"trust/{self.snapshot_version}.snapshot.json", snapshot, self.online_key)
        self.refresh()

    def refresh(
        self,
        *,
        expires: dt.datetime | None = None,
        signed_at: dt.datetime | None = None,
        as_said: bool = False,
    ) -> None:
        """Renew the timestamp, signed before it expires; ``as_said`` uses the given times unchanged."""
        self.timestamp_version += 1
        meta = self._meta(f"trust/{self.snapshot_version}.snapshot.json", self.snapshot_version)
        good_until = expires or self.now + dt.timedelta(hours=48)
        # Versions are some days old: after a timestamp signed now, the next version would be backdated.
        newest = self.registers[-1].published_at if self.registers and expires is None else self.now
        instant = signed_at or (newest if newest.tzinfo and FIRST <= newest <= self.now else self.now)
        if not as_said:
            instant = min(instant, good_until - dt.timedelta(seconds=1))
        timestamp = Timestamp(
            self.timestamp_version,
            expires=good_until,
            snapshot_meta=meta,
            unrecognized_fields={"signed_at": format_instant(instant)},
        )
        self.write_metadata(tree.TIMESTAMP.path(), timestamp, self.online_key)

    def _far(self) -> dt.datetime:
        return self.now + dt.timedelta(days=400)

    def _meta(self, path: str, version: int) -> MetaFile:
        data = self.files[path]
        return MetaFile(version, len(data), {"sha256": digest(data)})

    def write_metadata(self, path: str, signed: Any, key: Ed25519PrivateKey) -> None:
        """Sign and write metadata of a role."""
        self.files[path] = sign_metadata(signed, key)


def sign_metadata(signed: Any, *keys: Ed25519PrivateKey) -> bytes:
    """Return TUF metadata with signatures."""
    metadata = Metadata(signed)
    for key in keys:
        metadata.sign(tuf_signer(key), append=True)
    return metadata.to_bytes(JSONSerializer(compact=True))


def tuf_signer(key: Ed25519PrivateKey) -> CryptoSigner:
    """Return a key in the form that the TUF library needs."""
    return CryptoSigner(key, SSlibKey.from_crypto(key.public_key()))


def feed_jwk(signer: P256Signer) -> dict[str, str]:
    """Return the public key of a feed key as RFC 7517 members."""
    key: Any = load_pem_public_key(signer.public_pem.encode())
    numbers = key.public_numbers()
    return p256_jwk(numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big"))


def _atom(id_: str, entries: list[tuple[Register, list[str]]]) -> bytes:
    told = "".join(
        f"<entry><id>{id_}/versions/{one.version}</id>"
        f"<updated>{_instant(one.published_at)}</updated>"
        f"<published>{_instant(one.published_at)}</published>"
        f"<title>Version {one.version}</title><summary/><content/>"
        + "".join(f'<category term="{type_}"/>' for type_ in types)
        + "</entry>"
        for one, types in entries
    )
    head = f'<feed xmlns="http://www.w3.org/2005/Atom"><id>{id_}</id>'
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{head}{told}</feed>".encode()


def _types(changes: Iterable[Change]) -> list[str]:
    """Return the types of changes, without duplicates."""
    return list(dict.fromkeys(change.type for change in changes))


def _instant(instant: dt.datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
