"""A temporary PostgreSQL server on a Unix socket, with Debian's programs."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import programs
from patience import wait_until
from thoroughness import EVERY_EXAMPLE
from tools import missing, postgresql_programs

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASES = ["sqlite", "postgresql"] if EVERY_EXAMPLE else ["sqlite"]
"""The kinds of database to test with; in everyday runs only the one that needs no server."""


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Run a server while the block runs; skip the test if it is not installed.

    Yields:
        Its libpq connection string.
    """
    found = postgresql_programs()
    if found is None:
        missing("PostgreSQL", "apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a socket's path has at most 107 bytes
    become: tuple[str, ...] = ()
    if os.getuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "nobody")
        become = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    try:
        data = folder / "data"
        programs.output_of(
            *(*become, found / "initdb", "--username=test", "--auth=trust", "--encoding=UTF8"),
            *("--no-sync", "--locale=C.UTF-8", data),
            cwd=folder,
        )
        server = (*become, found / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=")
        with programs.started(*server, "-c", "fsync=off", cwd=folder) as program:
            wait_until(lambda: _is_ready(data) or program.code() is not None)
            assert program.code() is None, program.errors()
            yield f"postgresql://test@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_ready(data: Path) -> bool:
    """Return whether a server accepts connections, according to its pid file."""
    with contextlib.suppress(FileNotFoundError):
        return "ready" in (data / "postmaster.pid").read_text("utf-8").split()
    return False
