"""Asks for the files of one tree, and keeps what a poll wants to know of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from register_api.bounded_http.client import OK, Elsewhere, Reply
from register_api.bounded_http.limits import HttpLimits, Reach
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.errors import Unreachable
from register_api.verify.http_fetcher import HttpFetcher

_NOT_MODIFIED = 304
FIRST = tree.TIMESTAMP.path()


class SeenTimestamp(NamedTuple):
    """The file that everything else hangs on, TUF's timestamp, as it was served last.

    Attributes:
        etag: Its ``ETag``, or an empty text. A ``Last-Modified`` would not do: by it a host answers that
            nothing is new where it serves an older register than before.
        sha256: Digest of its bytes, hex; empty: it was never seen.
    """

    etag: str = ""
    sha256: str = ""


class PollFetcher(HttpFetcher):
    """A fetcher that asks conditionally first.

    Attributes:
        seen: The timestamp of this poll.
        refused: By path, the last answer that was no file.
        elsewhere: Where a redirect led that was not followed.
        page: Whether a page came where the timestamp was asked for, as bot walls have it.
    """

    def __init__(self, base: str, limits: HttpLimits, reach: Reach, *, command: str) -> None:
        """Begin without a connection; the arguments are those of the base."""
        super().__init__(base, limits, reach, command=command)
        self.seen = SeenTimestamp()
        self.refused: dict[str, Reply] = {}
        self.elsewhere = ""
        self.page = False
        self._kept: Reply | None = None

    def is_as_seen(self, before: SeenTimestamp) -> bool:
        """Ask whether the timestamp is still the one that was seen before."""
        reply = self._ask(FIRST, max_bytes(FIRST), {"If-None-Match": before.etag} if before.etag else {})
        if reply.status == _NOT_MODIFIED and before.etag:
            return True
        if reply.status != OK:
            raise Unreachable(f"{FIRST}: the server answered with status {reply.status}", path=FIRST)
        self._kept = reply  # `verify` asks for it next
        self.page = reply.body.lstrip()[:1] == b"<"
        return bool(before.sha256) and self.seen.sha256 == before.sha256

    def ask(self, path: str, max_bytes: int, headers: Mapping[str, str] | None = None) -> Reply:
        """Return what the server answers, as the base does; the first look is not made twice."""
        if path == FIRST and self._kept is not None:
            reply, self._kept = self._kept, None
            return reply
        return self._ask(path, max_bytes, headers)

    def _ask(self, path: str, most: int, headers: Mapping[str, str] | None) -> Reply:
        try:
            reply = super().ask(path, most, headers)
        except Elsewhere as error:
            self.elsewhere = error.address.removesuffix(path)
            raise
        if reply.status not in {OK, _NOT_MODIFIED}:
            self.refused[path] = reply
        elif reply.status == OK and path == FIRST:
            self.seen = SeenTimestamp(reply.headers.get("etag", ""), digest(reply.body))
        return reply
