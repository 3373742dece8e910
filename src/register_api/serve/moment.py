"""The two clocks of a question: what was in force on a day, as far as it was known by an instant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypedDict

import msgspec

from register_api.serve.problems import Problem

if TYPE_CHECKING:
    from register_api.core.model import Register
    from register_api.serve.archive import Archive


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When a question is about.

    Attributes:
        on: The day that states are given for, in the publisher's time zone.
        known_at: Nothing that was published after that instant, or that day, counts; ``None`` for the
            newest version.
    """

    on: dt.date
    known_at: dt.datetime | dt.date | None = None


class Basis(TypedDict):
    """What an answer says it was computed from."""

    register: str
    version: int
    sha256: str
    on: dt.date


def known_register(archive: Archive, moment: Moment) -> Register:
    """Return the newest register that was known at a moment.

    Raises:
        Problem: Nothing was published by then.
    """
    if moment.known_at is None:
        return archive.register(archive.newest)
    version = archive.known_at(moment.known_at)
    if version is None:
        raise Problem("nothing-known-yet", "The first version was published after that.")
    return archive.register(version)


def basis(archive: Archive, register: Register, moment: Moment) -> Basis:
    """Return what an answer has to say about the register it was computed from."""
    return {
        "register": register.register,
        "version": register.version,
        "sha256": archive.sha256(register.version),
        "on": moment.on,
    }
