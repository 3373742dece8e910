"""What the commands print: findings, errors, progress."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from register_api.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from register_api.errors import Finding, RegisterError

    Report = Callable[[int, int, str], None]

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Standard output; colours only on a terminal and never with ``NO_COLOR``."""

err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Standard error: progress, findings, errors."""


def print_json(document: object) -> None:
    """Print a document as indented JSON, for machines."""
    text = msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2)
    print(text.decode())  # noqa: T201  (rich would wrap and colour what a machine reads)


def print_findings(findings: Iterable[Finding]) -> None:
    """Print findings, each with place, rule, what is wrong and what to do."""
    for finding in findings:
        place = finding.file if finding.line is None else f"{finding.file}:{finding.line}"
        line = Text(place, style="bold")
        line.append(f"  {finding.key}" if finding.key else "", style="not bold")
        colour = "red" if finding.severity == "error" else "yellow"
        line.append(f"  {finding.severity} {finding.rule}", style=colour)
        err.print(line)
        err.print(Text(f"    {finding.message}"))
        if finding.hint:
            err.print(Text(f"    → {finding.hint}", style="dim"))


def print_error(error: RegisterError) -> None:
    """Print an error's sentence and its hint; of a refused source what it was refused for."""
    if isinstance(error, Refused):
        print_findings(finding for finding in error.findings if finding.severity == "error")
    err.print(Text(f"{error.word}: {error.message}", style="red"))
    if error.hint:
        err.print(Text(f"→ {error.hint}"))


@contextlib.contextmanager
def progress(title: str) -> Iterator[Report]:
    """Show a progress bar on standard error while a block runs; nothing where that is no terminal.

    Yields:
        A function that takes done, total and what is being done.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(title, total=None)

        def report(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{title}: {what}")

        yield report
