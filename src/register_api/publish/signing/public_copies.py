"""The public half of the keys, copied beside the source for a stranger to begin from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.files import durable
from register_api.publish.signing.public_keys import public_files

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.store.reader import Snapshot

FIRST_ROOT = "1.root.json"


def default_folder(source: Path, private: Path) -> Path:
    """Return where public copies go if nothing else is said: ``keys/`` beside the source folder.

    Args:
        source: Folder with register.toml.
        private: Folder of the private keys, which public files never share.
    """
    beside = source.absolute().parent / "keys"
    return private / "public" if beside == private.absolute() else beside


def write_public_copies(snapshot: Snapshot, folder: Path) -> bool:
    """Write PEM files and root metadata into a folder, unless it belongs to another set of keys.

    Args:
        snapshot: The visible publication.
        folder: The public folder; made if missing.

    Returns:
        Whether the folder is this register's now; ``False`` leaves every file in it as it was.

    Raises:
        OSError: The folder cannot be written.
        StoreError: The publication's root cannot be read.
    """
    files = public_files(snapshot.read)
    first = folder / FIRST_ROOT
    if first.exists() and first.read_bytes() != files[FIRST_ROOT]:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            durable.replace(path, data)
    return True
