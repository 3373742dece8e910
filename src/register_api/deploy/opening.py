"""From what people write as TARGET to the place that it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from register_api.deploy.folder import Folder
from register_api.errors import UsageError

if TYPE_CHECKING:
    from register_api.deploy.target import DeployTarget


def open_target(address: str, endpoint: str | None, store: Path) -> DeployTarget:
    """Open a target by its address; nothing is asked yet.

    Args:
        address: A folder, as path or ``file:`` URL, or a bucket as ``deploy.bucket.open_bucket`` has it.
        endpoint: Address of the service of a bucket that is not the provider's own.
        store: The store's folder, which is no target.

    Raises:
        UsageError: Not such an address.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("", "file"):
        # Loaded here: a folder needs nothing of the extra `deploy`.
        from register_api.deploy.bucket import open_bucket  # noqa: PLC0415

        return open_bucket(address, endpoint)
    if endpoint is not None or parts.netloc not in ("", "localhost"):
        raise UsageError("a folder has no --endpoint, and file: names no host")
    folder = Path(unquote(parts.path) if parts.scheme else address).resolve()
    kept = store.resolve()
    if folder.is_relative_to(kept) or kept.is_relative_to(folder):
        raise UsageError(f"{folder} and the store {store} lie in each other", hint="deploy to another folder")
    return Folder(folder)
