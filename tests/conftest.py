"""What holds for the whole suite: no test fails by time, and a run says how many attacks were made."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from memory_folder import roomy_memory
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.terminal import TerminalReporter

# A busy machine is no fault: neither a slow example nor slow making of examples fails a property.
settings.register_profile(
    "suite", max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


# Registers of tests have made-up addresses: those that are to be asked say so (`test_public_head.py`).
os.environ["REGISTER_OFFLINE"] = "1"

# What is published is forced to the disk some hundred times a version: in memory that takes no time.
if (memory := roomy_memory()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """With ``REQUIRE_TOOLS=1`` everything has to be installed: a test that would be skipped fails."""
    report: pytest.TestReport = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("REQUIRE_TOOLS") == "1":
        report.outcome, report.longrepr = "failed", f"{item.nodeid} may not be skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Count the attacks that were withstood (``tests/attacks``)."""
    made = [
        tuple(value)
        for report in terminalreporter.stats.get("passed", [])
        for name, value in getattr(report, "user_properties", [])
        if name == "attacked"
    ]
    if made:
        against = Counter(host for _, host in made)
        told = ", ".join(f"{count} against {host}" for host, count in sorted(against.items()))
        terminalreporter.write_line(f"{len({name for name, _ in made})} attacks withstood: {told}")
