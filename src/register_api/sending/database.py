"""The database, SQLite or PostgreSQL, with the same tables and SQL."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from register_api.core.text import printable
from register_api.errors import NotInstalled, SendingError

Row: TypeAlias = dict[str, Any]
Run: TypeAlias = Callable[..., list[Row]]
"""Runs a statement with its values and returns the rows: ``Database.query``, or within a transaction."""

POSTGRESQL = ("postgresql://", "postgres://")

_BUSY_SECONDS = 60
_LOCK = 0x7265676973746572
"""Key of the PostgreSQL advisory lock for creating tables; an arbitrary unique number."""

_TABLE = re.compile(r"CREATE TABLE (\w+)")

_TYPES = {
    "sqlite": {"instant": "INTEGER", "bytes": "BLOB", "strict": "STRICT"},
    "postgresql": {"instant": "BIGINT", "bytes": "BYTEA", "strict": ""},
}


class Database:
    """A connection used by one thread; ``skip_locked`` lets PostgreSQL workers lease different rows."""

    def __init__(self, connection: Any, *, is_postgresql: bool) -> None:
        self._connection = connection
        self._is_postgresql = is_postgresql
        self.skip_locked = "FOR UPDATE SKIP LOCKED" if is_postgresql else ""

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Run]:
        """Yield a function that runs statements (``?`` for each value) atomically; an error rolls back."""
        with _driver_errors():
            # IMMEDIATE: a read transaction that turns to writing fails at once if another writer is active.
            self._connection.execute("BEGIN" if self._is_postgresql else "BEGIN IMMEDIATE")
            try:
                yield self._run
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(*_errors()):
                    self._connection.execute("ROLLBACK")
                raise

    def query(self, statement: str, *values: object) -> list[Row]:
        """Read rows, outside a transaction."""
        with _driver_errors():
            return self._run(statement, *values)

    def forget_deleted(self) -> None:
        """Have SQLite overwrite deleted data in its write-ahead log, too; PostgreSQL does so by VACUUM."""
        if not self._is_postgresql:
            self.query("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _run(self, statement: str, *values: object) -> list[Row]:
        query = statement.replace("?", "%s") if self._is_postgresql else statement
        cursor = self._connection.execute(query, values)
        return cursor.fetchall() if cursor.description else []

    def bring_up_to_date(self, steps: Sequence[Sequence[str]]) -> None:
        """Apply missing migrations; a schema of a newer release is an error."""
        with self.transaction() as run:
            if self._is_postgresql:
                run("SELECT pg_advisory_xact_lock(?)", _LOCK)
            run("CREATE TABLE IF NOT EXISTS schema_number (number INTEGER NOT NULL)")
            number = sum(row["number"] for row in run("SELECT number FROM schema_number"))
            if number > len(steps):
                raise SendingError(
                    f"the database has the schema number {number}; this release knows {len(steps)}",
                    hint="use the release that wrote it, or a newer one",
                )
            for statement in (line for step in steps[number:] for line in step):
                run(statement.format(**_TYPES["postgresql" if self._is_postgresql else "sqlite"]))
            if number < len(steps):
                run("DELETE FROM schema_number")
                run("INSERT INTO schema_number VALUES (?)", len(steps))


def insert(run: Run, table: str, row: Mapping[str, object], more: str = "") -> list[Row]:
    """Insert a row by column names; ``more`` is an ``ON CONFLICT`` or ``RETURNING`` clause."""
    placeholders = ", ".join("?" * len(row))
    return run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({placeholders}) {more}", *row.values())


def update(run: Run, table: str, where: Mapping[str, object], row: Mapping[str, object]) -> None:
    """Update columns of the rows that match all values in ``where``."""
    changes, condition = ", ".join(f"{n} = ?" for n in row), " AND ".join(f"{n} = ?" for n in where)
    run(f"UPDATE {table} SET {changes} WHERE {condition}", *row.values(), *where.values())


@contextlib.contextmanager
def opened(where: str, steps: Sequence[Sequence[str]]) -> Iterator[Database]:
    """Open the database (a file or ``postgresql://…``) and apply migrations.

    ``steps`` are the statements of each schema number; releases add steps but never change one. A database
    that cannot be opened, or is another program's, is a ``SendingError`` that names it.
    """
    is_postgresql = where.startswith(POSTGRESQL)
    with contextlib.ExitStack() as connections:
        try:
            with _driver_errors():
                connection = _postgresql(where) if is_postgresql else _sqlite(Path(where))
            database = connections.enter_context(
                contextlib.closing(Database(connection, is_postgresql=is_postgresql))
            )
            database.bring_up_to_date(steps)
            if first := _TABLE.search("".join(itertools.chain(*steps))):
                database.query(f"SELECT * FROM {first[1]} LIMIT 0")
        except SendingError as error:
            raise SendingError(
                f"{printable(where)}: {error.message}",
                hint=error.hint
                or "the setting database names a file or postgresql://...; notify and watch need one each",
            ) from error
        yield database


def _sqlite(path: Path) -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        # SQLite gives its other files the same mode. An existing file is not opened, because closing it would
        # drop the locks that other connections of this process hold on it (POSIX).
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.row_factory = lambda cursor, row: {
        column[0]: value for column, value in zip(cursor.description, row, strict=True)
    }
    # FULL: otherwise a power failure may undo the last transactions and cause duplicate notices.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _postgresql(url: str) -> Any:
    try:
        import psycopg  # noqa: PLC0415 - not needed with SQLite
        from psycopg.rows import dict_row  # noqa: PLC0415
    except ImportError as error:
        raise NotInstalled("PostgreSQL needs its driver: pip install 'register-api[notify]'") from error
    return psycopg.connect(url, autocommit=True, row_factory=dict_row)


@functools.cache
def _errors() -> tuple[type[Exception], ...]:
    try:
        import psycopg  # noqa: PLC0415 - as above
    except ImportError:
        return (sqlite3.Error,)
    return (sqlite3.Error, psycopg.Error)


@contextlib.contextmanager
def _driver_errors() -> Iterator[None]:
    """Raise driver errors as our own, without values of rows."""
    try:
        yield
    except OSError as error:
        raise SendingError(f"database: {error.strerror}") from error
    except _errors() as error:
        message = getattr(getattr(error, "diag", None), "message_primary", None) or error
        raise SendingError(f"database: {printable(message)}") from error
