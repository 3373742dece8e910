"""The command `refresh`: renew the signed timestamp, once or on a timer."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.output import err, print_error, stopped_by_signals, telling
from register_api.cli.remote_parties import (
    ask_and_tell,
    compare_with_public,
    read_time_authority,
    stamp_and_tell,
)
from register_api.cli.trust_options import policy_of
from register_api.core.instant import USUAL, format_instant, in_words, latest_renewal, renewal_after
from register_api.errors import RegisterError, StoreError, UsageError
from register_api.publish.pipeline import refresh_freshness
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.repository import expiries, lasts
from register_api.store.reader import Snapshot, open_snapshot

_RETRY = dt.timedelta(minutes=5)
"""When a timed refresh fails, it is tried again after this time."""

_HOUR = dt.timedelta(hours=1)

_BY_ITSELF = 0.0
"""Hours that stand for no number after ``--every``."""


class _HoursParam(click.FloatRange):
    """Hours, or nothing: then they follow from how long a timestamp is good."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the hours; the range is for what was typed."""
        return value if value is _BY_ITSELF else super().convert(value, param, ctx)


@click.command()
@options.store_option
@options.keys_option
@click.option(
    "--every",
    type=_HoursParam(min=0.001),
    is_flag=False,
    flag_value=_BY_ITSELF,
    metavar="[HOURS]",
    help=(
        "Keep running and renew every HOURS, at most half of --fresh-for, until SIGTERM or Ctrl-C.  "
        "[without a number: an eighth of --fresh-for]"
    ),
)
@options.fresh_for_option
@options.policy_option
@options.offline_option
@options.address_option
@click.option("--wait-first", is_flag=True, help="With --every: wait before the first renewal.")
@options.clock_is_right_option
@options.time_authority_options
def refresh(
    store: Path,
    keys: Path,
    every: float | None,
    fresh_for: dt.timedelta | None,
    policy: Path | None,
    time_authority: str | None,
    time_authority_certificate: Path | None,
    base_url: str | None,
    *,
    offline: bool,
    wait_first: bool,
    clock_is_right: bool,
) -> None:
    """Renew the signed timestamp that tells customers this is the newest version.

    Needs only the online key and publishes no version. Pages that depend on the date are rebuilt, without a
    key. Customers reject a timestamp after 48 hours, or after the period last set with --fresh-for. Renew
    it from a timer after an eighth of that: every 6 hours.

    With --policy, witnesses that have not yet cosigned the newest checkpoint are asked; with
    --time-authority it is then timestamped, unless it already is. A failure is reported and does not fail
    the command. If the public tree is ahead of the store, nothing is signed (--offline skips this check).

    \b
    Examples:
      register-api refresh
      register-api refresh --every
      register-api refresh --fresh-for 7d
      register-api refresh --policy witnesses.policy
      register-api refresh --time-authority https://tsa.example.com/ --time-authority-certificate tsa.pem
    """
    witnesses = policy_of(policy)
    authority = read_time_authority(time_authority, time_authority_certificate)

    def once() -> None:
        if (snapshot := open_snapshot(store)) is not None:
            compare_with_public(snapshot, base_url, offline=offline)
        renewed = refresh_freshness(store, keys, clock.now(), fresh_for, clock_is_right=clock_is_right)
        err.print(f"Version {_vouched(renewed)}.")
        ask_and_tell(store, witnesses, clock.now())
        stamp_and_tell(store, authority, clock.now())

    if every is None:
        with telling(lambda: f"version {_vouched(snapshot)}" if (snapshot := open_snapshot(store)) else ""):
            once()
        return
    if clock_is_right:
        raise UsageError("--clock-is-right is for one refresh", hint="leave out --every")
    _refuse_seldom(every, fresh_for or _fresh_for(store))
    wait = _interval(every, _fresh_for(store)) if wait_first else dt.timedelta()
    with stopped_by_signals() as stopped:
        while not stopped.wait(wait.total_seconds()):
            renewed = _survived(once)
            usual = _interval(every, _fresh_for(store))
            wait = usual if renewed else min(_RETRY, usual)


def _refuse_seldom(every: float, fresh_for: dt.timedelta) -> None:
    """Refuse an interval that leaves no time for one failure."""
    if every * _HOUR > latest_renewal(fresh_for):
        raise UsageError(
            f"a timestamp is good for {in_words(fresh_for)}; renewed every {every:g} hours, one that fails"
            " would be the last",
            hint=f"--every {latest_renewal(fresh_for) / _HOUR:g} or less; without a number:"
            f" {renewal_after(fresh_for) / _HOUR:g}",
        )


def _interval(every: float, fresh_for: dt.timedelta) -> dt.timedelta:
    """Return how long to wait; another refresh may have shortened what was right at the start."""
    if every == _BY_ITSELF:
        return renewal_after(fresh_for)
    return min(every * _HOUR, latest_renewal(fresh_for))


def _fresh_for(store: Path) -> dt.timedelta:
    """Return how long the timestamp in force is good; what cannot be read is told by refreshing."""
    with contextlib.suppress(RegisterError, OSError):
        snapshot = open_snapshot(store)
        return lasts(trust_metadata.timestamp(snapshot.read) if snapshot else None)
    return USUAL


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


def _vouched(snapshot: Snapshot) -> str:
    expiry = {row.role: row for row in expiries(snapshot.read)}["timestamp"]
    return f"{snapshot.state.version} is vouched for until {format_instant(expiry.expires)}"
