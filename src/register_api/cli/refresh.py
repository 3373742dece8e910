"""The command `refresh`: renew the signed timestamp, once or on a timer."""

from __future__ import annotations

import functools
import signal
import threading
from typing import TYPE_CHECKING, Any

import click

from register_api import clock
from register_api.cli import options, time_options, time_stamps
from register_api.cli.asking_public import compare_with_public, offline_option
from register_api.cli.cosigning import ask_and_tell
from register_api.cli.output import err, print_error
from register_api.cli.policies import policy_of, policy_option
from register_api.core.instant import format_instant
from register_api.errors import RegisterError, StoreError, UsageError
from register_api.publish.pipeline import refresh_freshness
from register_api.publish.trust.repository import expiries
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from register_api.core.log.policy import WitnessPolicy
    from register_api.publish.time_authority import TimeAuthority
    from register_api.store.reader import Snapshot

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
@offline_option
@click.option("--wait-first", is_flag=True, help="With --every: wait once before the first refresh.")
@click.option(
    "--clock-is-right",
    is_flag=True,
    help="Sign even if the timestamp in force is of a later instant: its clock was ahead. Not with --every.",
)
@time_options.time_authority_options
def refresh(
    store: Path,
    keys: Path,
    every: float | None,
    policy: Path | None,
    time_authority: str | None,
    time_authority_certificate: Path | None,
    *,
    offline: bool,
    wait_first: bool,
    clock_is_right: bool,
) -> None:
    """Sign freshness anew, so that customers see that what is published is the newest.

    Needs the online key alone and publishes nothing. Customers refuse a timestamp after 48 hours;
    renew it every 6 by a timer. With --policy, witnesses that have not signed the newest checkpoint
    yet are asked; with --time-authority it is then stamped, if it is not yet. Who fails is told of
    and ends nothing. Where what is public is ahead of the store, nothing is signed (--offline does not ask).

    \b
    Examples:
      register-api refresh
      register-api refresh --every 6
      register-api refresh --policy witnesses.policy
      register-api refresh --time-authority https://tsa.example.com/ --time-authority-certificate tsa.pem
    """
    witnesses = policy_of(policy)
    authority = time_stamps.read_time_authority(time_authority, time_authority_certificate)
    once = functools.partial(_refresh, store, keys, witnesses, authority, offline=offline)
    if every is None:
        once(clock_is_right=clock_is_right)
        return
    if clock_is_right:
        raise UsageError("--clock-is-right is for one refresh", hint="leave out --every")
    stopped = _stop_on_signals()
    usual = every * _SECONDS_AN_HOUR
    wait = usual if wait_first else 0.0
    while not stopped.wait(wait):
        wait = usual if _survived(once) else min(_RETRY_SECONDS, usual)


def _refresh(
    store: Path,
    keys: Path,
    witnesses: WitnessPolicy | None,
    authority: TimeAuthority | None,
    *,
    offline: bool,
    clock_is_right: bool = False,
) -> None:
    if (snapshot := open_snapshot(store)) is not None:
        compare_with_public(snapshot, None, offline=offline)
    _print_refreshed(refresh_freshness(store, keys, clock.now(), clock_is_right=clock_is_right))
    ask_and_tell(store, witnesses, clock.now())
    time_stamps.stamp(store, authority, clock.now())


def _survived(once: Callable[[], None]) -> bool:
    """Refresh once; a failure of any kind is told in a sentence, and the timer goes on."""
    try:
        once()
    except RegisterError as error:
        print_error(error)
    except Exception as error:  # noqa: BLE001 a timer that has ended is noticed only when customers refuse
        print_error(StoreError(f"freshness could not be renewed: {str(error) or type(error).__name__}"))
    else:
        return True
    return False


def _stop_on_signals() -> threading.Event:
    stopped = threading.Event()

    def stop(_number: int, _frame: Any) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopped


def _print_refreshed(snapshot: Snapshot) -> None:
    expiry = {row.role: row for row in expiries(snapshot.read)}["timestamp"]
    err.print(f"Version {snapshot.state.version} is vouched for until {format_instant(expiry.expires)}.")
