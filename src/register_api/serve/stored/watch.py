"""Notices a new publication and has it loaded, without a restart and off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from register_api.serve.background import repeating

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from register_api.serve.stored.shelf import Shelf


@contextlib.asynccontextmanager
async def watching(shelf: Shelf, seconds: float) -> AsyncIterator[None]:
    """Load what is published, and follow the store until the block ends."""
    shelf.show(await asyncio.to_thread(shelf.load))

    async def follow() -> None:
        if shelf.is_stale():
            shelf.show(await asyncio.to_thread(shelf.load))

    async with repeating(follow, seconds):
        yield
