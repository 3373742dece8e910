"""Whether a client takes what it has asked for, fast enough to be worth waiting for."""

from __future__ import annotations

from register_api.serve.http.bounds import MIN_BYTES_PER_SECOND


class Progress:
    """Watches how much a client has left to take, from one look at it to the next.

    While a reply is written, what is left only shrinks, so that little less after a while means a client
    that is too slow. When a further reply was written meanwhile that says nothing, and the while begins
    again; but replies are held back as long as much is left, so a client that takes nothing cannot have
    that go on for ever.
    """

    __slots__ = ("_left", "_replies", "_since")

    def __init__(self) -> None:
        """Begin without having looked."""
        self._left = 0
        self._replies = -1
        self._since = 0.0

    def has_stalled(self, left: int, replies: int, now: float, seconds: float) -> bool:
        """Look once more; tell whether the client is too slow.

        Args:
            left: Bytes that it still has to take.
            replies: How many replies were written to the connection so far.
            now: The present second.
            seconds: How long it has to take ``MIN_BYTES_PER_SECOND`` for each.
        """
        if replies == self._replies:
            if now - self._since < seconds:
                return False
            if self._left - left < MIN_BYTES_PER_SECOND * seconds:
                return True
        self._left, self._replies, self._since = left, replies, now
        return False
