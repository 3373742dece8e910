"""A static file server on 127.0.0.1, in a thread: all that a published tree needs."""

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
    wbufsize = -1  # head and body in one packet, because of Nagle's algorithm (RFC 896)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


@contextlib.contextmanager
def static_host(public: Path) -> Iterator[str]:
    """Serve a tree while the block runs.

    Args:
        public: The folder that contains ``v1`` and ``trust``.

    Yields:
        Its URL, without a slash at the end.
    """
    handler = functools.partial(_Quiet, directory=str(public))
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as base:
        yield base.rstrip("/")
