"""Time stamps at the publisher: whom to ask, and what is said of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from register_api.cli.output import err, print_error
from register_api.cli.trust_options import read_certificates
from register_api.core.instant import format_instant
from register_api.errors import NotStamped, RegisterError
from register_api.publish.stamping import Stamped, stamp_newest
from register_api.publish.time_authority import TimeAuthority, check_url


def read_time_authority(url: str | None, certificate: Path | None) -> TimeAuthority | None:
    """Return whom to ask, if anybody."""
    if url is None:
        return None
    anchors = read_certificates(certificate, "--time-authority-certificate") if certificate else None
    return TimeAuthority(url=check_url(url), anchors=anchors)


def stamp(store: Path, authority: TimeAuthority | None, instant: dt.datetime) -> None:
    """Have the newest checkpoint stamped; a failure is told in a line and ends nothing."""
    if authority is None:
        return
    try:
        stamped = stamp_newest(store, authority, instant)
    except (RegisterError, OSError) as error:
        print_error(_not_stamped(error))
    else:
        if stamped is not None:
            err.print(in_words(stamped) + ("" if authority.anchors else "; its chain was not checked") + ".")


def in_words(stamped: Stamped) -> str:
    """Return up to which version history is stamped, since when, and by whom."""
    return (
        f"History up to version {stamped.version} is time-stamped since"
        f" {format_instant(stamped.stamp.at)} by {stamped.stamp.authority}"
    )


def _not_stamped(error: RegisterError | OSError) -> NotStamped:
    reason = error.message if isinstance(error, RegisterError) else str(error)
    return NotStamped(f"{reason}; the next refresh tries again")
