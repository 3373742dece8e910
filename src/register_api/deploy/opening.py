"""From what people write as TARGET to the place that it means."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from register_api.deploy.folder import Folder
from register_api.deploy.target import DeployTarget
from register_api.errors import UsageError


def open_target(address: str, endpoint: str | None, store: Path) -> DeployTarget:
    """Open a target by its address; nothing is asked yet.

    Args:
        address: A folder, as path or ``file:`` URL, or a bucket as ``deploy.bucket.open_bucket`` has it.
        endpoint: Address of the service of a bucket that is not the provider's own.
        store: The store's folder, which is no target.

    Raises:
        UsageError: Not such an address.
    """
    if re.match(r"(?!file:)[a-z][a-z0-9+.-]*:", address):
        # Loaded here: a folder needs nothing of the extra `deploy`.
        from register_api.deploy.bucket import open_bucket  # noqa: PLC0415

        return open_bucket(address, endpoint)
    if endpoint is not None or "\0" in address or re.match(r"file://[^/]", address):
        raise UsageError("a folder has no --endpoint, and file: names no host: file:///srv/www/trust")
    path = re.sub(r"file:(//)?", "", address, count=1)
    folder = Path(path if path == address else unquote(path)).resolve()
    kept = store.resolve()
    if folder.is_relative_to(kept) or kept.is_relative_to(folder):
        raise UsageError(f"{folder} and the store {store} lie in each other", hint="deploy to another folder")
    return Folder(folder)
