"""Programs that tests start end with the test, and all that they started ends with them."""

from __future__ import annotations

import signal
import sys

import pytest

from patience import wait_until
from programs import below, is_alive, on_a_terminal, output_of, run, started

LEAVES_A_CHILD = "sleep 600 & echo $!"
"""Ends at once; its child keeps both outputs open."""


def test_nobody_waits_for_a_child_that_keeps_the_output_open() -> None:
    """A pipe would be open as long as the child lives; it is ended, too."""
    done = run("sh", "-c", LEAVES_A_CHILD)
    assert done.returncode == 0
    wait_until(lambda: not is_alive(int(done.stdout)))


def test_what_a_killed_program_started_ends_with_the_block() -> None:
    """As ``make`` that is killed before the service that it runs."""
    with started("sh", "-c", "sleep 600 & wait") as program:
        wait_until(lambda: below(program.pid))
        children = below(program.pid)
        assert program.end(signal.SIGKILL) == -signal.SIGKILL
        assert all(map(is_alive, children))
    wait_until(lambda: not any(map(is_alive, children)))


def test_a_program_that_does_not_end_is_told_and_ended() -> None:
    with started("sleep", "600") as program, pytest.raises(TimeoutError, match="sleep 600"):
        program.ended(limit=0.1)
    assert not is_alive(program.pid)


def test_a_program_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(AssertionError, match="a reason"):
        output_of("sh", "-c", "echo a reason >&2; exit 3")
    with started("sh", "-c", "echo a reason >&2") as program, pytest.raises(AssertionError, match="a reason"):
        program.first_line()


def test_a_terminal_is_one_on_both_sides() -> None:
    code = "import sys; print(sys.stdin.isatty(), sys.stdout.isatty(), input())"
    assert on_a_terminal(sys.executable, "-c", code, typed=b"typed\n")[1].split()[-3:] == [
        b"True",
        b"True",
        b"typed",
    ]
