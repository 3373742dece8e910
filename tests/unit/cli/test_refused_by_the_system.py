"""A full disk, a missing right, Ctrl-C: one sentence, an exit code, and nothing lost."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from breaking_disk import dying_after
from register_api.core.format import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result
    from conftest import Clock

    from publishers import Publisher

    Call = Callable[..., Result]

CURES = {
    errno.ENOSPC: "make room on the disk, then run the same command again",
    errno.EACCES: "give this user the right to it",
    errno.EROFS: "write to a disk that may be written to",
    errno.EIO: "",
}
STEPS = (0, 1, 2, 5, 9, 14, 20, 40)


def refusal(number: int) -> Callable[[], BaseException]:
    return lambda: OSError(number, os.strerror(number), "/store/file")


def assert_told(result: Result, number: int) -> None:
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code in {1, 2}
    assert os.strerror(number) in result.stderr
    assert CURES[number] in result.stderr or result.exit_code == 2 or "cannot be" in result.stderr
    assert len(result.stderr.splitlines()) <= 3


@pytest.mark.parametrize("number", CURES, ids=errno.errorcode.get)
@pytest.mark.parametrize("steps", STEPS)
def test_publish_is_told_and_goes_on(
    call: Call, publisher: Publisher, clock: Clock, steps: int, number: int
) -> None:
    """The version before stands as it was; the same command publishes once the system lets it."""
    assert call("publish").exit_code == 0
    before = publisher.snapshot().read(tree.REGISTER.path())
    clock.pass_by(days=1)
    publisher.say("second")
    with dying_after(steps, refusal(number)):
        result = call("publish")
    if result.exit_code:
        assert_told(result, number)
        assert publisher.snapshot().read(tree.REGISTER.path()) == before
    assert call("publish").exit_code == 0
    assert publisher.snapshot().state.version == 2


@pytest.mark.parametrize("number", CURES, ids=errno.errorcode.get)
@pytest.mark.parametrize("steps", STEPS[:5])
def test_refresh_is_told_and_goes_on(call: Call, clock: Clock, steps: int, number: int) -> None:
    assert call("publish").exit_code == 0
    clock.pass_by(hours=12)
    with dying_after(steps, refusal(number)):
        result = call("refresh")
    if result.exit_code:
        assert_told(result, number)
    assert call("refresh").exit_code == 0


@pytest.mark.parametrize("number", CURES, ids=errno.errorcode.get)
def test_init_is_told(call: Call, folder: Path, number: int) -> None:
    with dying_after(0, refusal(number)):
        assert_told(call("init", str(folder / "new")), number)


@pytest.mark.parametrize("steps", STEPS)
def test_an_interruption_is_told_and_ends_as_shells_have_it(
    call: Call, publisher: Publisher, steps: int
) -> None:
    with dying_after(steps, KeyboardInterrupt):
        result = call("publish")
    if result.exit_code:
        assert result.exit_code == 130
        published = (
            "version 1 is published" if (publisher.store / "current").exists() else "nothing was published"
        )
        assert "interrupted; " in result.stderr
        assert published in result.stderr
        assert "run the same command again" in result.stderr
    assert call("publish").exit_code == 0
    assert publisher.snapshot().state.version == 1
    assert (publisher.source.parent / "keys" / "1.root.json").exists()
