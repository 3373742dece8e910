"""The command `refresh`, and requests to the public URL, witnesses and time authority that others share."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.output import err, interrupt_note, print_error, stopped_by_signals
from register_api.cli.trust_options import policy_of, read_certificates
from register_api.core.instant import USUAL, format_instant, in_words, latest_renewal, renewal_after
from register_api.core.log.policy import WitnessPolicy, printable_name
from register_api.deploy.public_head import PublicHead, address_of_register, ask_public
from register_api.errors import NotStamped, RegisterError, StoreError, UsageError
from register_api.publish.cosigning import ask_witnesses
from register_api.publish.pipeline import refresh_freshness
from register_api.publish.stamping import Stamped, stamp_newest
from register_api.publish.time_authority import TimeAuthority, check_url
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.repository import expiries, lasts
from register_api.store.reader import Snapshot, open_snapshot

_RETRY = dt.timedelta(minutes=5)
"""Delay before a failed periodic refresh is retried."""

_HOUR = dt.timedelta(hours=1)

_DERIVED = 0.0
"""Value of ``--every`` without a number."""


class _HoursParam(click.FloatRange):
    """A number of hours, or none: the interval then follows from the timestamp's lifetime."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value is _DERIVED else super().convert(value, param, ctx)


@click.command()
@options.store_option
@options.keys_option
@click.option(
    "--every",
    type=_HoursParam(min=0.001),
    is_flag=False,
    flag_value=_DERIVED,
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
        err.print(f"Version {_freshness(renewed)}.")
        request_cosignatures(store, witnesses, clock.now())
        request_timestamp(store, authority, clock.now())

    if every is None:
        with interrupt_note(
            lambda: f"version {_freshness(snapshot)}" if (snapshot := open_snapshot(store)) else ""
        ):
            once()
        return
    if clock_is_right:
        raise UsageError("--clock-is-right is for one refresh", hint="leave out --every")
    _refuse_seldom(every, fresh_for or _fresh_for(store))
    wait = _interval(every, _fresh_for(store)) if wait_first else dt.timedelta()
    with stopped_by_signals() as stopped:
        while not stopped.wait(wait.total_seconds()):
            longest = dt.timedelta.max if _refresh_succeeded(once) else _RETRY
            wait = min(longest, _interval(every, _fresh_for(store)))


def _refuse_seldom(every: float, fresh_for: dt.timedelta) -> None:
    if every * _HOUR > latest_renewal(fresh_for):
        raise UsageError(
            f"a timestamp is valid for {in_words(fresh_for)}; renewed every {every:g} hours, it would expire"
            " after one failure",
            hint=f"--every {latest_renewal(fresh_for) / _HOUR:g} or less; without a number:"
            f" {renewal_after(fresh_for) / _HOUR:g}",
        )


def _interval(every: float, fresh_for: dt.timedelta) -> dt.timedelta:
    """Return how long to wait, for the current lifetime, which another refresh may have shortened."""
    if every == _DERIVED:
        return renewal_after(fresh_for)
    return min(every * _HOUR, latest_renewal(fresh_for))


def _fresh_for(store: Path) -> dt.timedelta:
    """Return the current timestamp's lifetime, or the default if it is unreadable (refresh reports that)."""
    with contextlib.suppress(RegisterError, OSError):
        snapshot = open_snapshot(store)
        return lasts(trust_metadata.timestamp(snapshot.read) if snapshot else None)
    return USUAL


def _refresh_succeeded(once: Callable[[], None]) -> bool:
    """Refresh once; any failure is printed and returned as ``False``, so that the timer continues."""
    try:
        once()
    except RegisterError as error:
        print_error(error)
    except Exception as error:  # noqa: BLE001 a dead timer would go unnoticed until customers refuse
        print_error(StoreError(f"freshness could not be renewed: {str(error) or type(error).__name__}"))
    else:
        return True
    return False


def _freshness(snapshot: Snapshot) -> str:
    expiry = {row.role: row for row in expiries(snapshot.read)}["timestamp"]
    return f"{snapshot.state.version} is fresh until {format_instant(expiry.expires)}"


def compare_with_public(snapshot: Snapshot | None, url: str | None, *, offline: bool) -> PublicHead | None:
    """Check whether the public copy is ahead of the store; if it is unreachable, only print a note."""
    if offline:
        return None
    url = url or (address_of_register(snapshot) if snapshot else None)
    if url is None:
        return None
    head = ask_public(snapshot, url)
    if head.unknown and snapshot is not None:
        err.print(
            "Note: could not check whether the public tree is ahead of the store:"
            f" {head.url}: {head.unknown}  (--offline skips this check)"
        )
    return head


def request_cosignatures(store: Path, policy: WitnessPolicy | None, instant: dt.datetime) -> None:
    """Request missing cosignatures from the witnesses; failures are printed, not raised."""
    if policy is None:
        return
    try:
        asked = ask_witnesses(store, policy, instant)
    except (RegisterError, OSError) as error:
        err.print(f"Witnesses: {error.message if isinstance(error, RegisterError) else error.strerror}")
        return
    for outcome in asked.outcomes:
        signed = f"cosigned at {format_instant(outcome.at)}" if outcome.at else ""
        name = f"{printable_name(outcome.witness.name)} ({outcome.witness.key.name})"
        err.print(f"Witness {name}: {outcome.problem or signed}")
    if asked.outcomes:
        met = "is met" if asked.after.is_met else "is NOT met yet; register-api refresh asks again"
        have = f"{len(asked.after.found)} of {len(policy.witnesses)} have cosigned"
        err.print(f"Witnesses: {have}, the quorum {printable_name(policy.quorum)} {met}")


def read_time_authority(url: str | None, certificate: Path | None) -> TimeAuthority | None:
    """Return the time authority, if one is configured."""
    if url is None:
        return None
    anchors = read_certificates(certificate, "--time-authority-certificate") if certificate else None
    return TimeAuthority(url=check_url(url), anchors=anchors)


def request_timestamp(store: Path, authority: TimeAuthority | None, instant: dt.datetime) -> None:
    """Have the newest checkpoint time-stamped; a failure is printed, not raised."""
    if authority is None:
        return
    try:
        stamped = stamp_newest(store, authority, instant)
    except (RegisterError, OSError) as error:
        reason = error.message if isinstance(error, RegisterError) else str(error)
        print_error(NotStamped(f"{reason}; the next refresh tries again"))
    else:
        if stamped is not None:
            unchecked = "" if authority.anchors else "; its chain was not checked"
            err.print(f"{stamped_in_words(stamped)}{unchecked}.")


def stamped_in_words(stamped: Stamped) -> str:
    """Describe a time-stamp: up to which version, since when, by which authority."""
    return (
        f"History up to version {stamped.version} is time-stamped since"
        f" {format_instant(stamped.stamp.at)} by {stamped.stamp.authority}"
    )
