"""What expires, when, and what renews it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from register_api.publish.discovery import security_txt_expires
from register_api.publish.trust.repository import WARNED_BEFORE, Expiry, expiries
from register_api.store.reader import Snapshot

SECURITY_TXT = "security.txt"
"""What expires without being metadata; its version is that of the register."""

RENEWED_BY = {
    "root": "register-api keys new-root -o draft.json",
    "targets": "register-api keys renew",
    "snapshot": "register-api refresh",
    "timestamp": "register-api refresh",
    SECURITY_TXT: "register-api keys renew",
}
"""What to do about a role's metadata before it expires (docs/keys.md)."""


def expiring(snapshot: Snapshot) -> tuple[Expiry, ...]:
    """Return what expires when: metadata, and ``security.txt`` if there is one.

    Raises:
        StoreError: It cannot be read.
    """
    rows = expiries(snapshot.read)
    expires = security_txt_expires(snapshot)
    if expires is None:
        return rows
    version, warned = snapshot.state.version, expires - WARNED_BEFORE
    return (*rows, Expiry(role=SECURITY_TXT, version=version, expires=expires, warned_from=warned))


def expiry_verdict(row: Expiry, now: dt.datetime) -> Literal["good", "expires soon", "expired"]:
    """Say whether something is good at an instant, and for long enough."""
    if row.expires <= now:
        return "expired"
    return "expires soon" if row.warned_from <= now else "good"
