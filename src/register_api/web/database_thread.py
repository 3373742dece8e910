"""One thread that has the database: a connection belongs to the thread that made it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from register_api.errors import SendingError
from register_api.sending.database import Database, opened

Desk = TypeVar("Desk")
Result = TypeVar("Result")


class DatabaseThread(Generic[Desk]):
    """Opens the database when it is first asked, and anew after it has failed."""

    def __init__(
        self, address: str, steps: Sequence[Sequence[str]], desk: Callable[[Database], Desk]
    ) -> None:
        """Open nothing yet.

        Args:
            address: Where the database is.
            steps: What brings it from each number of its schema to the next.
            desk: Makes what answers from an open database.
        """
        self._address, self._steps, self._make = address, steps, desk
        self._pool = ThreadPoolExecutor(1, "database")
        self._connections = contextlib.ExitStack()
        self._desk: Desk | None = None

    async def run(self, do: Callable[[Desk], Result]) -> Result:
        """Have something done, after what was asked before.

        Raises:
            SendingError: The database does not do it.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, do)

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._forget)
        self._pool.shutdown()

    def _run(self, do: Callable[[Desk], Result]) -> Result:
        if self._desk is None:
            self._desk = self._make(self._connections.enter_context(opened(self._address, self._steps)))
        try:
            return do(self._desk)
        except SendingError:
            self._forget()
            raise

    def _forget(self) -> None:
        self._desk = None
        self._connections.close()
