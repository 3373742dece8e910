"""Between the TUF client and our fetcher: the client reads within our bounds, and metadata in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Root
from tuf.ngclient import FetcherInterface

from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.verify.fetch.fetcher import NotServed
from register_api.verify.trust.client_errors import LastRead
from register_api.verify.trust.form import check_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.verify.fetch.fetcher import Fetcher


class Bridge(FetcherInterface):
    """Lets the TUF client read through our fetcher.

    Attributes:
        last: What was read last.
        timestamp: Bytes of the timestamp as received.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        """Begin with nothing read."""
        self._fetcher = fetcher
        self.last = LastRead()
        self.timestamp = b""

    def _fetch(self, url: str) -> Iterator[bytes]:
        yield self.download_bytes(url, max_bytes(url))

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Return a file; what is not served is told in the client's terms, so that roots may end.

        Raises:
            DownloadHTTPError: It is not served.
            VerificationError: It cannot be had, or is not in the one form of metadata.
        """
        self.last.path, self.last.data = url, b""
        try:
            self.last.data = self._fetcher.get(url, max_length)
        except NotServed as error:
            raise DownloadHTTPError(str(error), 404) from error
        if url == tree.TIMESTAMP.path():
            self.timestamp = self.last.data
        if (
            url == tree.TIMESTAMP.path() or self.last.role == Root.type
        ):  # no digest covers how these are spelled
            check_form(url, self.last.data)
        return self.last.data
