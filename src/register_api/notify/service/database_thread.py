"""One thread that has the database: a connection belongs to the thread that made it."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from register_api.errors import SendingError
from register_api.notify.schema import STEPS
from register_api.notify.service.desk import Desk
from register_api.sending.database import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.notify.settings import NotifySettings

Result = TypeVar("Result")


class DatabaseThread:
    """Opens the database when it is first asked, and anew after it has failed."""

    def __init__(self, settings: NotifySettings) -> None:
        """Open nothing yet."""
        self._settings = settings
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
            database = self._connections.enter_context(opened(self._settings.database, STEPS))
            self._desk = Desk(database, self._settings)
        try:
            return do(self._desk)
        except SendingError:
            self._forget()
            raise

    def _forget(self) -> None:
        self._desk = None
        self._connections.close()
