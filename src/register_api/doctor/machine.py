"""The machine to diagnose, the diagnoses, and the checks of the machine itself."""

from __future__ import annotations

import datetime as dt
import functools
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from register_api.core.instant import in_words, latest_renewal
from register_api.deploy.public_head import address_of_register
from register_api.errors import UsageError
from register_api.publish.building import nothing_published
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.repository import lasts
from register_api.serve.settings import read_settings
from register_api.store.reader import Snapshot, open_snapshot

Verdict = Literal["good", "soon", "wrong", "unknown"]
"""``soon``: a future problem or a deficiency; ``unknown``: it could not be checked."""


class Diagnosis(msgspec.Struct, frozen=True):
    """A finding of a check, with its remedy if any."""

    verdict: Verdict
    sentence: str = msgspec.field(name="says")
    cure: str = ""
    check: str = ""


good = functools.partial(Diagnosis, "good")
soon = functools.partial(Diagnosis, "soon")
wrong = functools.partial(Diagnosis, "wrong")
unknown = functools.partial(Diagnosis, "unknown")


class Machine(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A machine that publishes, renews or serves a register; the fields are the options of `doctor`."""

    store: Path
    keys: Path
    now: dt.datetime
    environment: Mapping[str, str]
    settings: Path | None = None
    base_url: str | None = None
    offline: bool = False
    target: str | None = None
    endpoint: str | None = None

    @functools.cached_property
    def published(self) -> Snapshot | None:
        """The current publication, ``None`` if there is none yet."""
        return open_snapshot(self.store)

    @property
    def snapshot(self) -> Snapshot:
        """The current publication; ``StoreError`` if there is none."""
        if self.published is None:
            raise nothing_published(self.store)
        return self.published

    @property
    def url(self) -> str | None:
        """The register's public address, if known."""
        if self.base_url is not None or self.published is None:
            return self.base_url
        return address_of_register(self.published)


TIMER = "register-api-refresh"
"""Name of the systemd units that `init` writes."""

_SECONDS = 10.0


def _asked(machine: Machine, program: str, *arguments: str) -> str | None:
    """Return a program's output; ``None`` if it is not installed, fails or times out."""
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
    """Ask systemd, else chrony, whether the clock is synchronised."""
    systemd = _asked(machine, "timedatectl", "show", "--property=NTPSynchronized", "--value")
    chrony = _asked(machine, "chronyc", "-c", "tracking") or ""
    # In chronyc's output, the third field is the stratum (0: unsynchronised), the last the leap status.
    stratum, leap = (*chrony.split(",")[2:3], ""), chrony.rpartition(",")[2]
    is_set = stratum[0] not in {"", "0"} and leap in {"Normal", "Insert second", "Delete second"}
    if systemd == "yes" or is_set:
        yield good("the clock is synchronised")
    elif systemd == "no" or chrony:
        yield soon(
            "the clock of this machine is not synchronised: a wrong one signs what right ones refuse",
            "timedatectl set-ntp true",
        )
    else:
        yield unknown("neither timedatectl nor chronyc says whether the clock is set")


def timer(machine: Machine) -> Iterator[Diagnosis]:
    """Check that the systemd timer for renewal runs, and often enough."""
    properties = "LoadState,ActiveState,LastTriggerUSec,NextElapseUSecRealtime"
    output = _asked(
        machine, "systemctl", "show", f"{TIMER}.timer", f"--property={properties}", "--timestamp=unix"
    )
    state = dict(line.split("=", 1) for line in (output or "").splitlines() if "=" in line)
    start = f"sudo systemctl enable --now {TIMER}.timer"
    if "LoadState" not in state:
        yield unknown("systemd does not respond: it is not known what renews the timestamp here")
    elif state["LoadState"] != "loaded":
        yield unknown(f"systemd knows no {TIMER}.timer: freshness is renewed by something else")
    elif state.get("ActiveState") != "active":
        yield wrong(f"{TIMER}.timer does not run", start)
    else:
        yield _interval_of(state, latest_renewal(lasts(trust_metadata.timestamp(machine.snapshot.read))))
        result = _asked(machine, "systemctl", "show", f"{TIMER}.service", "--property=Result", "--value")
        if result not in {None, "", "success"}:
            cure = f"journalctl -u {TIMER}.service"
            yield wrong(f"the last run of {TIMER}.service failed: {result}", cure)


def _interval_of(state: dict[str, str], most: dt.timedelta) -> Diagnosis:
    at = [state.get(name, "") for name in ("LastTriggerUSec", "NextElapseUSecRealtime")]
    last, coming = (re.fullmatch(r"@(\d{1,15})", text) for text in at)
    if last is None or coming is None:
        return good(f"{TIMER}.timer runs")
    between = dt.timedelta(seconds=int(coming[1]) - int(last[1]))
    if between <= most:
        return good(f"{TIMER}.timer runs every {in_words(between)}")
    return soon(
        f"{TIMER}.timer runs every {in_words(between)}, and one failure may cost freshness:"
        f" {in_words(most)} at most",
        f"sudo systemctl edit {TIMER}.timer  (OnCalendar=), or a longer register-api refresh --fresh-for",
    )


def settings(machine: Machine) -> Iterator[Diagnosis]:
    """Read the settings of `serve`."""
    try:
        read_settings(machine.environment, machine.settings)
    except UsageError as error:
        cure = error.hint or "docs/settings.md lists them"
        yield wrong(error.message, cure)
    else:
        yield good("the service's settings are valid")
