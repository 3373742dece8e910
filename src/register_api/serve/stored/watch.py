"""Notices a new publication and has it loaded, without a restart and off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from register_api.serve.background import repeating

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from register_api.serve.stored.current_replies import CurrentReplies


@contextlib.asynccontextmanager
async def watching(replies: CurrentReplies, seconds: float) -> AsyncIterator[None]:
    """Load what is published, and follow the store until the block ends."""
    replies.show(await asyncio.to_thread(replies.load))

    async def follow() -> None:
        if replies.is_stale():
            replies.show(await asyncio.to_thread(replies.load))

    async with repeating(follow, seconds):
        yield
