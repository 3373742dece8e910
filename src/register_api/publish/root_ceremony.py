"""A trust root that several people sign on machines of their own: begun here, and brought back here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import msgspec
from tuf.api.metadata import Root

from register_api.core import strict_base64
from register_api.core.documents import Ended, KeyList
from register_api.core.trust_root import LogEpoch, next_origin, read_epochs
from register_api.errors import KeyStoreError, StoreError, UsageError
from register_api.publish.examine import Examined
from register_api.publish.key_transaction import key_change, promote_next_keys, resign_metadata
from register_api.publish.rotation import Changed, trust_key
from register_api.publish.signing import key_file
from register_api.publish.signing.key_list import key_record, rotated
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Ed25519Signer, load
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import metadata_path
from register_api.publish.trust.root import BEGUN, FIRST_ROOT, RootChange, make_root, next_root
from register_api.publish.trust.root_draft import RootDraft, check_draft, new_draft
from register_api.store.reader import open_snapshot


def begin_root(
    store: Path,
    keys: Path,
    change: RootChange,
    rotate: Sequence[str],
    now: dt.datetime,
    log_epoch: str | None = None,
) -> RootDraft:
    """Put together the next root from the newest one; nobody has signed it yet.

    Args:
        store: Folder of the store.
        keys: Folder of the private keys of the machine that publishes.
        change: What is to be different.
        rotate: ``targets`` or ``online``: a new key is made here for each, in force once the root is.
        now: The present instant, UTC.
        log_epoch: Begin a new epoch of the log, which goes on from the newest version; why, for customers.

    Raises:
        StoreError: Nothing was published yet, or the store is damaged.
        UsageError: A key that is to leave is not there.
        UntrustedKey: A key would stand in two roles or count twice, or the threshold cannot be met.
        KeyStoreError: A key cannot be made.
    """
    keyring = Keyring.open(keys, create=False)
    with key_change(store, keyring) as work:
        snapshot, found = work.required()
        chain = trust_metadata.roots(snapshot.read)
        before = trust_metadata.parse(chain[-1], Root).signed
        made = {role: trust_key(keyring, role) for role in rotate}
        change = msgspec.structs.replace(change, **{role: signer.tuf_key for role, signer in made.items()})
        if log_epoch is not None:
            epoch = _next_epoch(found, read_epochs(before.to_dict()), log_epoch)
            change = msgspec.structs.replace(change, epoch=epoch)
        return new_draft(chain, next_root(before, change, now))


def begin_first_root(store: Path, keys: Path, change: RootChange, now: dt.datetime) -> RootDraft:
    """Put together the root of a register that is not published yet, from keys made elsewhere."""
    if open_snapshot(store) is not None:
        raise UsageError("a first root is for a register that is not published yet; leave --first out")
    keyring = Keyring.open(keys, create=True)
    root = make_root(
        change.added,
        change.threshold or 1,
        targets=keyring.targets.tuf_key,
        online=keyring.online.tuf_key,
        version=1,
        now=now,
    )
    if not key_file.exists(keys / BEGUN):
        key_file.write_new(keys / BEGUN, b"")
    return new_draft((), root)


def publish_root(store: Path, keys: Path, draft: RootDraft, now: dt.datetime) -> Changed | None:
    """Publish a root that enough people have signed, with all metadata below it signed again.

    Args:
        store: Folder of the store.
        keys: Folder of the private keys of the machine that publishes.
        draft: The signed draft.
        now: The present instant, UTC.

    Returns:
        What is visible now; nothing for a first root, which the first publication takes along.

    Raises:
        KeyStoreError: Signatures are missing, the draft does not follow the roots of this register,
            customers would refuse it, or a private key cannot be used.
        UntrustedKey: A root before it is not signed as customers ask for.
        StoreError: The store is damaged.
    """
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
    keyring = Keyring.open(keys, create=False)
    with key_change(store, keyring) as work:
        snapshot, found = work.required()
        if draft.published() != trust_metadata.roots(snapshot.read):
            raise KeyStoreError("the draft does not start from the newest root of this register")
        root = draft.parsed().signed
        for role, name in (("targets", "targets"), ("online", "timestamp")):
            is_waiting = key_file.exists(keys / f"{role}.next.pem")
            if is_waiting and trust_key(keyring, role).tuf_key.keyid in root.roles[name].keyids:
                keyring.adopt_following(role)
        files = {metadata_path(Root.type, root.version): draft.data()}
        listed = _keys_of_epoch(found, draft, keyring, now)
        visible = resign_metadata(work, keyring, now, root=files, keys=listed)
        return Changed(snapshot=visible, kept=promote_next_keys(keyring.reopen(), visible.read))


def other_root_keys(path: Path, signer: Ed25519Signer) -> list[str]:
    """Return the thumbprints of what one person holds beside a key.

    Root keys beside its file that open without a question count, and every other key in its token.
    """
    found = [*signer.others_in_token()]
    for other in sorted(path.parent.glob("root-*.pem")):
        if other.samefile(path) or key_file.is_encrypted(other) or key_file.is_reference(other):
            continue
        found.append(load(other, Ed25519Signer).kid)
    return found


def _next_epoch(found: Examined, epochs: tuple[LogEpoch, ...], text: str) -> LogEpoch:
    """Describe an epoch of the log that goes on from what is published."""
    return LogEpoch(
        origin=next_origin(found.keys.document.register, epochs),
        size=found.head.size,
        root_hash=strict_base64.encode(bytes.fromhex(found.head.root_hash)),
        text=text,
    )


def _keys_of_epoch(found: Examined, draft: RootDraft, keyring: Keyring, now: dt.datetime) -> KeyList | None:
    """Return the list of keys with a fresh log key for an epoch that the draft begins; else nothing."""
    before = read_epochs(draft.newest()[0].to_dict())
    epochs = read_epochs(draft.parsed().signed.to_dict())
    if epochs == before:
        return None
    if epochs[:-1] != before or epochs[-1] != _next_epoch(found, before, epochs[-1].text):
        raise KeyStoreError(
            "the draft's epoch of the log does not go on from the newest version",
            hint="a version was published since the draft was begun: begin a new draft",
        )
    record = key_record("log", keyring.following("log"), epochs[-1].origin, 1)
    ended = Ended(at=now, reason="compromised", text=epochs[-1].text)
    return rotated(found.keys.document, record, found.head.size, ended)
