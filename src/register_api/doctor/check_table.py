"""The table of checks, and going through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from register_api.doctor import machine_checks, notice_checks, public_checks, store_checks
from register_api.doctor.machine import Diagnosis, Machine, soon, unknown, wrong
from register_api.errors import RegisterError, StoreDamaged

Look: TypeAlias = Callable[[Machine], Iterator[Diagnosis]]

OVER_STORE: Mapping[str, Look] = {
    "files": store_checks.files,
    "signatures": store_checks.signatures,
    "expiry": store_checks.expiry,
    "keys": store_checks.keys,
    "permissions": store_checks.permissions,
    "clock": store_checks.clock,
    "timer": machine_checks.timer,
    "public": public_checks.public,
    "certificate": public_checks.certificate,
    "target": public_checks.target,
    "disk": store_checks.disk,
}
"""Looks at what is published, in the order in which they are told."""

ANYWAY: Mapping[str, Look] = {
    "synchronisation": machine_checks.synchronisation,
    "settings": machine_checks.settings,
    "mail": notice_checks.mail,
    "outbox": notice_checks.outbox,
}
"""Looks that need no publication."""


def diagnose(machine: Machine) -> Iterator[Diagnosis]:
    """Yield what every look finds; one that fails is told, and ends nothing."""
    store = list(_looked("store", _store, machine))
    yield from store
    for check, look in OVER_STORE.items():
        yield from _looked(check, _not_looked if store else look, machine)
    for check, look in ANYWAY.items():
        yield from _looked(check, look, machine)


def _store(machine: Machine) -> Iterator[Diagnosis]:
    """Open the store, and say nothing where that is well."""
    if machine.published is None:
        yield soon(f"nothing was published into {machine.store} yet", "register-api publish")


def _not_looked(_machine: Machine) -> Iterator[Diagnosis]:
    yield unknown("there is no readable publication")


def _looked(check: str, look: Look, machine: Machine) -> Iterator[Diagnosis]:
    try:
        for found in look(machine):
            yield msgspec.structs.replace(found, check=check)
    except RegisterError as error:
        yield wrong(error.message, error.hint or _CURES.get(type(error), ""), check)
    except OSError as error:
        why = f"{error.filename or check}: {error.strerror or error}"
        yield unknown(f"{why}; run this as a user who may read it", check=check)


_CURES: Mapping[type[RegisterError], str] = {StoreDamaged: store_checks.FROM_PUBLIC}
