"""A host of plain files on 127.0.0.1, in a thread of the test: all that a published tree needs."""

from __future__ import annotations

import contextlib
import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from running import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Quiet(SimpleHTTPRequestHandler):
    """Writes no log and keeps connections open."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two would wait for each other (RFC 896)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def static_host(public: Path) -> Iterator[str]:
    """Serve a tree while the block runs.

    Args:
        public: The folder that holds ``v1`` and ``trust``.

    Yields:
        Its address, without a slash at the end.
    """
    handler = functools.partial(_Quiet, directory=str(public))
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as base:
        yield base.rstrip("/")
