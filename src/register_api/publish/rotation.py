"""Key rotation for documents, log and feed; ending a key; trust roots that several people sign.

The old key stays valid for the newest version; the new one signs from the next version on (docs/keys.md). A
root with several holders is drafted here, signed on their machines, and published here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import msgspec
from tuf.api.metadata import Root

from register_api.core import strict_base64
from register_api.core.canonical import decode
from register_api.core.documents import Ended, KeyList, KeyRecord, KeyUse
from register_api.core.format import tree
from register_api.core.log.note import parse_verifier_key
from register_api.core.text import quoted
from register_api.core.trust_root import LogEpoch, next_origin, read_epochs
from register_api.errors import KeyStoreError, StoreError, UsageError
from register_api.publish.building import required_snapshot
from register_api.publish.examine import Examined
from register_api.publish.key_transaction import Changed, KeyTransaction, key_change
from register_api.publish.signing import key_file
from register_api.publish.signing.key_list import key_record, open_record, record_of, rotated, shortened
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Ed25519Signer
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import metadata_path
from register_api.publish.trust.root import (
    BEGUN,
    FIRST_ROOT,
    RootChange,
    check_chain,
    check_known,
    first_root,
    next_root,
    read_known,
    root_kids,
    sign_root,
    write_known,
)
from register_api.publish.trust.root_draft import RootDraft, check_draft, new_draft
from register_api.store.reader import open_snapshot

USES: tuple[KeyUse, ...] = get_args(KeyUse)
"""The uses of keys listed in ``keys.json``."""


def rotate_key(store: Path, keys: Path, use: KeyUse, ended: Ended) -> Changed:
    """Rotate a key from the next version on; the old private key is not needed."""
    with key_change(store, keys, ended.at) as change:
        listed = change.found.keys.document
        successor = _successor(change.keyring, listed, use)
        return change.publish(keys=rotated(listed, successor, change.found.head.size, ended))


def end_key(store: Path, keys: Path, kid: str, last_version: int, ended: Ended) -> Changed:
    """End a key's validity at the last version known to be good.

    The key is named by its thumbprint or a prefix of it. Customers refuse its later signatures from now on,
    which cannot be undone (docs/keys.md).
    """
    with key_change(store, keys, ended.at) as change:
        listed, newest = change.found.keys.document, change.found.head.size
        record = record_of(listed, kid)
        if last_version > newest:
            raise UsageError(f"version {last_version} was not published yet; the newest is {newest}")
        # Check before a new key is created.
        shortened(listed, record, last_version, ended, None)
        successor = None
        if record.last_version is None:
            use = next((use for use in USES if use == record.use), None)
            if use is None:
                words = f"this release does not know keys for {quoted(record.use)}"
                raise UsageError(words, hint="use a later release")
            successor = _successor(change.keyring, listed, use)
        return change.publish(keys=shortened(listed, record, last_version, ended, successor))


def disowned_versions(store: Path, kid: str, last_version: int) -> range:
    """Return the versions that customers refuse once the key ends at a version."""
    snapshot = required_snapshot(store)
    listed = decode(snapshot.read(tree.KEYS.path()), KeyList)
    until = record_of(listed, kid).last_version or snapshot.state.version
    return range(last_version + 1, until + 1)


def _successor(keyring: Keyring, keys: KeyList, use: KeyUse) -> KeyRecord:
    """Create the new key, after checking that the keys that must sign for it are available."""
    _ = keyring.targets, keyring.online
    # A log key belongs to the current epoch of the log.
    origin = parse_verifier_key(open_record(keys, "log").note_key or "").name
    return key_record(use, keyring.following(use), origin, 1)


def rotate_trust_key(store: Path, keys: Path, role: str, now: dt.datetime) -> Changed:
    """Replace the key of a trust root role at once: publish a new root and re-sign all metadata below it.

    The root key must be in the key folder; the role is ``targets``, ``online``, or ``root-1`` and so on.
    """
    with key_change(store, keys, now) as change:
        keyring, of_root = change.keyring, role.startswith("root-")
        chain = [trust_metadata.parse(data, Root) for data in trust_metadata.roots(change.snapshot.read)]
        before = chain[-1].signed
        if before.roles[Root.type].threshold > 1:
            options = "--remove-root KID --add-root PUB" if of_root else f"--rotate {role}"
            raise UsageError(
                f"{before.roles[Root.type].threshold} people have to sign a new trust root",
                hint=f"register-api keys new-root {options} -o draft.json  makes what they sign",
            )
        path, signer = _root_holder(keyring, before, role)
        check_chain(chain)
        if (known := read_known(path)) is not None:
            check_known(chain[:-1], chain[-1], known)
        following = trust_key(keyring, role)
        keyring.adopt_next(role)
        wanted = RootChange(added=(following.tuf_key,), removed=(signer.kid,))
        if not of_root:
            wanted = msgspec.structs.replace(RootChange(), **{role: following.tuf_key})
        root = next_root(before, wanted, now)
        data = sign_root(root, [signer, following] if of_root else [signer])
        changed = change.publish(root={metadata_path(Root.type, root.version): data})
        write_known(path, trust_metadata.parse(data, Root))
        return changed


def renew_trust(store: Path, keys: Path, now: dt.datetime) -> Changed:
    """Re-sign targets, snapshot and timestamp over the same version; renew ``security.txt``."""
    with key_change(store, keys, now) as change:
        return change.publish()


def _root_holder(keyring: Keyring, before: Root, role: str) -> tuple[Path, Ed25519Signer]:
    """Return the key that signs the new root: the one to be replaced, or any root key in the folder."""
    wanted = root_kids(before)
    stems = sorted(path.name.removesuffix(".pem") for path in keyring.folder.glob("root-*.pem"))
    for name in [role] if role.startswith("root-") else [stem for stem in stems if "." not in stem]:
        signer = keyring.signer(name)
        if isinstance(signer, Ed25519Signer) and signer.kid in wanted:
            return keyring.folder / f"{name}.pem", signer
    raise KeyStoreError(
        f"no key of the trust root is in {keyring.folder}",
        hint="bring root-1.pem to this machine for as long as this takes",
    )


def trust_key(keyring: Keyring, role: str) -> Ed25519Signer:
    """Return the next key of a trust root role."""
    signer = keyring.following(role)
    if not isinstance(signer, Ed25519Signer):
        raise UsageError(f"{role!r} is not a role of the trust root")
    return signer


def begin_root(
    store: Path,
    keys: Path,
    change: RootChange,
    rotate: Sequence[str],
    now: dt.datetime,
    log_epoch: str | None = None,
) -> RootDraft:
    """Draft the next root from the newest one, unsigned.

    ``rotate`` names roles, ``targets`` or ``online``, for which a new key is created here, in force once the
    root is; ``log_epoch`` tells customers why a new epoch of the log begins after the newest version.
    """
    with key_change(store, keys, now) as held:
        chain = trust_metadata.roots(held.snapshot.read)
        before = trust_metadata.parse(chain[-1], Root).signed
        made = {role: trust_key(held.keyring, role) for role in rotate}
        change = msgspec.structs.replace(change, **{role: signer.tuf_key for role, signer in made.items()})
        if log_epoch is not None:
            epoch = _next_epoch(held.found, read_epochs(before.to_dict()), log_epoch)
            change = msgspec.structs.replace(change, epoch=epoch)
        return new_draft(chain, next_root(before, change, now))


def begin_first_root(store: Path, keys: Path, change: RootChange, now: dt.datetime) -> RootDraft:
    """Draft the root of a register that is not published yet, from keys created elsewhere."""
    if open_snapshot(store) is not None:
        raise UsageError("a first root is for a register that is not published yet; leave --first out")
    root = first_root(change.added, change.threshold or 1, Keyring(keys, create=True), now)
    if not key_file.exists(keys / BEGUN):
        key_file.write_new(keys / BEGUN, b"")
    return new_draft((), root)


def publish_root(store: Path, keys: Path, draft: RootDraft, now: dt.datetime) -> Changed | None:
    """Publish a root with enough signatures; a first root is kept for the first publication."""
    check_draft(draft)
    for version, missing in draft.missing().items():
        if missing:
            raise KeyStoreError(
                f"{missing} more of the root keys of version {version} have to sign this root",
                hint="register-api keys sign-root DRAFT --key root-2.pem",
            )
    if draft.parsed().signed.expires <= now:
        raise KeyStoreError("this root has expired before it was published", hint="begin a new draft")
    if open_snapshot(store) is None:
        if draft.chain:
            raise StoreError(
                "nothing was published yet that this root could follow", hint="register-api publish"
            )
        key_file.write_new(keys / FIRST_ROOT, draft.data())
        (keys / BEGUN).unlink(missing_ok=True)
        return None
    with key_change(store, keys, now) as held:
        if draft.published() != trust_metadata.roots(held.snapshot.read):
            message = "the draft does not start from the newest root of this register"
            raise KeyStoreError(message, hint="draft a new one: register-api keys new-root")
        root = draft.parsed().signed
        for role, name in (("targets", "targets"), ("online", "timestamp")):
            is_waiting = key_file.exists(keys / f"{role}.next.pem")
            if is_waiting and trust_key(held.keyring, role).tuf_key.keyid in root.roles[name].keyids:
                held.keyring.adopt_next(role)
        files = {metadata_path(Root.type, root.version): draft.data()}
        return held.publish(root=files, keys=_keys_of_epoch(held, draft))


def _next_epoch(found: Examined, epochs: tuple[LogEpoch, ...], text: str) -> LogEpoch:
    return LogEpoch(
        origin=next_origin(found.keys.document.register, epochs),
        size=found.head.size,
        root_hash=strict_base64.encode(bytes.fromhex(found.head.root_hash)),
        text=text,
    )


def _keys_of_epoch(held: KeyTransaction, draft: RootDraft) -> KeyList | None:
    """Return the key list with a new log key if the draft begins an epoch of the log, else ``None``."""
    found, before = held.found, read_epochs(draft.newest()[0].to_dict())
    epochs = read_epochs(draft.parsed().signed.to_dict())
    if epochs == before:
        return None
    if epochs[:-1] != before or epochs[-1] != _next_epoch(found, before, epochs[-1].text):
        raise KeyStoreError(
            "the draft's epoch of the log does not go on from the newest version",
            hint="a version was published since the draft was begun: begin a new draft",
        )
    record = key_record("log", held.keyring.following("log"), epochs[-1].origin, 1)
    ended = Ended(at=held.now, reason="compromised", text=epochs[-1].text)
    return rotated(found.keys.document, record, found.head.size, ended)
