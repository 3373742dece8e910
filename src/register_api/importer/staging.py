"""A passing copy of a source: a state is published from it before the folder itself is touched."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from register_api.importer.import_folder import SOURCE, write_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


class Staging:
    """The copy; gone at the end of the block."""

    def __init__(self, folder: Path) -> None:
        """Copy the source that a folder holds, if it holds one."""
        self._passing = tempfile.TemporaryDirectory()
        self._folder = Path(self._passing.name)
        self.source = self._folder / SOURCE
        if (folder / SOURCE).is_dir():
            shutil.copytree(folder / SOURCE, self.source, symlinks=True)

    def put(self, files: Mapping[str, str]) -> None:
        """Write files, named below the folder that holds the source."""
        write_files(self._folder, files)

    def __enter__(self) -> Self:
        """Return the copy."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the copy away."""
        self._passing.cleanup()
