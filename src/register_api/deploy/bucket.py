"""Buckets as targets: S3 and compatible stores, Azure Blob Storage, Google Cloud Storage.

Credentials come from the environment or the machine's role, as for the providers' own tools. They never
appear in messages: only the reason of a library error is passed on.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Literal

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)
from obstore.store import from_url

from register_api.core.format.paths import max_bytes
from register_api.core.text import printable
from register_api.errors import TargetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from obstore.store import ClientConfig, ObjectStore, RetryConfig

_VARIABLES = {"s3": "AWS_…", "az": "AZURE_STORAGE_…", "gs": "GOOGLE_…"}
"""URL scheme to the environment variables with its credentials."""
_ADDRESS = re.compile(r"(s3|az|gs)://[$A-Za-z0-9][A-Za-z0-9._-]+(?:/(?!\.)[A-Za-z0-9._~=-]+)*/?")
_CREDENTIALS = (
    "the credentials must permit list, read, write and delete there, and the clock must be right"
    " (docs/deploying.md)"
)
_SECOND = dt.timedelta(seconds=1)
_RETRY: RetryConfig = {
    "max_retries": 3,
    "retry_timeout": 20 * _SECOND,
    "backoff": {"init_backoff": _SECOND / 5, "max_backoff": 3 * _SECOND, "base": 2},
}
"""Short, since the command can be run again."""
_KINDS = {
    "dns error": "its name cannot be resolved",
    "tcp connect error": "no connection",
    "connection refused": "no connection",
    "timed out": "no answer in time",
    "kind: timeout": "no answer in time",
    "certificate": "its certificate is not trusted",
}
"""Parts of the library's error messages, and their meanings."""
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_REFUSED = re.compile("40[13]|Auth|Denied|Forbidden|Signature|Skewed")
_STATUS = re.compile(r"status code: ([0-9]{3}[ A-Za-z]{0,40})")


class Bucket:
    """A bucket, or a prefix in it, as a ``DeployTarget``."""

    def __init__(self, name: str, store: ObjectStore) -> None:
        """Wrap a configured store, without accessing it yet."""
        self.name = name
        self.takes_forms = False  # buckets do not negotiate content codings (RFC 9110 section 12.5.3)
        self._store = store

    def get(self, name: str) -> bytes | None:
        """Implement ``DeployTarget.get``."""
        with self._asking(name):
            try:
                found = obstore.get(self._store, name)
            except (NotFoundError, FileNotFoundError):
                return None
            if found.meta["size"] > max_bytes(name):
                raise TargetError(f"{self.name}: {name} has more bytes than a file of a tree")
            return bytes(found.bytes())

    def create(self, name: str, data: bytes, headers: Mapping[str, str]) -> bool:
        """Implement ``DeployTarget.create``."""
        with self._asking(name):
            try:
                self._put(name, data, headers, "create")
            except (AlreadyExistsError, FileExistsError, PreconditionError):
                return False
            return True

    def put(self, name: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Implement ``DeployTarget.put``."""
        with self._asking(name):
            self._put(name, data, headers, "overwrite")

    def _put(
        self, name: str, data: bytes, headers: Mapping[str, str], mode: Literal["create", "overwrite"]
    ) -> None:
        attributes: dict[str, str] = dict(headers)
        obstore.put(self._store, name, data, attributes=attributes, mode=mode, use_multipart=False)

    def remove(self, name: str) -> None:
        """Implement ``DeployTarget.remove``."""
        with self._asking(name), contextlib.suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store, name)

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """Do nothing: conditional writes detect concurrent publishers."""
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def _asking(self, name: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:  # some errors of the library are OSErrors
            reason = _reason(error)
            denied = isinstance(error, (PermissionDeniedError, UnauthenticatedError))
            refused = denied or _REFUSED.search(reason)
            hint = _CREDENTIALS if refused else "run the same command again; it goes on where it stopped"
            raise TargetError(f"{self.name}: {name}: {reason}", hint=hint) from None


def open_bucket(url: str, endpoint: str | None = None) -> Bucket:
    """Open a bucket by its URL, without accessing it yet."""
    found = _ADDRESS.fullmatch(url)
    if found is None:  # the message omits the address, which may contain credentials
        raise UsageError(
            "TARGET is neither a folder nor the address of a bucket",
            hint="write s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX; credentials come"
            " from the environment",
        )
    if endpoint is not None and not re.fullmatch(r"https?://[^\s@?#]+", endpoint):
        raise UsageError("--endpoint is not an address of a service, such as https://s3.example.net")
    options: ClientConfig = {"connect_timeout": 5 * _SECOND, "timeout": 30 * _SECOND}
    if endpoint is not None and endpoint.startswith("http://"):
        options["allow_http"] = True
    more: Any = {} if endpoint is None else {"endpoint": endpoint.rstrip("/")}
    try:
        store = from_url(url, client_options=options, retry_config=_RETRY, **more)
    except UnknownConfigurationKeyError:
        raise UsageError("--endpoint is for s3:// and az:// targets") from None
    except (BaseError, ValueError) as error:
        raise UsageError(
            f"{url} cannot be used: {_reason(error)}",
            hint=f"check the environment variables {_VARIABLES[found[1]]} (docs/deploying.md)",
        ) from None
    return Bucket(url.rstrip("/"), store)


def _reason(error: BaseException) -> str:
    """Return why a request failed, without URLs that may contain a token."""
    text = str(error)
    for pattern in (_CODE, _STATUS):
        if found := pattern.search(text):
            return f"the answer is {found[1].strip()}"
    known = (meaning for part, meaning in _KINDS.items() if part in text.lower())
    first = text.partition("\n")[0].rpartition(" - ")[2]
    return next(known, printable(re.sub(r"\?\S*", "?…", first), 200))
