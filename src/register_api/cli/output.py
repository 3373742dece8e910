"""Output of the commands: findings, errors, progress, and what was completed before an interruption."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from register_api.cli.options import PROGRESS
from register_api.core.text import escaped
from register_api.errors import Finding, Refused, RegisterError, UsageError

Report = Callable[[int, int, str], None]


out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Standard output; colours only on a terminal and never with ``NO_COLOR``."""

err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Standard error, for progress and errors."""


def print_json(document: object) -> None:
    """Print a document as indented JSON."""
    text = msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2)
    print(text.decode())  # noqa: T201  (rich would wrap and colour it)


_WIDEST_EXCERPT = 100
"""Maximum characters of a quoted source line."""


def print_findings(findings: Iterable[Finding], to: Console = err) -> None:
    """Print findings with location, rule, message and hint."""
    for finding in findings:
        place = (finding.file, finding.line, finding.column)
        line = Text(":".join(str(part) for part in place if part is not None), style="bold")
        line.append(f"  {finding.key}" if finding.key else "", style="not bold")
        colour = "red" if finding.severity == "error" else "yellow"
        line.append(f"  {finding.severity} {finding.rule}", style=colour)
        to.print(line)
        if finding.excerpt and finding.line is not None:
            margin = f"    {finding.line} | "
            to.print(Text(margin + finding.excerpt[:_WIDEST_EXCERPT]))
            if finding.column is not None and finding.column <= _WIDEST_EXCERPT:
                to.print(Text(" " * (len(margin) + finding.column - 1) + "^", style="red"))
        to.print(Text(f"    {finding.message}"))
        if finding.hint:
            to.print(Text(f"    → {finding.hint}", style="dim"))


def print_annotations(findings: Iterable[Finding], source: Path) -> None:
    """Print findings as GitHub workflow commands, which annotate the lines of a pull request."""
    for finding in findings:
        where = {
            "file": f"{source.as_posix()}/{finding.file}",
            "line": finding.line,
            "col": finding.column,
            "title": f"{finding.rule} {finding.key}".rstrip(),
        }
        properties = ",".join(
            f"{name}={_escaped(value, ':,')}" for name, value in where.items() if value is not None
        )
        text = f"{finding.message}. {finding.hint}" if finding.hint else finding.message
        out.print(Text(f"::{finding.severity} {properties}::{_escaped(text)}"))


def _escaped(value: object, also: str = "") -> str:
    """Escape a value for a workflow command: line ends as ``%0A``, and separators likewise."""
    return "".join(f"%{ord(char):02X}" if char in "%\r\n" + also else char for char in str(value))


def usage_error(error: click.UsageError) -> UsageError:
    """Convert click's usage error to ours."""
    text = error.format_message().removesuffix(".")
    hint = f"{error.ctx.command_path} --help" if error.ctx else ""
    return UsageError(text[:1].lower() + text[1:], hint=hint)


def print_error(error: RegisterError) -> None:
    """Print an error with its hint; for a refused source, the findings that caused it first."""
    if isinstance(error, Refused):
        print_findings(finding for finding in error.findings if finding.severity == "error")
    message, hint = ("\n".join(map(escaped, text.split("\n"))) for text in (error.message, error.hint))
    err.print(Text(f"{error.word}: {message}", style="red"))
    if hint:
        err.print(Text(f"→ {hint}"))


_SELDOM = 10.0
"""Seconds before the first and between progress lines, by default."""

_OFTEN = 1.0
"""Seconds between progress lines with ``--progress``; the first is printed at once."""


@contextlib.contextmanager
def progress(title: str) -> Iterator[Report]:
    """Report progress of the block on standard error: a bar on a terminal, otherwise occasional lines.

    On interruption the progress so far is reported. ``--progress`` and ``--no-progress`` are read from the
    command's context (``options.progress_option``).
    """
    context = click.get_current_context(silent=True)
    wanted = context.meta.get(PROGRESS) if context else None
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(title, total=None, visible=wanted is not False)
        pause = _OFTEN if wanted else _SELDOM
        due = bar.get_time() + (0 if wanted else pause)

        def report(done: int, total: int, what: str) -> None:
            nonlocal due
            what = escaped(what)
            bar.update(task, completed=done, total=total, description=f"{title}: {what}")
            if bar.disable and wanted is not False and bar.get_time() >= due:
                err.print(f"{title}: {done} of {total}, {what}")
                due = bar.get_time() + pause

        try:
            yield report
        except KeyboardInterrupt as interruption:
            if bar.tasks[task].total:
                interruption.add_note(f"it was at {bar.tasks[task].completed:g} of {bar.tasks[task].total:g}")
            raise


class Terminated(KeyboardInterrupt):
    """SIGTERM, as sent by systemd and container runtimes; handled like Ctrl-C."""


@contextlib.contextmanager
def interrupt_note(so_far: Callable[[], str]) -> Iterator[None]:
    """Add a note on what was completed to an interruption of the block."""

    def terminate(_number: int, _frame: Any) -> NoReturn:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt as interruption:
        interruption.add_note(so_far())
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Set an event at SIGTERM and SIGINT while the block runs."""
    stop = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda _number, _frame: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
