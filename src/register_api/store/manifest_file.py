"""``manifest.json`` as it is written and read: the head as a document, the files as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core.canonical import digest
from register_api.core.printable import printable
from register_api.errors import StoreDamaged
from register_api.store.manifest import Manifest
from register_api.store.manifest_entries import ManifestFiles

if TYPE_CHECKING:
    from pathlib import Path

_FILES = b'"files":{\n'
_END = b"\n}}"


class OpenManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What ``manifest.Manifest`` says, with files that are looked up where they stand."""

    register: str
    version: int
    generation: int
    files: ManifestFiles

    def encode(self) -> bytes:
        """Return the bytes of ``manifest.json``: JSON with one line a file."""
        head = Manifest(register=self.register, version=self.version, generation=self.generation, files={})
        start = msgspec.json.encode(head).removesuffix(b'"files":{}}')
        return b"".join((start, _FILES, self.files.text, _END))


def read_manifest(path: Path, sha256: str | None) -> OpenManifest:
    """Read a store's manifest.

    Args:
        path: The file.
        sha256: Digest (hex) that it must have, if that is known.

    Raises:
        StoreDamaged: It is missing, or not what it should be.
    """
    try:
        data = path.read_bytes()
        if sha256 is not None and digest(data) != sha256:
            raise StoreDamaged(f"{path} has other bytes than were published")
        start = data.find(_FILES) + len(_FILES)
        if start < len(_FILES) or not data.endswith(_END):
            raise StoreDamaged(f"{path} does not have one line a file")
        manifest = msgspec.json.decode(data[:start] + b"}}", type=Manifest)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise StoreDamaged(f"{path} cannot be read: {printable(error)}") from error
    return OpenManifest(
        register=manifest.register,
        version=manifest.version,
        generation=manifest.generation,
        files=ManifestFiles(data[start : -len(_END)]),
    )
