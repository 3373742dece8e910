"""Starts and ends all programs that tests run.

A program runs in its own process group and writes to files, so that no open pipe can block a test and its
children end with it. Each wait has a limit (``patience.py``).
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from patience import PATIENCE, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Done = subprocess.CompletedProcess[str]
"""A finished program: ``returncode``, ``stdout``, ``stderr``."""

REGISTER_API = (sys.executable, "-m", "register_api")
"""Command line of the program in this environment."""


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without HOST and PORT, where services listen."""
    return {name: value for name, value in os.environ.items() if name not in {"HOST", "PORT"}} | more


class Program:
    """A started program.

    Attributes:
        pid: Its process id, and the id of its process group.
    """

    def __init__(
        self, command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """Start it; ``close`` must be called later.

        Args:
            command: The program and its arguments.
            cwd: Its working directory.
            env: Its whole environment, or that of this process (``environment``).
        """
        self._files = contextlib.ExitStack()
        self._out, self._err = (
            self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed by ``close``
            for _ in range(2)
        )
        self._process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            cwd=cwd,
            env=environment() if env is None else env,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def code(self) -> int | None:
        """Return its exit code, negative for a signal, or ``None`` while it runs."""
        return self._process.poll()

    def output(self) -> bytes:
        """Return its standard output so far."""
        return _read(self._out.fileno())

    def errors(self) -> str:
        """Return its standard error so far."""
        return _read(self._err.fileno()).decode()

    def first_line(self) -> str:
        """Wait for the first line of its output and return it.

        Raises:
            AssertionError: It ended without one.
        """
        wait_until(lambda: b"\n" in self.output() or self.code() is not None)
        line, end, _ = self.output().decode().partition("\n")
        assert end, (self.code(), self.errors())
        return line.strip()

    def send(self, number: int) -> None:
        """Send a signal to the program, but not to its children."""
        self._process.send_signal(number)

    def ended(self, limit: float = PATIENCE) -> int:
        """Wait until it has ended, and return its exit code.

        Raises:
            TimeoutError: It is still running; the message contains its output.
        """
        try:
            return self._process.wait(limit)
        except subprocess.TimeoutExpired as error:
            said = f"{self.output().decode(errors='replace')}{self.errors()}"
            raise TimeoutError(
                f"{' '.join(self._process.args)} goes on after {limit:g} s:\n{said}"
            ) from error

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait until it has ended, and return its exit code."""
        self.send(number)
        return self.ended()

    def close(self) -> None:
        """Kill its process group and discard its output."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        self._files.close()


def _read(file: int) -> bytes:
    """Read a file from its start without moving the file position, which its writer shares."""
    return os.pread(file, os.fstat(file).st_size, 0)


@contextlib.contextmanager
def started(
    *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """Run a program while the block runs, then kill its process group in any case."""
    program = Program(command, cwd=cwd, env=env)
    try:
        yield program
    finally:
        program.close()


def run_bytes(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    limit: float = PATIENCE,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end; the exit code is not checked."""
    with started(*command, cwd=cwd, env=env) as program:
        code = program.ended(limit)
        return subprocess.CompletedProcess(command, code, program.output(), program.errors().encode())


def run(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    limit: float = PATIENCE,
) -> Done:
    """Run a program with text output to its end; the exit code is not checked."""
    done = run_bytes(*command, cwd=cwd, env=env, limit=limit)
    return Done(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def output_of(*command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> bytes:
    """Run a program, which must succeed, and return its output."""
    done = run_bytes(*command, cwd=cwd, env=env)
    assert done.returncode == 0, (command, done.stderr.decode())
    return done.stdout


def on_a_terminal(
    *command: str | Path, env: Mapping[str, str] | None = None, typed: bytes = b""
) -> tuple[int, bytes]:
    """Run a program on a pseudo-terminal.

    Returns:
        Its exit code, and its output on the terminal.
    """
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=env,
            start_new_session=True,
        )
        os.close(theirs)
        try:
            os.write(ours, typed)
            written = b"".join(_pieces(ours))
            return process.wait(PATIENCE), written
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
    finally:
        os.close(ours)


def _pieces(terminal: int) -> Iterator[bytes]:
    """Yield the output on a terminal until its other side is closed."""
    end = time.monotonic() + PATIENCE
    while select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # on Linux a terminal whose other side is closed reads as an error
            return
        if not piece:
            return
        yield piece
    raise TimeoutError


def below(parent: int) -> dict[int, list[str]]:
    """Return the command lines of all descendants of a process, by id (proc(5), Linux only)."""
    found: dict[int, list[str]] = {}
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split():
            found |= {int(child): command_line(int(child))} | below(int(child))
    return {pid: arguments for pid, arguments in found.items() if arguments}


def command_line(pid: int) -> list[str]:
    """Return a process's arguments; none if it has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return []


def is_alive(pid: int) -> bool:
    """Return whether a process runs; zombies do not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
