"""What holds for the whole suite: no test fails by time, and a run says how many attacks were made."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

# A busy machine is no fault: neither a slow example nor slow making of examples fails a property.
settings.register_profile("suite", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


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
