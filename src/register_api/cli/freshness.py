"""Commands that keep a publication fresh: refresh and status."""

from __future__ import annotations

import datetime as dt
import signal
import threading
from typing import TYPE_CHECKING, Any

import click

from register_api.cli import options, time_options, time_stamps
from register_api.cli.clock import now
from register_api.cli.cosigning import (
    ask_and_tell,
    print_witnesses,
    witnesses_document,
)
from register_api.cli.output import err, out, print_error, print_json
from register_api.cli.policies import policy_of, policy_option
from register_api.errors import RegisterError, StoreError
from register_api.publish.pipeline import refresh_freshness
from register_api.publish.stamping import newest_stamped
from register_api.publish.trust.repository import expiries
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.core.log.policy import Policy
    from register_api.publish.stamping import Stamped
    from register_api.publish.time_authority import TimeAuthority
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

_RETRY_SECONDS = 300.0
"""When a timed refresh fails, it is tried again after this time."""

_SECONDS_AN_HOUR = 3600.0


@click.command()
@options.store_option
@options.keys_option
@click.option(
    "--every",
    type=click.FloatRange(min=0.001),
    metavar="HOURS",
    help="Stay, and refresh again after so many hours, until ended by SIGTERM or Ctrl-C.",
)
@policy_option
@click.option("--wait-first", is_flag=True, help="With --every: wait once before the first refresh.")
@time_options.time_authority_options
def refresh(
    store: Path,
    keys: Path,
    every: float | None,
    policy: Path | None,
    time_authority: str | None,
    time_authority_certificate: Path | None,
    *,
    wait_first: bool,
) -> None:
    """Sign freshness anew, so that customers see that what is published is the newest.

    Needs the online key alone and publishes nothing. Customers refuse a timestamp after 48 hours;
    renew it every 6 by a timer. With --policy, witnesses that have not signed the newest checkpoint
    yet are asked; with --time-authority it is then stamped, if it is not yet. Who fails is told of
    and ends nothing.

    \b
    Examples:
      register-api refresh
      register-api refresh --every 6
      register-api refresh --policy witnesses.policy
      register-api refresh --time-authority https://tsa.example.com/ --time-authority-certificate tsa.pem
    """
    witnesses = policy_of(policy)
    authority = time_stamps.read_time_authority(time_authority, time_authority_certificate)
    if every is None:
        _refresh(store, keys, witnesses, authority)
        return
    stopped = _stop_on_signals()
    usual = every * _SECONDS_AN_HOUR
    wait = usual if wait_first else 0.0
    while not stopped.wait(wait):
        wait = usual if _refreshed(store, keys, witnesses, authority) else min(_RETRY_SECONDS, usual)


def _refresh(store: Path, keys: Path, witnesses: Policy | None, authority: TimeAuthority | None) -> None:
    _print_refreshed(refresh_freshness(store, keys, now()))
    ask_and_tell(store, witnesses, now())
    time_stamps.stamp(store, authority, now())


def _refreshed(store: Path, keys: Path, witnesses: Policy | None, authority: TimeAuthority | None) -> bool:
    """Refresh once; a failure is printed and reported, not raised, so that the timer goes on."""
    try:
        _refresh(store, keys, witnesses, authority)
    except RegisterError as error:
        print_error(error)
        return False
    return True


def _stop_on_signals() -> threading.Event:
    stopped = threading.Event()

    def stop(_number: int, _frame: Any) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopped


def _print_refreshed(snapshot: Snapshot) -> None:
    expiry = {row.role: row for row in expiries(snapshot.read)}["timestamp"]
    err.print(f"Version {snapshot.state.version} is vouched for until {_instant(expiry.expires)}.")


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
    instant = now()
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
    out.print(f"{state.register}: version {state.version}, published {_instant(state.published_at)}")
    for row, verdict in rows:
        out.print(f"  {row.role:<10} version {row.version:<4} until {_instant(row.expires)}  {verdict}")
        if verdict != "good":
            err.print(f"  → {_RENEWED_BY[row.role]}")


def _instant(instant: dt.datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"
