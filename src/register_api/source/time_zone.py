"""The publisher's time zone: which IANA zone a day of the register means."""

from __future__ import annotations

import functools
from importlib import resources
from zoneinfo import ZoneInfo

from register_api.core.text import nearest
from register_api.errors import Finding, Refused
from register_api.source.expectation import shortened


def load_zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name, e.g. ``Europe/Berlin`` or ``UTC``.

    Names that only this machine knows (``localtime``) are refused: a customer could not count days.

    Args:
        name: As in ``publisher.time_zone``.

    Raises:
        Refused: No such zone, with one R05 finding on ``publisher.time_zone`` of ``register.toml``.
    """
    if name in _iana_names():
        try:
            return ZoneInfo(name)
        except (OSError, ValueError):
            pass  # a damaged zone file; the finding below says that it does not load
    raise Refused((_finding(name),))


def _finding(name: str) -> Finding:
    near = nearest(name, _iana_names())
    return Finding(
        rule="R05",
        severity="error",
        file="register.toml",
        key="publisher.time_zone",
        message=f"{shortened(name)} is not a known IANA time zone",
        hint=f"did you mean {near}?" if near else "a name such as UTC or Europe/Berlin",
    )


@functools.cache
def _iana_names() -> frozenset[str]:
    """Return every zone name of the tz database release that this program depends on."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())
