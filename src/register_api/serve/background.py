"""Work beside the answering of requests, done again and again until it ends: following the store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from register_api.serve.stored.current_replies import CurrentReplies

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def repeating(step: Callable[[], Awaitable[None]], seconds: float) -> AsyncIterator[None]:
    """Take a step again and again while the block runs; one that fails is logged, and the next is taken."""
    task = asyncio.create_task(_repeat(step, seconds))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _repeat(step: Callable[[], Awaitable[None]], seconds: float) -> None:
    failing = False
    while True:
        try:
            await step()
            failing = False
        except Exception as error:  # noqa: BLE001 (whatever it was, the next step is taken)
            if not failing:
                _log.error("work beside the requests fails, and is tried again", exc_info=error)
            failing = True
        await asyncio.sleep(seconds)


@contextlib.asynccontextmanager
async def watching(replies: CurrentReplies, seconds: float) -> AsyncIterator[None]:
    """Load what is published, and follow the store until the block ends."""
    replies.show(await asyncio.to_thread(replies.load))

    async def follow() -> None:
        if replies.is_stale():
            replies.show(await asyncio.to_thread(replies.load))

    async with repeating(follow, seconds):
        yield
