"""Work beside the requests goes on whatever happens in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from patience import PATIENCE
from register_api.serve.app import repeating

if TYPE_CHECKING:
    import pytest


def test_a_failing_step_is_logged_once_and_repeated(caplog: pytest.LogCaptureFixture) -> None:
    """Else a single mishap would leave the service with an old publication for ever."""
    taken = 0
    enough = asyncio.Event()

    async def step() -> None:
        nonlocal taken
        taken += 1
        if taken == 8:
            enough.set()
        if taken in {2, 3, 5}:
            raise OSError("a mishap")

    async def run() -> None:
        async with repeating(step, 0.001):
            await asyncio.wait_for(enough.wait(), PATIENCE)
        after = taken
        await asyncio.sleep(0.01)
        assert taken == after

    asyncio.run(run())
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "a mishap" in caplog.text
