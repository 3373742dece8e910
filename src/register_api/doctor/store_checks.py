"""Checks of the store and the keys: integrity, signatures, expiry, permissions, disk space."""

from __future__ import annotations

import datetime as dt
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from tuf.api.metadata import Root

from register_api.core.canonical import decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.instant import format_instant, in_words
from register_api.core.language.language import count
from register_api.doctor.machine import Diagnosis, Machine, good, soon, unknown, wrong
from register_api.errors import KeyStoreError
from register_api.publish import last_signed
from register_api.publish.discovery import security_txt_expires
from register_api.publish.examine import examine
from register_api.publish.signing import key_file
from register_api.publish.signing.keyring import Keyring
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.repository import SIGNED_AT, WARNED_BEFORE, Expiry, expiries, lasts
from register_api.store.reader import Snapshot

SECURITY_TXT = "security.txt"
"""The one expiring file that is not TUF metadata; its version is the register's."""

RENEWED_BY = {
    "root": "register-api keys new-root -o draft.json",
    "targets": "register-api keys renew",
    "snapshot": "register-api refresh",
    "timestamp": "register-api refresh",
    SECURITY_TXT: "register-api keys renew",
}
"""Command that renews a role's metadata (docs/keys.md)."""


def expiring(snapshot: Snapshot) -> tuple[Expiry, ...]:
    """Return the expiry of all metadata, and of ``security.txt`` if present."""
    rows = expiries(snapshot.read)
    expires = security_txt_expires(snapshot)
    if expires is None:
        return rows
    version, warned = snapshot.state.version, expires - WARNED_BEFORE
    return (*rows, Expiry(role=SECURITY_TXT, version=version, expires=expires, warned_from=warned))


def expiry_verdict(row: Expiry, now: dt.datetime) -> Literal["good", "expires soon", "expired"]:
    """Return whether something is valid at a time, and for long enough."""
    if row.expires <= now:
        return "expired"
    return "expires soon" if row.warned_from <= now else "good"


FROM_PUBLIC = "mv the store away, then: register-api recover --from URL"

_SPARE = 256 * 2**20
"""Bytes that should be free in addition to the size of the tree, which a publication may write again."""

_NAMED = 3
"""Number of damaged files listed by name."""

_ROLES = ("document", "log", "feed", "targets", "online")


def files(machine: Machine) -> Iterator[Diagnosis]:
    """Compare every file, including precompressed forms, with its digest."""
    damaged = machine.snapshot.damaged()
    if damaged:
        named = ", ".join(damaged[:_NAMED]) + (" …" if damaged[_NAMED:] else "")
        yield wrong(f"{count(len(damaged), 'file')} damaged or missing: {named}", FROM_PUBLIC)
    else:
        total = count(len(machine.snapshot.manifest.files), "file")
        yield good(f"version {machine.snapshot.state.version}: {total}, each as it was written")


def signatures(machine: Machine) -> Iterator[Diagnosis]:
    """Verify the chain of trust in the store, as publishing does before it signs."""
    known = last_signed.read_memory(machine.keys) if key_file.exists(machine.keys) else last_signed.NOTHING
    if known == last_signed.NOTHING and key_file.exists(machine.keys):
        yield wrong(
            f"{machine.keys} does not say what was published with these keys, so that nothing can be signed",
            f"bring {last_signed.MEMORY_FILE} along with the keys, or register-api recover --root-sha256 HEX",
        )
    found = examine(machine.snapshot.read, known.shown or known.intended)
    last_signed.check_continues(known, found.head, found.root_at)
    after = ", and continues what these keys have published" if known != last_signed.NOTHING else ""
    yield good(f"the store is signed throughout{after}")


def keys(machine: Machine) -> Iterator[Diagnosis]:
    """Open each key on this machine and compare it with the keys in force."""
    if not key_file.exists(machine.keys):
        yield unknown(f"folder {machine.keys} not found: nothing is published or renewed from this machine")
        return
    keyring = Keyring(machine.keys)
    root = trust_metadata.newest_root(machine.snapshot.read)
    listed = decode(machine.snapshot.read(tree.KEYS.path()), KeyList)
    for path in sorted(machine.keys.glob("*.pem")):
        role = path.stem
        if role in _ROLES or role.startswith("root-"):
            yield _key(keyring, path, root, listed)
    absent = [role for role in _ROLES if not key_file.exists(machine.keys / f"{role}.pem")]
    if absent:
        yield unknown(f"not on this machine: {', '.join(absent)}")


def _key(keyring: Keyring, path: Path, root: Root, listed: KeyList) -> Diagnosis:
    """Check one key without asking for a passphrase or a PIN."""
    role = path.stem
    try:
        if key_file.is_reference(path) or key_file.is_encrypted(path):
            return unknown(f"{path} needs a token or a passphrase to be opened")
        signer = keyring.signer(role)
    except KeyStoreError as error:
        return wrong(error.message, error.hint or f"bring back {path.name} from its backup")
    if role in {"document", "log", "feed"}:
        in_force = signer.kid in {each.kid for each in listed.keys if each.last_version is None}
    else:
        named = root.roles[{"online": "timestamp"}.get(role, role.partition("-")[0])].keyids
        in_force = signer.public.hex() in {root.keys[keyid].keyval["public"] for keyid in named}
    if in_force:
        return good(f"{path.name} is the {role.partition('-')[0]} key in force")
    return wrong(
        f"{path} is not the {role} key that customers know",
        f"bring back the right {path.name}; where it is lost: register-api keys rotate --help",
    )


def permissions(machine: Machine) -> Iterator[Diagnosis]:
    """Check that the store is not world-writable; key files are checked when they are opened."""
    open_to_all = [
        path
        for path in (machine.store, machine.store / "public", machine.store / "generations")
        if path.stat().st_mode & stat.S_IWOTH
    ]
    for path in open_to_all:
        yield wrong(f"every user of this machine may write to {path}", f"chmod o-w {path}")
    if not open_to_all:
        yield good(f"{machine.store} is not open for every user to write")


def disk(machine: Machine) -> Iterator[Diagnosis]:
    """Check that there is enough space to write the tree again."""
    free = shutil.disk_usage(machine.store).free
    needed = _SPARE + sum(entry.size for entry in machine.snapshot.manifest.files.values())
    text = f"{free // 2**20} MiB free for {machine.store}"
    if free < needed:
        yield soon(f"{text}, less than {needed // 2**20}", "make room there")
    else:
        yield good(text)


def expiry(machine: Machine) -> Iterator[Diagnosis]:
    """Report the expiry of all signed files."""
    for row in expiring(machine.snapshot):
        verdict = expiry_verdict(row, machine.now)
        text = f"{row.role} until {format_instant(row.expires)}"
        if verdict == "good":
            yield good(text)
        else:
            judged = wrong if verdict == "expired" else soon
            yield judged(f"{text}: {verdict}", RENEWED_BY[row.role])


def clock(machine: Machine) -> Iterator[Diagnosis]:
    """Compare the clock with the last signing time, which cannot be in the future."""
    timestamp = trust_metadata.timestamp(machine.snapshot.read)
    signed_at = timestamp and timestamp.unrecognized_fields.get(SIGNED_AT)
    last = max(str(signed_at or ""), format_instant(machine.snapshot.state.published_at))
    now = format_instant(machine.now)
    if now < last:
        yield wrong(
            f"this machine's clock says {now}, but {last} was signed already",
            "set the clock; if what was signed is ahead: register-api refresh --clock-is-right",
        )
    else:
        fresh = in_words(lasts(timestamp))
        yield good(f"{now}, after what was signed last; a timestamp is good for {fresh}")
