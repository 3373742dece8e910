"""The command `status`: what is published, and what expires when."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from register_api import clock
from register_api.cli import options, time_stamps
from register_api.cli.cosigning import (
    print_witnesses,
    witnesses_document,
)
from register_api.cli.output import err, out, print_json
from register_api.cli.policies import policy_of, policy_option
from register_api.core.instant import format_instant
from register_api.errors import StoreError
from register_api.publish.stamping import newest_stamped
from register_api.publish.trust.repository import expiries
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.publish.stamping import Stamped
    from register_api.publish.trust.repository import Expiry
    from register_api.store.reader import Snapshot

WARN_BEFORE = {"root": dt.timedelta(days=60), "timestamp": dt.timedelta(hours=12)}
"""How long before it expires a role's metadata is warned of; other roles like ``root``."""

_RENEWED_BY = {
    "root": "register-api keys new-root -o draft.json",
    "targets": "register-api keys renew",
    "snapshot": "register-api refresh",
    "timestamp": "register-api refresh",
}
"""What to do about a role's metadata before it expires (docs/keys.md)."""


@click.command()
@options.store_option
@policy_option
@options.json_option
def status(store: Path, policy: Path | None, as_json: bool) -> None:
    """Say what is published, what expires when, and who has cosigned it.

    Ends with 1 where something has expired or will soon, or the quorum of --policy is not met, so that
    monitoring can call it.

    \b
    Example:
      register-api status --json
    """
    snapshot = open_snapshot(store)
    if snapshot is None:
        raise StoreError(f"nothing was published into {store} yet", hint="register-api publish")
    instant = clock.now()
    rows = [(row, _verdict(row, instant)) for row in expiries(snapshot.read)]
    witnesses = witnesses_document(snapshot, policy_of(policy))
    stamped = newest_stamped(snapshot)
    if as_json:
        print_json({**_document(snapshot, rows, stamped), "witnesses": witnesses})
    else:
        _print_status(snapshot, rows)
        print_witnesses(witnesses)
        if stamped is not None:
            out.print(f"  {time_stamps.in_words(stamped)}")
    if not witnesses.get("quorum_met", True) or any(verdict != "good" for _, verdict in rows):
        raise click.exceptions.Exit(1)


def _verdict(row: Expiry, instant: dt.datetime) -> str:
    if row.expires <= instant:
        return "expired"
    soon = instant + WARN_BEFORE.get(row.role, WARN_BEFORE["root"])
    return "expires soon" if row.expires <= soon else "good"


def _document(snapshot: Snapshot, rows: list[tuple[Expiry, str]], stamped: Stamped | None) -> dict[str, Any]:
    expiring = [
        {"role": row.role, "version": row.version, "expires": row.expires, "verdict": verdict}
        for row, verdict in rows
    ]
    state = snapshot.state
    return {
        "register": state.register,
        "version": state.version,
        "published_at": state.published_at,
        "log": {"size": state.version, "root_hash": state.root_hash},
        "expiries": expiring,
        "time_stamp": stamped
        and {
            "version": stamped.version,
            "at": stamped.stamp.at,
            "authority": stamped.stamp.authority,
        },
    }


def _print_status(snapshot: Snapshot, rows: list[tuple[Expiry, str]]) -> None:
    state = snapshot.state
    out.print(f"{state.register}: version {state.version}, published {format_instant(state.published_at)}")
    for row, verdict in rows:
        out.print(f"  {row.role:<10} version {row.version:<4} until {format_instant(row.expires)}  {verdict}")
        if verdict != "good":
            err.print(f"  → {_RENEWED_BY[row.role]}")
