"""Runs targets for a time and counts what became of the examples."""

from __future__ import annotations

import os
import signal
import time
import traceback
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzz.inputs import inputs
from fuzz.target import examine

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuzz.target import Target

LONG = os.environ.get("REGISTER_FUZZ") == "long"
"""Whether the suite takes its time: some thousand examples a target instead of a few."""

EXAMPLES = 3000 if LONG else 40
"""Examples of a common target in one run of the suite."""

SLOW_SECONDS = 2.0
"""Processor time that no input here may take: all are far smaller than the largest that is allowed."""

HANG_SECONDS = 60
"""Time after which an example is given up."""

_ROUND = 400


class Counts(msgspec.Struct, kw_only=True):
    """What became of the examples of one target.

    Attributes:
        slowest: Most processor time that one example took, in seconds.
        findings: A sentence and the shortest bytes that show it, by where it was raised.
    """

    accepted: int = 0
    refused: int = 0
    slowest: float = 0.0
    findings: dict[str, tuple[str, bytes]] = {}

    @property
    def examples(self) -> int:
        """How many there were."""
        return self.accepted + self.refused


def options(examples: int, **more: Any) -> settings:
    """Return Hypothesis settings for a number of examples."""
    checks = list(HealthCheck)
    return settings(max_examples=examples, deadline=None, suppress_health_check=checks, **more)


def run_for(target: Target, seconds: float) -> Counts:
    """Run one target for a time; a finding is counted and does not end the run."""
    counts = Counts()
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        _run_round(target, counts, number, until)
        number += 1
    return counts


def _run_round(target: Target, counts: Counts, number: int, until: float) -> None:
    failing: list[bytes] = []

    @seed(int.from_bytes(os.urandom(6), "big") + number)
    @options(_ROUND, database=None, phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False)
    @given(inputs(target))
    def one_round(data: bytes) -> None:
        if failing or time.monotonic() < until:
            try:
                _count(target, counts, data)
            except Exception:
                failing.append(data)
                raise

    try:
        one_round()
    except Exception as error:  # noqa: BLE001 (whatever a parser raises is what is looked for)
        _keep(counts, error, failing[-1])


def _count(target: Target, counts: Counts, data: bytes) -> None:
    began = time.process_time()
    accepted = _within(HANG_SECONDS, lambda: examine(target, data))
    took = time.process_time() - began
    counts.slowest = max(counts.slowest, took)
    if took > SLOW_SECONDS:
        counts.findings.setdefault("slow", (f"{took:.1f} s for {len(data)} bytes", data))
    counts.accepted += accepted
    counts.refused += not accepted


def _within(seconds: int, call: Callable[[], bool]) -> bool:
    """Call, and raise ``TimeoutError`` if it does not come back."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        return call()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _keep(counts: Counts, error: Exception, data: bytes) -> None:
    """Keep one example for each place where something was raised."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {frame.filename.rpartition('/')[2]}:{frame.lineno}"
    counts.findings.setdefault(place, (str(error).split("\n")[0][:200], data))
