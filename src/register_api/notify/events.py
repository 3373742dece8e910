"""What endpoints of a publisher are sent: thin CloudEvents.

An event holds nothing to be believed: it says that there is something to look at, and where. Who receives one
verifies the register; so a key that signs events is worth nothing to a thief but polls.
"""

from __future__ import annotations

import datetime as dt

from register_api.core.format import tree
from register_api.core.format.paths import address_of
from register_api.core.instant import format_instant
from register_api.notify.publication import Publication
from register_api.sending.hook_bodies import Event

TYPE = "sub-processor-register"
"""What the type of each event begins with."""


def version_event(delivery: str, kind: str, base: str, found: Publication) -> Event:
    """Return the event that tells of a version."""
    register = found.register
    return Event(
        id=delivery,
        source=base,
        type=f"{TYPE}.{kind}",
        subject=f"versions/{register.version}",
        time=format_instant(register.published_at),
        data={
            "register": register.register,
            "version": register.version,
            "log_size": found.log_size,
            "log_root": found.log_root,
            "url": version_url(base, register.version),
        },
    )


def challenge_event(challenge: str, base: str, now: dt.datetime) -> Event:
    """Return the event that an endpoint answers with the challenge in it, before it gets any other."""
    return Event(
        id=challenge,
        source=base,
        type=f"{TYPE}.challenge",
        subject="challenge",
        time=format_instant(now),
        data={"challenge": challenge},
    )


def version_url(base: str, version: int) -> str:
    """Return the address of a version's page."""
    return base + address_of(tree.VERSION_PAGE.path(version))
