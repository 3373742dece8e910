"""What a run says at its end: how many attacks were made, and against what."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


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
