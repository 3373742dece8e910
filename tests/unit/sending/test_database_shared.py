"""One database, several connections: in one process, and in others that come and go."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import programs
from register_api.sending.database import opened

if TYPE_CHECKING:
    from pathlib import Path

STEPS = (("CREATE TABLE kept (number INTEGER) {strict}",),)
OTHER = """
from register_api.sending.database import opened
with opened({path!r}, [[]]) as database:
    with database.transaction() as run:
        run("INSERT INTO kept VALUES (?)", {number})
    print([row["number"] for row in database.query("SELECT number FROM kept ORDER BY number")])
"""


def _elsewhere(path: str, number: int) -> str:
    """Add a row in another process; returns which rows that one then sees."""
    done = programs.run(sys.executable, "-c", OTHER.format(path=path, number=number))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_second_connection_leaves_the_first_its_locks(tmp_path: Path) -> None:
    """Else another process takes itself for the only one, and takes the log of writes away when it ends."""
    path = str(tmp_path / "database.sqlite3")
    with opened(path, STEPS) as first, opened(path, STEPS) as second:
        with first.transaction() as run:
            run("INSERT INTO kept VALUES (1)")
        assert _elsewhere(path, 2) == "[1, 2]"
        for number, database in enumerate((first, second), 3):
            with database.transaction() as run:
                run("INSERT INTO kept VALUES (?)", number)
        assert _elsewhere(path, 5) == "[1, 2, 3, 4, 5]"
        rows = first.query("SELECT number FROM kept ORDER BY number")
        assert [row["number"] for row in rows] == [1, 2, 3, 4, 5]
