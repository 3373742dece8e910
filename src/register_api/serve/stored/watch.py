"""Notices a new publication and has it loaded, without a restart and off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from register_api.serve.stored.shelf import Shelf


@contextlib.asynccontextmanager
async def watching(shelf: Shelf, seconds: float) -> AsyncIterator[None]:
    """Load what is published, and follow the store until the block ends.

    Args:
        shelf: Where the current table stands.
        seconds: How often to look for a new publication.
    """
    shelf.show(await asyncio.to_thread(shelf.load))
    task = asyncio.create_task(_follow(shelf, seconds))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(shelf: Shelf, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        if shelf.is_stale():
            shelf.show(await asyncio.to_thread(shelf.load))
