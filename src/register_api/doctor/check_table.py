"""The table of checks, with the looks at the machine itself, and going through it."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import msgspec

from register_api.core.instant import in_words, latest_renewal
from register_api.doctor import public_checks, store_checks
from register_api.doctor.machine import Diagnosis, Machine, good, soon, unknown, wrong
from register_api.errors import RegisterError, StoreDamaged, UsageError
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.repository import lasts
from register_api.serve.settings import read_settings

TIMER = "register-api-refresh"
"""Name of the units that `init` writes."""

_SECONDS = 10.0


def asked(machine: Machine, program: str, *arguments: str) -> str | None:
    """Return what a program prints; ``None`` where it is not there, fails, or takes too long."""
    path = shutil.which(program, path=machine.environment.get("PATH", ""))
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - found in PATH, with arguments of ours
            [path, *arguments],
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def synchronisation(machine: Machine) -> Iterator[Diagnosis]:
    """Ask systemd, else chrony, whether the clock is set from elsewhere."""
    told = {
        "timedatectl": asked(machine, "timedatectl", "show", "--property=NTPSynchronized", "--value"),
        "chronyc": asked(machine, "chronyc", "-c", "tracking"),
    }
    yes = told["timedatectl"] == "yes" or _chrony_is_set(told["chronyc"] or "")
    if yes:
        yield good("the clock is synchronised")
    elif told["timedatectl"] == "no" or told["chronyc"]:
        yield soon(
            "the clock of this machine is not synchronised: a wrong one signs what right ones refuse",
            "timedatectl set-ntp true",
        )
    else:
        yield unknown("neither timedatectl nor chronyc says whether the clock is set")


def _chrony_is_set(line: str) -> bool:
    """Read ``chronyc -c tracking``: its last field is the leap status, and the stratum is not 0."""
    stratum, leap = (*line.split(",")[2:3], ""), line.rpartition(",")[2]
    return stratum[0] not in {"", "0"} and leap in {"Normal", "Insert second", "Delete second"}


def timer(machine: Machine) -> Iterator[Diagnosis]:
    """Ask systemd for the timer that renews freshness, and whether it comes often enough."""
    properties = "LoadState,ActiveState,LastTriggerUSec,NextElapseUSecRealtime"
    shown = asked(
        machine, "systemctl", "show", f"{TIMER}.timer", f"--property={properties}", "--timestamp=unix"
    )
    said = dict(line.split("=", 1) for line in (shown or "").splitlines() if "=" in line)
    start = f"sudo systemctl enable --now {TIMER}.timer"
    if "LoadState" not in said:
        yield unknown("systemd does not respond: it is not known what renews the timestamp here")
    elif said["LoadState"] != "loaded":
        yield unknown(f"systemd knows no {TIMER}.timer: freshness is renewed by something else")
    elif said.get("ActiveState") != "active":
        yield wrong(f"{TIMER}.timer does not run", start)
    else:
        yield _how_often(said, latest_renewal(lasts(trust_metadata.timestamp(machine.snapshot.read))))
        yield from _last_run(machine)


def _how_often(said: dict[str, str], most: dt.timedelta) -> Diagnosis:
    last, coming = (_seconds(said.get(name, "")) for name in ("LastTriggerUSec", "NextElapseUSecRealtime"))
    if last is None or coming is None:
        return good(f"{TIMER}.timer runs")
    between = dt.timedelta(seconds=coming - last)
    if between <= most:
        return good(f"{TIMER}.timer runs every {in_words(between)}")
    return soon(
        f"{TIMER}.timer runs every {in_words(between)}, and one failure may cost freshness:"
        f" {in_words(most)} at most",
        f"sudo systemctl edit {TIMER}.timer  (OnCalendar=), or a longer register-api refresh --fresh-for",
    )


def _last_run(machine: Machine) -> Iterator[Diagnosis]:
    result = asked(machine, "systemctl", "show", f"{TIMER}.service", "--property=Result", "--value")
    if result not in {None, "", "success"}:
        cure = f"journalctl -u {TIMER}.service"
        yield wrong(f"the last run of {TIMER}.service failed: {result}", cure)


def _seconds(text: str) -> int | None:
    found = re.fullmatch(r"@(\d{1,15})", text)
    return int(found[1]) if found else None


def settings(machine: Machine) -> Iterator[Diagnosis]:
    """Read the settings of the service as `serve` does."""
    try:
        read_settings(machine.environment, machine.settings)
    except UsageError as error:
        cure = error.hint or "docs/settings.md lists them"
        yield wrong(error.message, cure)
    else:
        yield good("the service's settings are valid")


Look: TypeAlias = Callable[[Machine], Iterator[Diagnosis]]

OVER_STORE: Mapping[str, Look] = {
    "files": store_checks.files,
    "signatures": store_checks.signatures,
    "expiry": store_checks.expiry,
    "keys": store_checks.keys,
    "permissions": store_checks.permissions,
    "clock": store_checks.clock,
    "timer": timer,
    "public": public_checks.public,
    "certificate": public_checks.certificate,
    "target": public_checks.target,
    "disk": store_checks.disk,
}
"""Looks at what is published, in the order in which they are told."""

ANYWAY: Mapping[str, Look] = {
    "synchronisation": synchronisation,
    "settings": settings,
    "mail": public_checks.mail,
    "outbox": public_checks.outbox,
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
