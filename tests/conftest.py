"""Setup of the whole suite: no test fails because it is slow, and a run reports the attacks made."""

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

# On a busy machine neither slow examples nor their slow generation may fail a property.
settings.register_profile(
    "suite", max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


# The registers of most tests have made-up URLs; tests that request one say so (`test_public_head.py`).
os.environ["REGISTER_OFFLINE"] = "1"

# Each publication calls fsync about a hundred times, which takes no time in memory.
if (memory := roomy_memory()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """With ``REQUIRE_TOOLS=1`` a test that would be skipped for a missing tool fails."""
    report: pytest.TestReport = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("REQUIRE_TOOLS") == "1":
        report.outcome, report.longrepr = "failed", f"{item.nodeid} may not be skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print how many attacks were withstood (``tests/attacks``)."""
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
