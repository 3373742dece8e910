"""The two clocks of a question to the service, and what an answer says it was computed from."""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

from register_api.core.timeline import AsOf, RegisterAsOf, register_as_of
from register_api.serve.answer.archive import Archive
from register_api.serve.http.problems import Problem


class Basis(TypedDict):
    """What an answer says it was computed from."""

    register: str
    version: int
    sha256: str
    on: dt.date


def known_by(archive: Archive, as_of: AsOf) -> RegisterAsOf:
    """Return the state on a day as far as it was known at a moment."""
    known = register_as_of(archive, as_of)
    if known is None:
        raise Problem("nothing-known-yet", "That was published later, or nothing was published by then.")
    return known


def basis(known: RegisterAsOf) -> Basis:
    """Return what an answer has to say about the register it was computed from."""
    return {
        "register": known.register.register,
        "version": known.register.version,
        "sha256": known.sha256,
        "on": known.on,
    }


def check_version(version: int, archive: Archive) -> None:
    """Refuse a version that is not there."""
    if not 1 <= version <= archive.newest:
        raise Problem("no-such-version", f"There are versions 1 to {archive.newest}, but no {version}.")
