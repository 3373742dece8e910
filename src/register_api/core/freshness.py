"""How long a signed timestamp is good, which the publisher chooses, and what is counted from that.

From when it was signed until it expires (docs/format/trust.md, TUF) a customer takes it as news; the shorter
that is, the sooner withheld versions are noticed, and the sooner a failed renewal.
"""

from __future__ import annotations

import datetime as dt

from register_api.core.language.language import count

SHORTEST, LONGEST = dt.timedelta(hours=1), dt.timedelta(days=31)
"""Between these the publisher may choose."""

USUAL = dt.timedelta(hours=48)
"""What is chosen for a publisher who says nothing."""

_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def check_fresh_for(fresh_for: dt.timedelta) -> None:
    """Refuse a time that the format does not allow.

    Raises:
        ValueError: It is shorter or longer.
    """
    if not SHORTEST <= fresh_for <= LONGEST:
        raise ValueError(
            f"a timestamp is good for {in_words(SHORTEST)} to {in_words(LONGEST)}, not {in_words(fresh_for)}"
        )


def renewal_after(fresh_for: dt.timedelta) -> dt.timedelta:
    """Return when to renew a timestamp: seven renewals may fail before customers refuse it."""
    return fresh_for / 8


def latest_renewal(fresh_for: dt.timedelta) -> dt.timedelta:
    """Return when a timestamp has to be renewed at the latest, so that one renewal may fail."""
    return fresh_for / 2


def warning_before(fresh_for: dt.timedelta) -> dt.timedelta:
    """Return how long before it expires a timestamp that was not renewed is warned of."""
    return fresh_for / 4


def in_words(fresh_for: dt.timedelta) -> str:
    """Return a length of time in English: ``48 hours``, ``7 days``; what is left of a minute is cut."""
    if fresh_for > USUAL and not fresh_for % _DAY:
        return count(fresh_for // _DAY, "day")
    if not fresh_for % _HOUR:
        return count(fresh_for // _HOUR, "hour")
    return count(fresh_for // dt.timedelta(minutes=1), "minute")
